// Hit: one event matched one rule. Views are valid during the call only.
#pragma once

#include <cstdint>
#include <string_view>

#include "base/time.h"
#include "model/line.h"
#include "model/rule.h"
#include "net/address.h"

namespace ipguard::model {

// A log's clock may be a little ahead of ours; a stamp that is further ahead is wrong, and is judged as if it said when
// the line was read. A minute: hosts that keep time at all (NTP) are within a second, and a line is stamped before it
// is read.
inline constexpr Seconds most_clock_ahead{60};

struct Hit {
  const Rule* rule = nullptr;  // owned by the rule set, which outlives the call
  net::Address address;
  TimePoint time;             // the line's own; the caller's `now` when the line has none
  std::string_view user;      // the user name tried, where the rule or format gives one
  std::string_view distinct;  // the value that the rule's threshold counts; empty if it counts hits
  uint32_t repeat = 1;        // how often the event happened, by the line's own account ("message repeated N times")
  RawLine line;
};

}  // namespace ipguard::model
