// ChunkScan: the rules over one chunk of a log.
#pragma once

#include <cstdint>
#include <memory>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/time.h"
#include "cli/report_batch.h"
#include "cli/report_filter.h"
#include "cli/report_inputs.h"
#include "input/line_splitter.h"
#include "match/format.h"
#include "match/rule_set.h"
#include "match/visit.h"

namespace ipguard::cli {

// What all workers share. Immutable while they run.
struct ScanShared {
  std::shared_ptr<const match::RuleSet> rules;
  const std::vector<ReportInput>& inputs;
  const ReportFilter& filter;
  size_t evidence_bytes = 512;  // of a line that hit, at most
  size_t max_line = 64U << 10U;
  TimePoint generated = TimePoint::max();  // stamps ahead of it say nothing about the time that the log covers
};

// Besides the lines that hit, it parses some others: for good clients, for the time that the log covers, and to find
// lines that no format fits. Of each input every line of the first 4 MiB, later so many of a chunk, spread over it: 1 %
// of a log with 200 bytes a line. If one of these cannot be read, all lines of the chunk are tried.
//
// Used by one thread. What comes out does not depend on the chunks before, except for inputs whose lines belong to
// sessions (ReportInput::in_order): these chunks are given to one ChunkScan, in order.
class ChunkScan {
 public:
  static constexpr uint64_t looked_at_wholly = 4U << 20U;
  static constexpr size_t looked_at_of_chunk = 64;

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
  void note_visit(const ReportInput& input, uint64_t offset, Batch& batch);
  void note_time(TimePoint time, Batch& batch) const;

  const ScanShared& shared_;
  match::Matcher matcher_;
  input::LineSplitter splitter_;
  std::unordered_map<const model::Rule*, uint16_t> rule_numbers_;
  match::ParseScratch scratch_;
  model::Event event_;
};

}  // namespace ipguard::cli
