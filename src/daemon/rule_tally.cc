#include "daemon/rule_tally.h"

#include <algorithm>
#include <utility>

namespace ipguard::daemon {

void RuleTally::count(const model::Rule& rule, bool offence, TimePoint time) {
  Counts& counts = counts_[rule.id];
  ++counts.hits;
  counts.offences += offence ? 1 : 0;
  counts.last_hit = std::max(counts.last_hit.value_or(time), time);
}

void RuleTally::keep_only(const std::vector<model::Rule>& rules, const std::vector<model::Rule>& traps) {
  decltype(counts_) kept;
  for (const auto* list : {&rules, &traps}) {
    for (const auto& rule : *list) {
      if (auto node = counts_.extract(rule.id)) {
        kept.insert(std::move(node));
      }
    }
  }
  counts_ = std::move(kept);
}

control::Json RuleTally::to_json(const std::vector<model::Rule>& rules, const std::vector<model::Rule>& traps) const {
  auto list = control::Json::array();
  const auto add = [&](const model::Rule& rule) {
    const auto found = counts_.find(rule.id);
    const Counts counts = found == counts_.end() ? Counts{} : found->second;
    list.push_back(
        {{"rule", rule.id},
         {"hits", counts.hits},
         {"offences", counts.offences},
         {"last_hit", counts.last_hit ? control::Json(format_rfc3339(*counts.last_hit)) : control::Json(nullptr)}});
  };
  std::ranges::for_each(rules, add);
  // Traps stand in no file of rules: who lists them has all from here.
  for (const auto& trap : traps) {
    add(trap);
    list.back().update({{"title", trap.title},
                        {"threshold", trap.threshold},
                        {"weight", trap.weight},
                        {"window_seconds", trap.window.count()},
                        {"ban_seconds", trap.ban.count()}});
  }
  return list;
}

}  // namespace ipguard::daemon
