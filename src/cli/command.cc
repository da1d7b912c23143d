#include "cli/command.h"

#include <array>
#include <iostream>

#include "base/version.h"

namespace ipguard::cli {
namespace {

constexpr std::string_view daemon_group = "To the daemon";
constexpr std::string_view alone_group = "Alone (no daemon, no privilege)";

constexpr std::array<Command, 10> commands = {{
    {"status", "what is followed, what is enforced, how old the database is", daemon_group, prepare_status},
    {"bans", "what is banned, why and for how long", daemon_group, prepare_bans},
    {"ban", "ban addresses, prefixes or AS numbers", daemon_group, prepare_ban},
    {"unban", "lift bans", daemon_group, prepare_unban},
    {"import", "ban every target of a file, one a line", daemon_group, prepare_import},
    {"explain", "why an address is banned, or why not", daemon_group, prepare_explain},
    {"reload", "read configuration, rules and database again", daemon_group, prepare_reload},
    {"lookup", "route, AS and country of addresses", alone_group, prepare_lookup},
    {"match", "which rules hit which lines of a log", alone_group, prepare_match},
    {"rules", "check, list or test rules", alone_group, prepare_rules},
}};

}  // namespace

std::span<const Command> all_commands() { return commands; }

int run(int argc, char** argv) {
  CLI::App app{"Shows and steers ipguardd; looks up, matches and checks without it.", "ipguardctl"};
  app.set_version_flag("--version", "ipguardctl " + std::string(version()));
  app.require_subcommand(1);
  app.footer(
      "'ipguardctl COMMAND --help' tells a command's options.\nExit status: 0 success, 1 failure, 2 wrong usage, 78 "
      "bad configuration or rules.");
  app.failure_message([](const CLI::App*, const CLI::Error& error) {
    return "ipguardctl: " + std::string(error.what()) + "\nTry 'ipguardctl --help' or 'ipguardctl COMMAND --help'.\n";
  });
  Action chosen;
  for (const auto& command : commands) {
    auto* sub = app.add_subcommand(std::string(command.name), std::string(command.summary));
    sub->group(std::string(command.group));
    sub->callback([&chosen, action = command.prepare(*sub)] { chosen = action; });
  }
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : 2;
  }
  const auto result = chosen();
  std::cout.flush();
  if (!result) {
    if (!result.error().message.empty()) {
      std::cerr << "ipguardctl: " << result.error().message << '\n';
    }
    return exit_status(result.error().code);
  }
  return 0;
}

}  // namespace ipguard::cli
