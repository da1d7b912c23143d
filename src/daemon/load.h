// Load: configuration, rules and database, checked together. One path for --check, for starting and for reloading.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "base/log.h"
#include "config/config.h"
#include "config/diagnostic.h"
#include "enrich/route_table.h"
#include "match/rule_set.h"

namespace ipguard::daemon {

// Everything a configuration names, compiled and opened. Immutable.
struct Loaded {
  config::Config config;
  std::shared_ptr<const match::RuleSet> rules;
  std::shared_ptr<const enrich::RouteTable> routes;
};

[[nodiscard]] LogLevel log_level(const config::Config& config);

// Every problem of all three goes to `diagnostics`; nullopt if there was an error.
[[nodiscard]] std::optional<Loaded> load(const std::string& config_path, config::Diagnostics& diagnostics);

}  // namespace ipguard::daemon
