// Options that several commands share.
#pragma once

#include <CLI/CLI.hpp>

#include <memory>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "config/config.h"
#include "control/protocol.h"
#include "enrich/route_table.h"
#include "match/rule_set.h"

namespace ipguard::cli {

using control::Json;

// Options of commands that talk to the daemon.
struct DaemonOptions {
  std::string socket = config::Config{}.control_socket;
  bool json = false;
};
void add_daemon_options(CLI::App& app, DaemonOptions& options);

// --db FILE, repeatable; the built-in default otherwise.
void add_database_option(CLI::App& app, std::vector<std::string>& paths);
[[nodiscard]] Result<std::shared_ptr<const enrich::RouteTable>> open_database(const std::vector<std::string>& paths);

// --rules DIR, repeatable; the built-in default otherwise.
void add_rules_option(CLI::App& app, std::vector<std::string>& paths);
// Problems go to stderr; Errc::configuration if there is an error.
[[nodiscard]] Result<std::shared_ptr<const match::RuleSet>> compile_rules(const std::vector<std::string>& paths);

}  // namespace ipguard::cli
