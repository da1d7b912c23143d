// ReadingTally: what could not be read, or not be believed, of each source's lines since the daemon started. Owned by
// the guard.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/time.h"
#include "config/source.h"
#include "control/protocol.h"
#include "match/rule_set.h"
#include "model/hit.h"

namespace ipguard::daemon {

class ReadingTally {
 public:
  struct Counts {
    uint64_t unread_lines = 0;    // looked like attacks, but the source's format does not fit them
    uint64_t doubtful_lines = 0;  // … and left in doubt who the client was
    uint64_t stamps_ahead = 0;    // hits stamped in the future: judged as of when they were read
    uint64_t stale_hits = 0;      // hits so old that what they lead to is over: they ban nobody
  };

  // The counts of the source of that name.
  [[nodiscard]] Counts& of(std::string_view source);
  // One hit of a line that was read at `now`.
  static void count(const model::Hit& hit, TimePoint now, Counts& counts);
  // What a matcher counted while it read lines of that source.
  static void count(const match::MatcherCounters& before, const match::MatcherCounters& after, Counts& counts);
  // Sources are others now: those that are still there keep their counts.
  void keep_only(const std::vector<config::SourceConfig>& sources);
  // [{"source","unread_lines","doubtful_lines","stamps_ahead","stale_hits"}], one for each source in their order.
  [[nodiscard]] control::Json to_json(const std::vector<config::SourceConfig>& sources) const;

 private:
  std::map<std::string, Counts, std::less<>> counts_;  // by name
};

}  // namespace ipguard::daemon
