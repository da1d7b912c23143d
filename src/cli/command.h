// The table of ipguardctl's commands; one file a command.
#pragma once

#include <CLI/CLI.hpp>

#include <functional>
#include <span>
#include <string>
#include <string_view>

#include "base/result.h"

namespace ipguard::cli {

// What a command does once its arguments are parsed; the error's code becomes the exit status. An error with an empty
// message has been reported already.
using Action = std::function<Result<>()>;

struct Command {
  std::string_view name;
  std::string_view summary;
  std::string_view group;  // heading in --help
  // Adds the command's options to `app`, which outlives the action.
  Action (*prepare)(CLI::App& app);
};

[[nodiscard]] std::span<const Command> all_commands();

// Parses and runs; the process's exit status.
[[nodiscard]] int run(int argc, char** argv);

// One file each, named like the command.
Action prepare_status(CLI::App& app);
Action prepare_top(CLI::App& app);
Action prepare_bans(CLI::App& app);
Action prepare_ban(CLI::App& app);
Action prepare_unban(CLI::App& app);
Action prepare_confirm(CLI::App& app);
Action prepare_import(CLI::App& app);
Action prepare_export(CLI::App& app);
Action prepare_explain(CLI::App& app);
Action prepare_reload(CLI::App& app);
Action prepare_lookup(CLI::App& app);
Action prepare_netblocks(CLI::App& app);
Action prepare_asn(CLI::App& app);      // owners.cc
Action prepare_country(CLI::App& app);  // owners.cc
Action prepare_whois_serve(CLI::App& app);
Action prepare_enrich(CLI::App& app);
Action prepare_db(CLI::App& app);
Action prepare_match(CLI::App& app);
Action prepare_report(CLI::App& app);
Action prepare_rules(CLI::App& app);
Action prepare_doctor(CLI::App& app);
Action prepare_completion(CLI::App& app);

}  // namespace ipguard::cli
