#include "cli/options.h"

#include <iostream>

#include "base/text.h"
#include "config/rule_file.h"

namespace ipguard::cli {

void add_daemon_options(CLI::App& app, DaemonOptions& options) {
  app.add_option("--socket", options.socket, "the daemon's control socket")->type_name("PATH")->capture_default_str();
  app.add_flag("--json", options.json, "one JSON document instead of text");
}

void add_database_option(CLI::App& app, std::vector<std::string>& paths) {
  paths = config::Config{}.database_paths;
  app.add_option("--db", paths, "MMDB file; a second one fills what the first lacks")
      ->type_name("FILE")
      ->capture_default_str()
      ->allow_extra_args(false);
}

Result<std::shared_ptr<const enrich::RouteTable>> open_database(const std::vector<std::string>& paths,
                                                                const enrich::CopyFolder& copy_in) {
  auto routes = enrich::RouteTable::open(paths, copy_in);
  if (!routes && routes.error().code == Errc::not_found) {
    return fail(Errc::not_found, routes.error().message + "; name a database with --db FILE");
  }
  return routes;
}

Result<std::vector<net::Address>> parse_addresses(const std::vector<std::string>& texts) {
  std::vector<net::Address> addresses;
  for (const auto& text : texts) {
    const auto address = net::Address::parse(text);
    if (!address) {
      return fail(Errc::usage, in_quotes(text) + " is no IPv4 or IPv6 address");
    }
    addresses.push_back(*address);
  }
  return addresses;
}

void add_rules_option(CLI::App& app, std::vector<std::string>& paths) {
  paths = config::Config{}.rule_paths;
  app.add_option("--rules", paths, "rule file, or folder of them")
      ->type_name("DIR")
      ->capture_default_str()
      ->allow_extra_args(false);
}

CheckedRules check_rules(const std::vector<std::string>& paths, const config::RuleSelection* selection,
                         RuleScope scope) {
  CheckedRules result;
  auto rules = config::load_rules(paths, result.diagnostics);
  if (rules.empty() && !result.diagnostics.has_errors()) {
    result.diagnostics.error({.file = paths.empty() ? "" : paths.front()}, "no rules: there is no [[rule]]");
  }
  if (scope == RuleScope::attacks) {
    std::erase_if(rules, [](const model::Rule& rule) { return rule.kind == model::RuleKind::login; });
  }
  if (selection != nullptr) {
    rules = config::select_rules(std::move(rules), *selection, {.file = "--enable, --disable"}, result.diagnostics);
  }
  auto compiled = match::RuleSet::compile(std::move(rules), result.diagnostics);
  if (!result.diagnostics.has_errors()) {
    result.rules = std::move(compiled);
  }
  return result;
}

Result<std::shared_ptr<const match::RuleSet>> compile_rules(const std::vector<std::string>& paths,
                                                            const config::RuleSelection* selection, RuleScope scope) {
  auto checked = check_rules(paths, selection, scope);
  std::cerr << checked.diagnostics.to_string();
  if (checked.rules == nullptr) {
    return fail(Errc::configuration, "");
  }
  return std::move(checked.rules);
}

}  // namespace ipguard::cli
