#include "match/scan_plan.h"

#include <algorithm>
#include <iterator>
#include <limits>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include "match/pattern_syntax.h"
#include "match/rule_compiler.h"
#include "match/superset.h"

namespace ipguard::match {
namespace {

using model::Field;

// One condition of a rule as what to look for: the rule cannot hit where nothing of it is found.
struct Choice {
  explicit Choice(Field of) : field(of) {}

  Field field;
  double information = std::numeric_limits<double>::max();  // of the weakest
  std::vector<ScanText> texts;
  std::vector<std::string> expressions;
  std::vector<const model::Location*> locations;  // of each expression's pattern
  std::vector<uint16_t> statuses;

  void add(Superset superset, const model::Location& location) {
    information = std::min(information, superset.information);
    std::ranges::move(superset.texts, std::back_inserter(texts));
    for (std::string& expression : superset.expressions) {
      expressions.push_back(std::move(expression));
      locations.push_back(&location);
    }
  }
};

Choice from_patterns(const model::Rule& rule, const model::FieldPatterns& list) {
  Choice choice(list.field);
  for (size_t i = 0; i < list.patterns.size(); ++i) {
    const auto tree = parse_pattern(list.patterns[i]);
    choice.add(tree ? make_superset(*tree) : Superset{}, pattern_location(rule, list, i));
  }
  return choice;
}

// Answers that most requests get: looking for them finds nearly every line.
bool common_status(uint16_t status) {
  return status == 200 || status == 204 || status == 206 || status == 301 || status == 302 || status == 304;
}

Choice from_statuses(const model::Rule& rule) {
  Choice choice(Field::status);
  choice.statuses = rule.statuses;
  choice.information = std::ranges::any_of(rule.statuses, common_status) ? 0 : useful_information;  // the last resort
  return choice;
}

Choice from_methods(const model::Rule& rule) {
  Choice choice(Field::method);
  for (const std::string& method : rule.methods) {
    choice.add(literal_superset(method), rule.location);
    if (method == "GET" || method == "POST" || method == "HEAD") {
      choice.information = 0;
    }
  }
  return choice;
}

// The rarest one; nullopt if none is rare enough to be worth looking for.
std::optional<Choice> choose(const model::Rule& rule) {
  std::optional<Choice> best;
  const auto offer = [&best](Choice choice) {
    if (choice.information >= useful_information && (!best || choice.information > best->information)) {
      best = std::move(choice);
    }
  };
  for (const model::FieldPatterns& list : rule.all_of) {
    if (!list.patterns.empty()) {
      offer(from_patterns(rule, list));
    }
  }
  if (!rule.statuses.empty() && rule.log == model::LogKind::access) {
    offer(from_statuses(rule));
  }
  if (!rule.methods.empty() && rule.log == model::LogKind::access) {
    offer(from_methods(rule));
  }
  return best;
}

// Each thing to look for once, with the rules that look for it.
template <typename What>
class LookedFor {
 public:
  explicit LookedFor(ScanPlan& plan) : plan_(plan) {}

  // Whether it was not looked for before. `field`: in which it says something to the rule.
  bool add(const What& what, Field field, RuleIndex rule) {
    const auto [entry, fresh] = id_of_.try_emplace(what, static_cast<uint32_t>(plan_.rules_of.size()));
    if (fresh) {
      plan_.rules_of.emplace_back();
      plan_.parts_of.push_back({});
      all_.push_back(what);
      ids_.push_back(entry->second);
    }
    plan_.parts_of[entry->second] |= parts_of(field);
    auto& rules = plan_.rules_of[entry->second];
    if (rules.empty() || rules.back() != rule) {
      rules.push_back(rule);
    }
    return fresh;
  }

  [[nodiscard]] std::span<const What> all() const { return all_; }
  [[nodiscard]] std::span<const uint32_t> ids() const { return ids_; }

 private:
  ScanPlan& plan_;
  std::map<What, uint32_t> id_of_;
  std::vector<What> all_;
  std::vector<uint32_t> ids_;
};

class Planner {
 public:
  explicit Planner(ScanPlan& plan)
      : plan_(plan), long_texts_(plan), short_texts_(plan), expressions_(plan), statuses_(plan) {}

  void add(const Choice& choice, RuleIndex rule) {
    for (const ScanText& text : choice.texts) {
      const bool is_long = TextSieve::shape_for(text.bytes) == &TextSieve::for_long_texts;
      (is_long ? long_texts_ : short_texts_).add(text, choice.field, rule);
    }
    for (size_t i = 0; i < choice.expressions.size(); ++i) {
      if (expressions_.add(choice.expressions[i], choice.field, rule)) {
        locations_.push_back(choice.locations[i]);
      }
    }
    for (const uint16_t status : choice.statuses) {
      statuses_.add(status, choice.field, rule);
    }
  }

  // False, with an error in `diagnostics`, if the scanner refuses an expression.
  bool finish(config::Diagnostics& diagnostics) {
    add_sieve(long_texts_, TextSieve::for_long_texts);
    add_sieve(short_texts_, TextSieve::for_short_texts);
    for (size_t i = 0; i < statuses_.all().size(); ++i) {
      plan_.statuses.add(statuses_.all()[i], statuses_.ids()[i]);
    }
    if (expressions_.all().empty()) {
      return true;
    }
    auto scanner = Scanner::compile(expressions_.all(), expressions_.ids());
    if (!scanner) {
      const size_t refused = std::min(scanner.error().expression, locations_.size() - 1);
      diagnostics.error(*locations_[refused], "the scanner refuses the pattern: " + scanner.error().message,
                        "use fewer and smaller counted repeats, or split the pattern");
      return false;
    }
    plan_.scanner = std::move(*scanner);
    return true;
  }

 private:
  void add_sieve(const LookedFor<ScanText>& texts, const TextSieve::Shape& shape) {
    if (!texts.all().empty()) {
      plan_.sieves.emplace_back(texts.all(), texts.ids(), shape);
    }
  }

  ScanPlan& plan_;
  LookedFor<ScanText> long_texts_;
  LookedFor<ScanText> short_texts_;
  LookedFor<std::string> expressions_;
  LookedFor<uint16_t> statuses_;
  std::vector<const model::Location*> locations_;  // of each expression
};

}  // namespace

std::optional<ScanPlan> plan_scan(const std::vector<model::Rule>& rules, config::Diagnostics& diagnostics) {
  ScanPlan plan;
  Planner planner(plan);
  for (RuleIndex index = 0; index < rules.size(); ++index) {
    if (const auto choice = choose(rules[index])) {
      plan.rules_on[static_cast<size_t>(choice->field)].push_back(index);
      planner.add(*choice, index);
    } else {
      plan.every_line.push_back(index);
    }
  }
  return planner.finish(diagnostics) ? std::optional(std::move(plan)) : std::nullopt;
}

}  // namespace ipguard::match
