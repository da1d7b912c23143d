#include "cli/command.h"

#include <unistd.h>

#include <array>
#include <csignal>
#include <iostream>
#include <string>
#include <vector>

#include "base/program_end.h"
#include "base/text.h"
#include "base/version.h"
#include "cli/help_format.h"

namespace ipguard::cli {
namespace {

constexpr std::string_view program = "ipguardctl";
constexpr std::string_view daemon_group = "To the daemon";
constexpr std::string_view alone_group = "Alone (no daemon, no privilege)";

constexpr std::array<Command, 22> commands = {{
    {"status", "what is followed, what is enforced, how old the database is", daemon_group, prepare_status},
    {"top", "who attacks now, by address, route, AS and more, over and over", daemon_group, prepare_top},
    {"bans", "what is banned, why and for how long", daemon_group, prepare_bans},
    {"ban", "ban addresses, prefixes, AS numbers or countries", daemon_group, prepare_ban},
    {"confirm", "keep bans that are lifted unless confirmed", daemon_group, prepare_confirm},
    {"unban", "lift bans", daemon_group, prepare_unban},
    {"import", "ban every target of a list: plain, CSV or JSON", daemon_group, prepare_import},
    {"export", "what is banned as a list: plain, CSV or JSON", daemon_group, prepare_export},
    {"explain", "why an address is banned, or why not", daemon_group, prepare_explain},
    {"reload", "read configuration, rules and database again", daemon_group, prepare_reload},
    {"lookup", "route, AS and country of addresses", alone_group, prepare_lookup},
    {"netblocks", "every known block around an address, narrowest first", alone_group, prepare_netblocks},
    {"asn", "what an AS has: name, prefixes, size; search, list, export", alone_group, prepare_asn},
    {"country", "the same of a country", alone_group, prepare_country},
    {"whois-serve", "answer whois queries from the database", alone_group, prepare_whois_serve},
    {"enrich", "every line of a log again, with route, AS and country", alone_group, prepare_enrich},
    {"db", "databases: info, verify, build, update", alone_group, prepare_db},
    {"match", "which rules hit which lines of a log", alone_group, prepare_match},
    {"report", "attackers in logs of any size, and what would have been banned", alone_group, prepare_report},
    {"rules", "check, list or test rules", alone_group, prepare_rules},
    {"doctor", "what is here: logs, journal, database, nftables, daemon", alone_group, prepare_doctor},
    {"completion", "completion of this command line for bash, zsh or fish", alone_group, prepare_completion},
}};

// The app whose command line could not be parsed: the deepest subcommand that was named.
const CLI::App& innermost(const CLI::App& app) {
  const CLI::App* current = &app;
  while (!current->get_subcommands().empty()) {
    current = current->get_subcommands().back();
  }
  return *current;
}

// What CLI11 calls a missing subcommand is mostly a misspelt one. Empty if it is not.
std::string unknown_command(const CLI::App& app, const CLI::Error& error) {
  const auto choices = app.get_subcommands({});
  const auto left_over = app.remaining();
  if (choices.empty()) {
    return {};
  }
  if (left_over.empty()) {
    return error.get_name() == "RequiredError" ? "a command is missing" : "";
  }
  const std::string& word = left_over.front();
  if (word.starts_with('-')) {
    return "unknown option " + in_quotes(word);
  }
  std::vector<std::string> names;
  names.reserve(choices.size());
  for (const auto* choice : choices) {
    names.push_back(choice->get_name());
  }
  const auto nearest = nearest_word(word, {names.begin(), names.end()});
  return "unknown command " + in_quotes(word) +
         (nearest.empty() ? "" : "; did you mean '" + std::string(nearest) + "'?");
}

std::string usage_message(const CLI::App* app, const CLI::Error& error) {
  const CLI::App& failed = innermost(*app);
  const bool top = &failed == app;
  std::string message = unknown_command(failed, error);
  if (message.empty()) {
    message = error.what();
  }
  std::string path = "ipguardctl";
  for (const CLI::App* current = app; current != &failed;) {
    current = current->get_subcommands().back();
    path += ' ' + current->get_name();
  }
  return "ipguardctl: " + message + "\nTry '" + path + " --help'" + (top ? " or 'ipguardctl COMMAND --help'" : "") +
         ".\n";
}

void add_version_flag(CLI::App& app) {
  app.set_version_flag("-V,--version", "ipguardctl " + std::string(version()), "print the version and exit");
  for (auto* sub : app.get_subcommands({})) {
    add_version_flag(*sub);
  }
}

// Databases are mapped (a copy of each would take longer than a look-up): one that somebody writes into and that
// shrinks meanwhile must not end us without a word.
void on_shrunk_file(int /*signal*/) {
  constexpr std::string_view text =
      "ipguardctl: a database became shorter while it was read: it is to be replaced by renaming a new file over it\n";
  static_cast<void>(!::write(STDERR_FILENO, text.data(), text.size()));
  ::_exit(exit_status(Errc::failed));
}

}  // namespace

std::span<const Command> all_commands() { return commands; }

int run(int argc, char** argv) {
  static_cast<void>(std::signal(SIGBUS, on_shrunk_file));
  StandardOutput output;
  CLI::App app{"Shows and steers ipguardd; looks up, matches and checks without it.", "ipguardctl"};
  app.formatter(help_format());
  app.require_subcommand(1);
  app.footer(
      "'ipguardctl COMMAND --help' tells a command's options.\nExit status: 0 success, 1 failure, 2 wrong usage, 78 "
      "bad configuration or rules.");
  app.failure_message(usage_message);
  Action chosen;
  for (const auto& command : commands) {
    auto* sub = app.add_subcommand(std::string(command.name), std::string(command.summary));
    sub->group(std::string(command.group));
    sub->callback([&chosen, action = command.prepare(*sub)] { chosen = action; });
  }
  add_version_flag(app);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return end_program(program, output, app.exit(error) == 0 ? 0 : 2);
  }
  const auto result = chosen();
  std::cout.flush();  // before what goes wrong is told
  return end_program(program, output, end_program(program, result));
}

}  // namespace ipguard::cli
