// ChunkScan: the rules over one chunk of a log.
#pragma once

#include <cstdint>
#include <memory>
#include <string_view>
#include <vector>

#include "base/time.h"
#include "cli/report_batch.h"
#include "cli/report_filter.h"
#include "cli/report_inputs.h"
#include "config/config.h"
#include "input/line_splitter.h"
#include "match/format.h"
#include "match/rule_set.h"

namespace ipguard::cli {

// What all workers share. Immutable while they run.
struct ScanShared {
  std::shared_ptr<const match::RuleSet> rules;
  const std::vector<ReportInput>& inputs;
  const ReportFilter& filter;
  size_t evidence_bytes = 512;  // of a line that hit, at most
  size_t max_line = config::SourceConfig{}.max_line;
  TimePoint generated = TimePoint::max();  // stamps ahead of it say nothing about the time that the log covers
  unsigned visitors_one_in = 1;            // of mere visitors this share is looked at, see sampling_of()
};

// One in how many visitors without a user name is looked at: 1 = all, while the inputs are no larger than `wholly`
// bytes together (a packed one counts as what it holds at the usual ratio; a pipe, whose size nobody knows, as
// nothing). It depends on the sum alone: the same lines in one file or in many are looked at alike.
[[nodiscard]] unsigned sampling_of(const std::vector<ReportInput>& inputs, uint64_t wholly);

// Besides the lines that hit, it parses others: for good clients, for the time that the log covers, and to find lines
// that no format fits. All of them, but for mere visitors in access logs of the Common Log Format's kind where
// ScanShared::visitors_one_in is more than 1: then all lines of the visitors whose address's hash falls into the
// sample. Lines with a user name, and those that look unlike the format, are never left out. Of other logs than access
// logs some lines of each chunk are tried then. If a line cannot be read, all lines of the chunk are tried.
//
// Used by one thread. What comes out does not depend on the chunks before, except for inputs whose lines belong to
// sessions (ReportInput::in_order): these chunks are given to one ChunkScan, in order.
class ChunkScan {
 public:
  static constexpr size_t looked_at_of_chunk = 64;  // lines without visits, of a large log

  explicit ChunkScan(const ScanShared& shared);

  // `batch` is filled anew.
  void scan(const Chunk& chunk, Batch& batch);

 private:
  void judge(std::string_view bytes, uint64_t offset, bool truncated, model::SourceId source, const ReportInput& input,
             Batch& batch);
  void take_line(const model::RawLine& line, const match::LineResult& result, Batch& batch);
  void look_at_lines(const Chunk& chunk, const ReportInput& input, Batch& batch);
  void count_unread(std::string_view bytes, const match::ParseContext& context, const ReportInput& input, Batch& batch);
  [[nodiscard]] bool parse(std::string_view text, const match::ParseContext& context, const ReportInput& input);
  [[nodiscard]] bool has_readable(std::string_view bytes, const match::ParseContext& context, const ReportInput& input);
  [[nodiscard]] bool is_wanted(std::string_view line, const match::ParseContext& context) const;
  void note_visit(const ReportInput& input, uint64_t offset, bool wanted, Batch& batch);
  void note_time(TimePoint time, Batch& batch) const;

  const ScanShared& shared_;
  match::Matcher matcher_;
  input::LineSplitter splitter_;
  match::ParseScratch scratch_;
  model::Event event_;
};

}  // namespace ipguard::cli
