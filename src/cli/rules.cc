// rules check|list|test: validate, list, run the samples that stand beside the rules.
#include <algorithm>
#include <iostream>

#include "base/text.h"
#include "base/time.h"
#include "cli/command.h"
#include "cli/options.h"
#include "cli/rules_list.h"
#include "cli/table.h"
#include "control/problems.h"
#include "match/sample_check.h"

namespace ipguard::cli {
namespace {

struct RulesOptions {
  std::vector<std::string> paths;
  std::string socket = config::Config{}.control_socket;
  bool json = false;
  bool strict = false;
};

// The rules, or an error after their problems have been shown: as text on stderr, or as the JSON document that the
// command prints in place of its usual one.
Result<std::shared_ptr<const match::RuleSet>> load(const RulesOptions& options) {
  if (!options.json) {
    return compile_rules(options.paths);
  }
  auto checked = check_rules(options.paths);
  if (checked.rules == nullptr) {
    print_json({{"rules", 0}, {"problems", control::problems_json(checked.diagnostics)}});
    return fail(Errc::configuration, "");
  }
  return std::move(checked.rules);
}

Json every_line_json(const match::RuleSet& rules) {
  Json names = Json::array();
  for (const auto* rule : rules.every_line_rules()) {
    names.push_back(rule->id);
  }
  return names;
}

Result<> check(const RulesOptions& options) {
  auto checked = check_rules(options.paths);
  if (options.json) {
    Json document = {{"rules", checked.rules == nullptr ? 0 : checked.rules->rules().size()}};
    if (checked.rules != nullptr) {
      document["every_line"] = every_line_json(*checked.rules);
    }
    document["problems"] = control::problems_json(checked.diagnostics);
    print_json(document);
  } else {
    std::cerr << checked.diagnostics.to_string();
  }
  if (checked.rules == nullptr) {
    return fail(Errc::configuration, "");
  }
  if (!options.json) {
    for (const auto* rule : checked.rules->every_line_rules()) {
      std::cout << rule->id << ": has no fixed text to scan for, so every line is parsed for it\n";
    }
    const auto count = checked.rules->rules().size();
    std::cout << counted(count, "rule is", "rules are") << " good\n";
  }
  return {};
}

Result<> list_rules(const RulesOptions& options) {
  auto rules = load(options);
  if (!rules) {
    return std::unexpected(std::move(rules.error()));
  }
  const auto counts = ask_counts(options.socket).value_or(RuleCounts{});
  if (options.json) {
    print_json(rule_list_json(**rules, counts));
  } else {
    std::cout << rule_list_text(**rules, counts, terminal_width());
  }
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

// Rules that nobody could check: no positive sample, or no near miss. What only tells a session's address never hits by
// itself; the samples of the rules that use it show whether it works.
std::vector<const model::Rule*> untested_rules(const match::RuleSet& rules) {
  std::vector<const model::Rule*> untested;
  for (const auto& rule : rules.rules()) {
    if (rule.kind != model::RuleKind::session && (rule.samples.empty() || rule.near_misses.empty())) {
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
  const auto untested = untested_rules(rules);
  for (const auto* rule : untested) {
    std::cout << printable(rule->location.file) << ':' << rule->location.line << ": " << rule->id << ": has no "
              << (rule->samples.empty() ? "sample" : "near miss") << '\n';
  }
  std::cout << counted(rules.rules().size(), "rule", "rules") << ", " << counted(outcomes.size(), "sample", "samples")
            << ": " << outcomes.size() - failed << " held, " << failed << " failed";
  if (!untested.empty()) {
    std::cout << "; " << counted(untested.size(), "rule lacks", "rules lack") << " samples";
  }
  std::cout << '\n';
}

Result<> test_rules(const RulesOptions& options) {
  auto rules = load(options);
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
  const bool wanting = options.strict && !untested_rules(**rules).empty();
  return failed == 0 && !wanting ? Result<>{} : fail("");
}

using RulesAction = Result<> (*)(const RulesOptions&);

CLI::App& add_action(CLI::App& app, const std::string& name, const std::string& summary, RulesAction action,
                     const std::shared_ptr<RulesOptions>& options, const std::shared_ptr<RulesAction>& chosen) {
  auto* sub = app.add_subcommand(name, summary);
  sub->add_option("path", options->paths, "rule files, or folders of them")->type_name("DIR");
  sub->add_flag("--json", options->json, "one JSON document instead of text");
  sub->callback([chosen, action] { *chosen = action; });
  return *sub;
}

}  // namespace

Action prepare_rules(CLI::App& app) {
  auto options = std::make_shared<RulesOptions>();
  auto chosen = std::make_shared<RulesAction>(nullptr);
  app.require_subcommand(1);
  add_action(app, "check", "load and lint, print every problem with file:line:column", check, options, chosen);
  auto& list = add_action(app, "list", "what each rule says, and how often it hit where ipguardd runs", list_rules,
                          options, chosen);
  list.add_option("--socket", options->socket, "of the daemon that is asked for hits")
      ->type_name("PATH")
      ->capture_default_str();
  auto& test = add_action(app, "test", "run the samples and near misses that stand beside the rules", test_rules,
                          options, chosen);
  test.add_flag("--strict", options->strict, "fail also if a rule has no sample or no near miss");
  return [options, chosen]() -> Result<> {
    if (options->paths.empty()) {
      options->paths = config::Config{}.rule_paths;
    }
    return (*chosen)(*options);
  };
}

}  // namespace ipguard::cli
