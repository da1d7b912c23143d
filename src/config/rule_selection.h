// Which of the rules that were read take part: what their files say, then what the configuration says.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "config/diagnostic.h"
#include "model/rule.h"

namespace ipguard::config {

// The words of [rules] enable and disable: a rule's id, or "web/" for all whose ids begin so.
struct RuleSelection {
  std::vector<std::string> enable;
  std::vector<std::string> disable;
  std::map<std::string, model::Location> places;  // where a word was written, if that is known
};

// Whether the word names the rule.
[[nodiscard]] bool names_rule(std::string_view word, std::string_view id);

// Keeps the rules that are enabled: by their file, unless `enable` or `disable` names them; `disable` wins. A word that
// names no rule is an error at its place, or at `place`: an instruction that does nothing must not look as if it did
// (law 4).
[[nodiscard]] std::vector<model::Rule> select_rules(std::vector<model::Rule> rules, const RuleSelection& selection,
                                                    const model::Location& place, Diagnostics& diagnostics);

}  // namespace ipguard::config
