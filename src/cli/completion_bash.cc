// completion: the script for bash.
#include "cli/completion.h"

namespace ipguard::cli {
namespace {

constexpr std::string_view bash_head =
    R"sh(# bash completion of ipguardctl, made by `ipguardctl completion bash` out of its command table.

# What is banned now. Quiet, and not for long: who may not ask the daemon, or has none, is offered nothing.
_ipguardctl__banned() { timeout 1 ipguardctl export 2> /dev/null | head -n 1000; }

# Offers words (@files, @bans: those; @anything: nothing) that begin with the second argument.
_ipguardctl_offer() {
  local words=$1
  case $words in
    @files) compopt -o default 2> /dev/null; return ;;
    @anything) return ;;
    @bans) words=$(_ipguardctl__banned) ;;
  esac
  mapfile -t COMPREPLY < <(compgen -W "$words" -- "$2")
  # readline begins a new word behind a colon, as they stand in IPv6 addresses.
  if [[ $2 == *:* && $COMP_WORDBREAKS == *:* ]]; then
    local cut=${2%"${2##*:}"} i
    for i in "${!COMPREPLY[@]}"; do COMPREPLY[i]=${COMPREPLY[i]#"$cut"}; done
  fi
  if [[ ${#COMPREPLY[@]} -eq 1 && ${COMPREPLY[0]} == *[=:] ]]; then compopt -o nospace 2> /dev/null; fi
}

_ipguardctl() {
  COMPREPLY=()
  # bash has cut the line at "=" and ":" as well; ipguardctl sees blanks alone.
  local line=${COMP_LINE:0:COMP_POINT} words word
  read -ra words <<< "$line"
  [[ $line == *[[:blank:]] ]] && words+=("")
  local count=${#words[@]}
  ((count > 1)) || return
  local current=${words[count - 1]} before=${words[count - 2]} command=""
  for word in "${words[@]:1:count - 2}"; do
    [[ $word == -* ]] && continue
    case "$command $word" in
)sh";

constexpr std::string_view bash_middle = R"sh(      *) break ;;
    esac
  done

  local options="" arguments=@anything
  case $command in
)sh";

constexpr std::string_view bash_values = R"sh(  esac

  local option=$before value=$current
  if [[ $current == --*=* ]]; then
    option=${current%%=*} value=${current#*=}
  fi
  case "$command $option" in
)sh";

constexpr std::string_view bash_tail = R"sh(  esac
  if [[ $current == -* ]]; then
    _ipguardctl_offer "$options" "$current"
  else
    _ipguardctl_offer "$arguments" "$current"
  fi
}
complete -F _ipguardctl ipguardctl
)sh";

std::string bash_words(const Expected& expected) {
  switch (expected.kind) {
    case Expects::files:
      return "@files";
    case Expects::bans:
      return "@bans";
    case Expects::words:
      return joined(expected.words);
    case Expects::anything:
    case Expects::unknown:
      break;
  }
  return "@anything";
}

// The names of a group's commands lead into them.
std::string bash_paths(std::span<const CompletionCommand> table) {
  std::string text;
  for (const auto& command : table) {
    if (command.path.empty()) {
      continue;
    }
    const auto blank = command.path.find(' ');
    const auto pattern = blank == std::string::npos ? ' ' + command.path : command.path;
    text += "      " + quoted_for_sh(pattern) + ") command=" + quoted_for_sh(command.path) +
            (command.subcommands.empty() ? "; break" : "") + " ;;\n";
  }
  return text;
}

std::string bash_command(const CompletionCommand& command) {
  std::vector<std::string> options;
  for (const auto& option : command.options) {
    options.insert(options.end(), option.names.begin(), option.names.end());
  }
  auto arguments = joined(command.subcommands);
  if (!command.arguments.empty()) {
    arguments = bash_words(command.arguments.front().value);
  }
  return "    " + quoted_for_sh(command.path) + ") options=" + quoted_for_sh(joined(options)) +
         (arguments.empty() ? "" : " arguments=" + quoted_for_sh(arguments)) + " ;;\n";
}

std::string bash_option_values(const CompletionCommand& command) {
  std::string text;
  for (const auto& option : command.options) {
    if (option.flag) {
      continue;
    }
    std::vector<std::string> patterns;
    patterns.reserve(option.names.size());
    for (const auto& name : option.names) {
      patterns.push_back(quoted_for_sh(command.path + ' ' + name));
    }
    text += "    " + joined(patterns, " | ") + ") _ipguardctl_offer " + quoted_for_sh(bash_words(option.value)) +
            " \"$value\"; return ;;\n";
  }
  return text;
}

}  // namespace

std::string bash_completion(std::span<const CompletionCommand> table) {
  std::string text(bash_head);
  text += bash_paths(table);
  text += bash_middle;
  for (const auto& command : table) {
    text += bash_command(command);
  }
  text += bash_values;
  for (const auto& command : table) {
    text += bash_option_values(command);
  }
  return text + std::string(bash_tail);
}

}  // namespace ipguard::cli
