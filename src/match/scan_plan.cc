#include "match/scan_plan.h"

#include <algorithm>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>

#include "match/pattern_syntax.h"
#include "match/rule_compiler.h"
#include "match/superset.h"

namespace ipguard::match {
namespace {

using model::Field;

// One condition of a rule as expressions: the rule cannot hit where none of them is found.
struct Choice {
  Field field = Field::message;
  double information = 0;  // of the weakest expression
  std::vector<std::string> expressions;
  std::vector<const model::Location*> locations;  // of each expression's pattern
};

Choice from_patterns(const model::Rule& rule, const model::FieldPatterns& list) {
  Choice choice{
      .field = list.field, .information = std::numeric_limits<double>::max(), .expressions = {}, .locations = {}};
  for (size_t i = 0; i < list.patterns.size(); ++i) {
    const auto tree = parse_pattern(list.patterns[i]);
    Superset superset = tree ? make_superset(*tree) : Superset{};
    choice.information = std::min(choice.information, superset.information);
    for (std::string& expression : superset.expressions) {
      choice.expressions.push_back(std::move(expression));
      choice.locations.push_back(&pattern_location(rule, list, i));
    }
  }
  return choice;
}

void add(Choice& choice, const Superset& superset, const model::Rule& rule) {
  choice.information = std::min(choice.information, superset.information);
  choice.expressions.push_back(superset.expressions.front());
  choice.locations.push_back(&rule.location);
}

// Answers that most requests get: looking for them finds nearly every line.
bool common_status(uint16_t status) {
  return status == 200 || status == 204 || status == 206 || status == 301 || status == 302 || status == 304;
}

// A status stands alone: behind the request's quote (`" 404 `), in columns, or as a number of JSON (`:404,`). A whole
// class ("4xx") is one expression.
Choice from_statuses(const model::Rule& rule) {
  Choice choice{
      .field = Field::status, .information = std::numeric_limits<double>::max(), .expressions = {}, .locations = {}};
  const auto add_status = [&](const std::string& digits, const std::string& any) {
    Superset superset = literal_superset("\" " + digits);
    superset.expressions.front() = "[ \\t\":,]" + digits + any + "[ \\t\",}]";
    add(choice, superset, rule);
  };
  for (unsigned hundred = 1; hundred <= 5; ++hundred) {
    std::vector<uint16_t> members;
    std::ranges::copy_if(rule.statuses, std::back_inserter(members),
                         [hundred](uint16_t status) { return status / 100U == hundred; });
    std::ranges::sort(members);
    members.erase(std::ranges::unique(members).begin(), members.end());
    if (members.size() == 100) {
      add_status(std::to_string(hundred), "[0-9][0-9]");
      members.clear();
    }
    for (const uint16_t status : members) {
      add_status(std::to_string(status), "");
    }
  }
  if (std::ranges::any_of(rule.statuses, common_status)) {
    choice.information = 0;
  }
  return choice;
}

Choice from_methods(const model::Rule& rule) {
  Choice choice{
      .field = Field::method, .information = std::numeric_limits<double>::max(), .expressions = {}, .locations = {}};
  for (const std::string& method : rule.methods) {
    add(choice, literal_superset(method), rule);
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

// Every distinct expression once, with the rules that look for it.
class Expressions {
 public:
  void add(const std::string& text, const model::Location& location, RuleIndex rule, ScanPlan& plan) {
    const auto [entry, fresh] = index_.try_emplace(text, texts_.size());
    if (fresh) {
      texts_.push_back(text);
      locations_.push_back(&location);
      plan.rules_of.emplace_back();
    }
    auto& rules = plan.rules_of[entry->second];
    if (rules.empty() || rules.back() != rule) {
      rules.push_back(rule);
    }
  }

  [[nodiscard]] const std::vector<std::string>& texts() const { return texts_; }
  [[nodiscard]] const model::Location& location(size_t index) const { return *locations_[index]; }

 private:
  std::unordered_map<std::string, size_t> index_;
  std::vector<std::string> texts_;
  std::vector<const model::Location*> locations_;
};

}  // namespace

std::optional<ScanPlan> plan_scan(const std::vector<model::Rule>& rules, config::Diagnostics& diagnostics) {
  ScanPlan plan;
  Expressions expressions;
  for (RuleIndex index = 0; index < rules.size(); ++index) {
    const auto choice = choose(rules[index]);
    if (!choice) {
      plan.every_line.push_back(index);
      continue;
    }
    plan.rules_on[static_cast<size_t>(choice->field)].push_back(index);
    for (size_t i = 0; i < choice->expressions.size(); ++i) {
      expressions.add(choice->expressions[i], *choice->locations[i], index, plan);
    }
  }
  if (expressions.texts().empty()) {
    return plan;
  }
  auto scanner = Scanner::compile(expressions.texts());
  if (!scanner) {
    const size_t refused = std::min(scanner.error().expression, expressions.texts().size() - 1);
    diagnostics.error(expressions.location(refused), "the scanner refuses the pattern: " + scanner.error().message,
                      "use fewer and smaller counted repeats, or split the pattern");
    return std::nullopt;
  }
  plan.scanner = std::move(*scanner);
  return plan;
}

}  // namespace ipguard::match
