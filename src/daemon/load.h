// Load: configuration, rules and database, checked together. One path for --check, for starting and for reloading.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/log.h"
#include "config/config.h"
#include "config/diagnostic.h"
#include "enrich/route_table.h"
#include "match/rule_set.h"
#include "match/source_reading.h"

namespace ipguard::daemon {

// Everything a configuration names, compiled and opened. Immutable.
struct Loaded {
  config::Config config;
  std::shared_ptr<const match::RuleSet> rules;
  std::vector<model::Rule> traps = {};  // of config.traps, in their order: hits of these come from no line
  std::shared_ptr<const enrich::RouteTable> routes;
  std::shared_ptr<const match::SourceReadings> readings = nullptr;  // null: nothing but the formats' names is known
  std::vector<std::string> notes = {};  // what was decided where the configuration leaves a choice: for the log
};

// Every problem of all three goes to `diagnostics`; nullopt if there was an error.
[[nodiscard]] std::optional<Loaded> load(const std::string& config_path, config::Diagnostics& diagnostics);
// The same with the problems on stderr. What their texts take is free again afterwards: all files that were read.
[[nodiscard]] std::optional<Loaded> load_or_tell(const std::string& config_path);

}  // namespace ipguard::daemon
