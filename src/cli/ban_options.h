// What `ban` and `import` share.
#pragma once

#include <string>

#include "cli/options.h"

namespace ipguard::cli {

struct BanOptions : DaemonOptions {
  std::string duration;
  std::string reason;
  bool force = false;
};
void add_ban_options(CLI::App& app, BanOptions& options);
// Errc::usage before the daemon is asked.
[[nodiscard]] Result<> check_ban_options(BanOptions& options);
// The arguments of the daemon's `ban` that they stand for; without targets.
[[nodiscard]] Json ban_arguments(const BanOptions& options);

// "banned", of a dry run "would be banned". `done`: "banned", "lifted", "confirmed".
[[nodiscard]] std::string done_words(const char* done, bool dry_run);

// What a reply says besides (target_commands.h): told on standard error.
void print_not_saved(const Json& reply);

// Prints a summary of the daemon's (unless `json`: it has been printed then) and its refusals; fails if there are any.
[[nodiscard]] Result<> print_ban_summary(const char* done, const Json& summary, bool json);

}  // namespace ipguard::cli
