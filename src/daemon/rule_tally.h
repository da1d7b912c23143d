// RuleTally: how often each rule hit since the daemon started. Owned by the guard.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/text.h"
#include "base/time.h"
#include "control/protocol.h"
#include "model/rule.h"

namespace ipguard::daemon {

class RuleTally {
 public:
  // One hit at `time` (the line's own), and whether it crossed the threshold. Hits of lines that were read before the
  // start (the replay that refills the windows) are not counted again.
  void count(const model::Rule& rule, bool offence, TimePoint time);
  // Rules are another set now: those that are still there keep their counts, so the table stays as large as the set.
  void keep_only(const std::vector<model::Rule>& rules, const std::vector<model::Rule>& traps = {});
  // [{"rule","hits","offences","last_hit"}] for each of `rules` and `traps` in their order; last_hit null = never.
  [[nodiscard]] control::Json to_json(const std::vector<model::Rule>& rules,
                                      const std::vector<model::Rule>& traps = {}) const;

 private:
  struct Counts {
    uint64_t hits = 0;
    uint64_t offences = 0;
    std::optional<TimePoint> last_hit;
  };
  std::unordered_map<std::string, Counts, StringHash, std::equal_to<>> counts_;  // by rule id
};

}  // namespace ipguard::daemon
