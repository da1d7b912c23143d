// `ipguardctl rules list`: what each rule says, and how often it hit where a daemon can be asked.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>

#include "cli/options.h"
#include "match/rule_set.h"

namespace ipguard::cli {

// By rule id, what the daemon's command "rules" answered: {"rule","hits","offences","last_hit"}; of a trap
// ("trap/NAME") also title, threshold, weight, window_seconds and ban_seconds.
using RuleCounts = std::map<std::string, Json, std::less<>>;

// nullopt when no daemon answers there, or only one that does not know the question.
[[nodiscard]] std::optional<RuleCounts> ask_counts(const std::string& socket);

// One object a rule, then one a trap of the daemon. `hits`, `offences` and `last_hit` are null where no daemon answers
// or it does not run the rule.
[[nodiscard]] Json rule_list_json(const match::RuleSet& rules, const RuleCounts& counts);
// For people: a table `width` columns wide.
[[nodiscard]] std::string rule_list_text(const match::RuleSet& rules, const RuleCounts& counts,
                                         std::optional<size_t> width);

}  // namespace ipguard::cli
