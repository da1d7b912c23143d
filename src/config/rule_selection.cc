#include "config/rule_selection.h"

#include <algorithm>
#include <utility>

#include "base/text.h"

namespace ipguard::config {
namespace {

bool names(const std::string& word, const model::Rule& rule) { return names_rule(word, rule.id); }

bool named_by(const std::vector<std::string>& words, const model::Rule& rule) {
  return std::ranges::any_of(words, [&](const std::string& word) { return names(word, rule); });
}

void check_words(const std::vector<std::string>& words, std::string_view key, const std::vector<model::Rule>& rules,
                 const RuleSelection& selection, const model::Location& place, Diagnostics& diagnostics) {
  for (const auto& word : words) {
    if (std::ranges::none_of(rules, [&](const model::Rule& rule) { return names(word, rule); })) {
      const auto written = selection.places.find(word);
      diagnostics.error(written == selection.places.end() ? place : written->second,
                        std::string(key) + ": there is no rule " + in_quotes(word),
                        "`ipguardctl rules list` shows all ids; \"web/\" stands for all that begin so");
    }
  }
}

}  // namespace

bool names_rule(std::string_view word, std::string_view id) {
  return word.ends_with('/') ? id.starts_with(word) : id == word;
}

std::vector<model::Rule> select_rules(std::vector<model::Rule> rules, const RuleSelection& selection,
                                      const model::Location& place, Diagnostics& diagnostics) {
  check_words(selection.enable, "enable", rules, selection, place, diagnostics);
  check_words(selection.disable, "disable", rules, selection, place, diagnostics);
  std::erase_if(rules, [&](const model::Rule& rule) {
    return named_by(selection.disable, rule) || !(rule.enabled || named_by(selection.enable, rule));
  });
  return rules;
}

}  // namespace ipguard::config
