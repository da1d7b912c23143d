#include "daemon/load.h"

#include <algorithm>
#include <iostream>
#include <iterator>
#include <utility>

#include "base/text.h"
#include "config/rule_file.h"
#include "daemon/check_clashes.h"
#include "daemon/check_outlets.h"
#include "daemon/check_places.h"
#include "daemon/enforceable.h"
#include "enrich/mmdb.h"
#include "input/source_choice.h"

namespace ipguard::daemon {
namespace {

// Rules and configuration are read apart; a rule's ban beyond the longest one would silently be shortened (law 4).
void check_bans(const config::Config& config, const std::vector<model::Rule>& rules, config::Diagnostics& diagnostics) {
  for (const auto& rule : rules) {
    if (rule.ban > config.ban.longest) {
      diagnostics.error(rule.location,
                        "rule '" + rule.id + "' bans for " + format_duration(rule.ban) + ", but [ban] longest is " +
                            format_duration(config.ban.longest),
                        "shorten the rule's ban, or raise [ban] longest");
    }
  }
}

// Each database that cannot be used, where it is written.
void tell_of_databases(const config::Config& config, const Error& first, config::Diagnostics& diagnostics) {
  constexpr const char* hint = "check [database] paths; README.md tells where databases come from";
  const auto before = diagnostics.error_count();
  for (size_t i = 0; i < config.database_paths.size(); ++i) {
    const auto opened = enrich::Mmdb::open(config.database_paths[i], config.state_path);
    const bool written = i < config.database_locations.size();
    if (!opened) {
      diagnostics.error(written ? config.database_locations[i] : model::Location{.file = config.path},
                        (written ? "paths: " : "[database] paths: ") + opened.error().message, hint);
    }
  }
  if (diagnostics.error_count() == before) {  // it came meanwhile
    diagnostics.error({.file = config.path}, first.message, hint);
  }
}

}  // namespace

std::optional<Loaded> load(const std::string& config_path, config::Diagnostics& diagnostics) {
  Loaded loaded{.config = config::load_config(config_path, diagnostics), .rules = nullptr, .routes = nullptr};
  if (loaded.config.path.empty()) {
    return std::nullopt;  // it could not be read: that the built-in paths lead nowhere is not what is wrong
  }
  loaded.readings = match::SourceReadings::compile(loaded.config.formats, loaded.config.sources, diagnostics);
  input::name_journal_formats(loaded.config.sources);
  auto chosen = loaded.config.sources;
  loaded.notes = input::choose_inputs(chosen);
  if (std::ranges::any_of(loaded.config.sources, config::is_default)) {
    loaded.notes.insert(loaded.notes.begin(), "no [[source]] in " + printable(config_path) +
                                                  ": the journal and the well-known log files are read");
  }
  auto rules =
      config::select_rules(config::load_rules(loaded.config.rule_paths, diagnostics, loaded.config.rule_locations),
                           loaded.config.rule_selection, loaded.config.rules_location, diagnostics);
  check_bans(loaded.config, rules, diagnostics);
  std::ranges::transform(loaded.config.traps, std::back_inserter(loaded.traps), config::rule_of);
  check_bans(loaded.config, loaded.traps, diagnostics);
  check_outlets(loaded.config, rules, loaded.traps, diagnostics);
  check_places(loaded.config, diagnostics);
  check_clashes(loaded.config, diagnostics);
  if (rules.empty() && !diagnostics.has_errors()) {
    diagnostics.error(loaded.config.rules_location, "no rule was found", "check [rules] paths");
  }
  auto routes = enrich::RouteTable::open(loaded.config.database_paths, loaded.config.state_path);
  if (routes) {
    loaded.routes = *routes;
    check_enforceable(loaded.config, rules, loaded.routes->knowledge(), diagnostics);
  } else {
    tell_of_databases(loaded.config, routes.error(), diagnostics);
  }
  // They are for `rules test`; a fifth of the rules' memory.
  for (auto& rule : rules) {
    rule.samples = {};
    rule.near_misses = {};
  }
  loaded.rules = match::RuleSet::compile(std::move(rules), diagnostics);
  if (diagnostics.has_errors() || loaded.rules == nullptr) {
    return std::nullopt;
  }
  return loaded;
}

std::optional<Loaded> load_or_tell(const std::string& config_path) {
  config::Diagnostics diagnostics;
  auto loaded = load(config_path, diagnostics);
  std::cerr << diagnostics.to_string();
  return loaded;
}

}  // namespace ipguard::daemon
