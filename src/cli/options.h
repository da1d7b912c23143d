// Options that several commands share.
#pragma once

#include <CLI/CLI.hpp>

#include <memory>
#include <string>
#include <vector>

#include "base/result.h"
#include "config/config.h"
#include "control/protocol.h"
#include "enrich/route_table.h"
#include "match/rule_set.h"
#include "net/address.h"

namespace ipguard::cli {

// Behind whatever a dry run has decided: nobody shall take it for done.
inline constexpr const char* dry_run_remark = "ipguardd runs as a dry run: nothing is blocked";

using control::Json;

// Options of commands that talk to the daemon.
struct DaemonOptions {
  std::string socket = config::Config{}.control_socket;
  bool json = false;
};
void add_daemon_options(CLI::App& app, DaemonOptions& options);

// --db FILE, repeatable; the built-in default otherwise.
void add_database_option(CLI::App& app, std::vector<std::string>& paths);
// `copy_in` is for who runs for long.
[[nodiscard]] Result<std::shared_ptr<const enrich::RouteTable>> open_database(const std::vector<std::string>& paths,
                                                                              const enrich::CopyFolder& copy_in = {});

// Addresses as arguments; Errc::usage at the first that is none.
[[nodiscard]] Result<std::vector<net::Address>> parse_addresses(const std::vector<std::string>& texts);

// --rules DIR, repeatable; the built-in default otherwise.
void add_rules_option(CLI::App& app, std::vector<std::string>& paths);
// Rules and what is wrong with them; without rules if there is an error.
struct CheckedRules {
  std::shared_ptr<const match::RuleSet> rules;
  config::Diagnostics diagnostics;
};
enum class RuleScope : uint8_t {
  all,
  attacks,  // without rules of kind "login", which are for the daemon's view of collateral
};
// All rules of these paths, or those that `selection` leaves.
[[nodiscard]] CheckedRules check_rules(const std::vector<std::string>& paths,
                                       const config::RuleSelection* selection = nullptr,
                                       RuleScope scope = RuleScope::all);
// The same for commands that want nothing but the rules. Problems go to stderr;
// Errc::configuration if there is an error.
[[nodiscard]] Result<std::shared_ptr<const match::RuleSet>> compile_rules(
    const std::vector<std::string>& paths, const config::RuleSelection* selection = nullptr,
    RuleScope scope = RuleScope::all);

}  // namespace ipguard::cli
