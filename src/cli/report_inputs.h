// What `report` reads: the files of its command line, put together to series that are read in order each. All series
// are merged in the order of time, so that it does not matter in which order rotated files are named.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/time.h"
#include "cli/report_stream.h"
#include "config/config.h"
#include "match/format.h"
#include "match/rule_set.h"
#include "match/source_reading.h"

namespace ipguard::cli {

struct ReportInput {
  std::string path;                                       // as it was given
  std::string log;                                        // whose generation it is (log_of()), by its whole path
  std::string error;                                      // why nothing can be read of it; empty = it can
  uint64_t raw_size = 0;                                  // as it lies on the disk; 0 = not known
  bool packed = false;                                    // known if there is no error
  TimePoint now;                                          // completes stamps without a year: when it was written last
  match::LineOptions options;                             // how its lines are read
  std::optional<std::pair<uint64_t, uint64_t>> identity;  // InputStream::identity()
  std::string format;                                     // recognised or named; empty = neither
  const match::LogFormat* recognised = nullptr;           // that format; null if its beginning has none
  std::optional<TimePoint> first;                         // time stamp of its first line that has one
  std::string head;                                       // its first whole lines
  bool access = false;                                    // its lines are an access log's: visits
  // Whether lines say something about later ones (sessions, columns): then they are read in order.
  bool in_order = true;
  std::unique_ptr<InputStream> stream;  // of what cannot be opened twice, `head_bytes` of it read …
  std::string head_bytes;               // … which are these
};

struct ReportSeries {
  std::vector<size_t> inputs;      // places in the list of inputs, in order of time
  std::optional<TimePoint> start;  // of the first line that has a time
  bool in_order = true;            // otherwise it is one input, whose parts may be read in any order
};

// Opens each path and looks at its beginning. `readings`, with `config`: a path that a [[source]] names is read as that
// says. `named`: what the command line says of all. What is there twice is read once, the other has an error: the same
// file, of which nothing is read then (a pipe gives what it holds to one of two readers), and of one log's generations
// (log_of()) a copy, also a packed one, or the beginning of another.
[[nodiscard]] std::vector<ReportInput> look_at_inputs(const std::vector<std::string>& paths,
                                                      const match::LineOptions& named, const config::Config& config,
                                                      const match::SourceReadings* readings, TimePoint now);

// The series of inputs without error, those first that begin first. Of logs whose lines belong to sessions, generations
// are one series: by folder and name (auth.log, auth.log.1, auth.log-20260102.gz), in the order of their first time
// stamps.
[[nodiscard]] std::vector<ReportSeries> make_series(const std::vector<ReportInput>& inputs);

// The name that a log has before it is rotated: "/var/log/access.log" of "/var/log/access.log.2.gz" and
// "/var/log/access-20260102.log"; the path itself if it is no rotated one.
[[nodiscard]] std::string log_of(const std::string& path);

}  // namespace ipguard::cli
