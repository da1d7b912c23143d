// completion: the script for fish.
#include "cli/completion.h"

namespace ipguard::cli {
namespace {

constexpr std::string_view fish_head =
    R"sh(# fish completion of ipguardctl, made by `ipguardctl completion fish` out of its command table.

# What is banned now. Quiet, and not for long: who may not ask the daemon, or has none, is offered nothing.
function __ipguardctl_banned
    timeout 1 ipguardctl export 2>/dev/null | head -n 1000
end

# Whether the line's command is this one: "", "bans", "db build".
function __ipguardctl_at
    set -l words (commandline -opc)
    set -e words[1]
    set -l command
    for word in $words
        string match -q -- '-*' $word; and continue
        set -a command $word
        switch "$command"
            case )sh";

constexpr std::string_view fish_head_end = R"sh(
            case '*'
                break
        end
    end
    test "$command" = "$argv[1]"
end

complete -c ipguardctl -f
)sh";

std::string quoted_for_fish(std::string_view text) {
  std::string result = "'";
  for (const char c : text) {
    result += c == '\'' || c == '\\' ? std::string("\\") + c : std::string(1, c);
  }
  return result + '\'';
}

// What follows an option or a command: " -x -a '…'".
std::string fish_value(const Expected& expected, bool option) {
  switch (expected.kind) {
    case Expects::files:
      return option ? " -r -F" : " -F";
    case Expects::bans:
      return std::string(option ? " -x" : "") + " -a '(__ipguardctl_banned)'";
    case Expects::words:
      return std::string(option ? " -x" : "") + " -a " + quoted_for_fish(joined(expected.words));
    case Expects::anything:
    case Expects::unknown:
      break;
  }
  return option ? " -x" : "";
}

std::string fish_option(const CompletionOption& option, const std::string& place) {
  std::string text = place;
  for (const auto& name : option.names) {
    text += name.starts_with("--") ? " -l " + name.substr(2) : " -s " + name.substr(1);
  }
  return text + (option.flag ? "" : fish_value(option.value, true)) + " -d " + quoted_for_fish(option.summary) + '\n';
}

std::string fish_command(const CompletionCommand& command, std::span<const CompletionCommand> table) {
  const auto place = "complete -c ipguardctl -n " + quoted_for_fish("__ipguardctl_at \"" + command.path + '"');
  std::string text = "\n";
  for (const auto& sub : command.subcommands) {
    const auto path = command.path.empty() ? sub : command.path + ' ' + sub;
    for (const auto& row : table) {
      if (row.path == path) {
        text.append(place).append(" -a ").append(sub).append(" -d ").append(quoted_for_fish(row.summary)) += '\n';
      }
    }
  }
  if (!command.arguments.empty()) {
    if (const auto value = fish_value(command.arguments.front().value, false); !value.empty()) {
      text += place + value + '\n';
    }
  }
  for (const auto& option : command.options) {
    text += fish_option(option, place);
  }
  return text;
}

}  // namespace

std::string fish_completion(std::span<const CompletionCommand> table) {
  std::string text(fish_head);
  std::vector<std::string> groups;
  for (const auto& command : table) {
    if (!command.subcommands.empty() && !command.path.empty()) {
      groups.push_back(command.path);
    }
  }
  text += joined(groups) + std::string(fish_head_end);
  for (const auto& command : table) {
    text += fish_command(command, table);
  }
  return text;
}

}  // namespace ipguard::cli
