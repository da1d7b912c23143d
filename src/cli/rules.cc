// rules check|list|test: validate, list, run the samples that stand beside the rules.
#include <algorithm>
#include <iostream>

#include "base/text.h"
#include "cli/command.h"
#include "cli/options.h"
#include "cli/table.h"
#include "match/sample_check.h"

namespace ipguard::cli {
namespace {

struct RulesOptions {
  std::vector<std::string> paths;
  bool json = false;
};

Result<> check_rules(const RulesOptions& options) {
  auto rules = compile_rules(options.paths);
  if (!rules) {
    return std::unexpected(std::move(rules.error()));
  }
  const auto slow = (*rules)->every_line_rules();
  if (options.json) {
    Json names = Json::array();
    for (const auto* rule : slow) {
      names.push_back(rule->id);
    }
    print_json({{"rules", (*rules)->rules().size()}, {"every_line", std::move(names)}});
    return {};
  }
  for (const auto* rule : slow) {
    std::cout << rule->id << ": has no fixed text to scan for, so every line is parsed for it\n";
  }
  std::cout << (*rules)->rules().size() << " rules are good\n";
  return {};
}

std::string ban_text(const model::Rule& rule) {
  return rule.ban.count() == 0 ? "permanent" : format_duration(rule.ban);
}

Json rule_json(const model::Rule& rule) {
  return {{"id", rule.id},
          {"title", rule.title},
          {"class", rule.attack_class},
          {"service", rule.service},
          {"log", model::to_string(rule.log)},
          {"kind", model::to_string(rule.kind)},
          {"threshold", rule.threshold},
          {"window_seconds", rule.window.count()},
          {"ban_seconds", rule.ban.count() == 0 ? Json(nullptr) : Json(rule.ban.count())},
          {"scope", model::to_string(rule.scope)},
          {"samples", rule.samples.size()},
          {"near_misses", rule.near_misses.size()},
          {"file", rule.location.file},
          {"line", rule.location.line}};
}

Result<> list_rules(const RulesOptions& options) {
  auto rules = compile_rules(options.paths);
  if (!rules) {
    return std::unexpected(std::move(rules.error()));
  }
  if (options.json) {
    Json list = Json::array();
    for (const auto& rule : (*rules)->rules()) {
      list.push_back(rule_json(rule));
    }
    print_json(list);
    return {};
  }
  Table table({"RULE", "LOG", "KIND", "HITS", "WITHIN", "BAN", "SCOPE", "TITLE"});
  for (const auto& rule : (*rules)->rules()) {
    table.add({rule.id, std::string(model::to_string(rule.log)), std::string(model::to_string(rule.kind)),
               std::to_string(rule.threshold), format_duration(rule.window), ban_text(rule),
               std::string(model::to_string(rule.scope)), printable(rule.title)});
  }
  std::cout << table.to_string(terminal_width());
  return {};
}

Json outcome_json(const match::SampleOutcome& outcome) {
  return {{"rule", outcome.rule->id},
          {"near_miss", outcome.near_miss},
          {"held", outcome.held},
          {"problem", outcome.problem.empty() ? Json(nullptr) : Json(outcome.problem)},
          {"file", outcome.sample->location.file},
          {"line", outcome.sample->location.line}};
}

// Rules that nobody could check: no positive sample, or no near miss.
std::vector<const model::Rule*> untested_rules(const match::RuleSet& rules) {
  std::vector<const model::Rule*> untested;
  for (const auto& rule : rules.rules()) {
    if (rule.samples.empty() || rule.near_misses.empty()) {
      untested.push_back(&rule);
    }
  }
  return untested;
}

void print_outcomes(const match::RuleSet& rules, const std::vector<match::SampleOutcome>& outcomes, size_t failed) {
  for (const auto& outcome : outcomes) {
    if (!outcome.held) {
      std::cout << printable(outcome.sample->location.file) << ':' << outcome.sample->location.line << ": "
                << outcome.rule->id << ": " << outcome.problem << "\n    " << printable(outcome.sample->line) << '\n';
    }
  }
  for (const auto* rule : untested_rules(rules)) {
    std::cout << printable(rule->location.file) << ':' << rule->location.line << ": " << rule->id << ": has no "
              << (rule->samples.empty() ? "sample" : "near miss") << '\n';
  }
  std::cout << rules.rules().size() << " rules, " << outcomes.size() << " samples: " << outcomes.size() - failed
            << " held, " << failed << " failed\n";
}

Result<> test_rules(const RulesOptions& options) {
  auto rules = compile_rules(options.paths);
  if (!rules) {
    return std::unexpected(std::move(rules.error()));
  }
  const auto outcomes = match::run_samples(*rules, wall_clock_now());
  const auto failed = static_cast<size_t>(std::ranges::count(outcomes, false, &match::SampleOutcome::held));
  if (options.json) {
    Json list = Json::array();
    for (const auto& outcome : outcomes) {
      list.push_back(outcome_json(outcome));
    }
    Json untested = Json::array();
    for (const auto* rule : untested_rules(**rules)) {
      untested.push_back(rule->id);
    }
    print_json({{"samples", outcomes.size()},
                {"failed", failed},
                {"outcomes", std::move(list)},
                {"untested", std::move(untested)}});
  } else {
    print_outcomes(**rules, outcomes, failed);
  }
  return failed == 0 ? Result<>{} : fail("");
}

using RulesAction = Result<> (*)(const RulesOptions&);

void add_action(CLI::App& app, const std::string& name, const std::string& summary, RulesAction action,
                const std::shared_ptr<RulesOptions>& options, const std::shared_ptr<RulesAction>& chosen) {
  auto* sub = app.add_subcommand(name, summary);
  sub->add_option("path", options->paths, "rule files, or folders of them")->type_name("DIR");
  sub->add_flag("--json", options->json, "one JSON document instead of text");
  sub->callback([chosen, action] { *chosen = action; });
}

}  // namespace

Action prepare_rules(CLI::App& app) {
  auto options = std::make_shared<RulesOptions>();
  auto chosen = std::make_shared<RulesAction>(nullptr);
  app.require_subcommand(1);
  add_action(app, "check", "load and lint, print every problem with file:line:column", check_rules, options, chosen);
  add_action(app, "list", "every rule with its threshold, window and ban", list_rules, options, chosen);
  add_action(app, "test", "run the samples and near misses that stand beside the rules", test_rules, options, chosen);
  return [options, chosen]() -> Result<> {
    if (options->paths.empty()) {
      options->paths = config::Config{}.rule_paths;
    }
    return (*chosen)(*options);
  };
}

}  // namespace ipguard::cli
