// completion: the script for zsh.
#include "cli/completion.h"

namespace ipguard::cli {
namespace {

constexpr std::string_view zsh_head =
    R"sh(#compdef ipguardctl
# zsh completion of ipguardctl, made by `ipguardctl completion zsh` out of its command table.

# What is banned now. Quiet, and not for long: who may not ask the daemon, or has none, is offered nothing.
_ipguardctl__banned() {
  local -a bans
  bans=(${(f)"$(timeout 1 ipguardctl export 2> /dev/null | head -n 1000)"})
  compadd -a bans
}

)sh";

// A text within _arguments' specifications.
std::string zsh_escaped(std::string_view text) {
  std::string result;
  for (const char c : text) {
    if (c == '[' || c == ']' || c == ':' || c == '\\') {
      result += '\\';
    }
    result += c;
  }
  return result;
}

std::string zsh_action(const Expected& expected) {
  switch (expected.kind) {
    case Expects::files:
      return "_files";
    case Expects::bans:
      return "_ipguardctl__banned";
    case Expects::words: {
      const bool open = expected.words.front().ends_with('=') || expected.words.front().ends_with(':');
      const auto words = zsh_escaped(joined(expected.words));
      return open ? "{compadd -S \"\" -- " + words + '}' : '(' + words + ')';
    }
    case Expects::anything:
    case Expects::unknown:
      break;
  }
  return " ";
}

// One specification a name; the names of an option exclude each other, unless it may be repeated.
void add_zsh_option(std::string& text, const CompletionOption& option) {
  for (const auto& name : option.names) {
    std::string spec = option.repeatable ? "*" : '(' + joined(option.names) + ')';
    spec += name + (option.flag ? "" : name.starts_with("--") ? "=" : "+");
    spec += '[' + zsh_escaped(option.summary) + ']';
    if (!option.flag) {
      spec += ':' + zsh_escaped(option.type) + ':' + zsh_action(option.value);
    }
    text += " \\\n    " + quoted_for_sh(spec);
  }
}

std::string zsh_summaries(const CompletionCommand& command, std::span<const CompletionCommand> table) {
  std::string text;
  for (const auto& sub : command.subcommands) {
    const auto path = command.path.empty() ? sub : command.path + ' ' + sub;
    for (const auto& row : table) {
      if (row.path == path) {
        text += "    " + quoted_for_sh(zsh_escaped(sub) + ':' + row.summary) + '\n';
      }
    }
  }
  return text;
}

std::string zsh_function(const CompletionCommand& command, std::span<const CompletionCommand> table) {
  const auto name = "_ipguardctl" + (command.path.empty() ? "" : '_' + as_identifier(command.path));
  std::string text = name + "() {\n";
  const bool group = !command.subcommands.empty();
  if (group) {
    text +=
        "  local curcontext=$curcontext state line ret=1\n  local -A opt_args\n  local -a commands\n  commands=(\n" +
        zsh_summaries(command, table) + "  )\n  _arguments -C -S";
  } else {
    text += "  _arguments -S";
  }
  for (const auto& option : command.options) {
    add_zsh_option(text, option);
  }
  if (group) {
    return text +
           " \\\n    '1: :->command' '*:: :->arguments' && ret=0\n"
           "  case $state in\n"
           "    command) _describe -t commands command commands && ret=0 ;;\n"
           "    arguments) (( $+functions[" +
           name + "_${words[1]//-/_}] )) && " + name + "_${words[1]//-/_} && ret=0 ;;\n  esac\n  return ret\n}\n\n";
  }
  for (size_t i = 0; i < command.arguments.size(); ++i) {
    const auto& argument = command.arguments[i];
    text += " \\\n    " + quoted_for_sh((argument.repeatable ? "*" : std::to_string(i + 1)) + ':' +
                                        zsh_escaped(argument.name) + ':' + zsh_action(argument.value));
  }
  return text + "\n}\n\n";
}

}  // namespace

std::string zsh_completion(std::span<const CompletionCommand> table) {
  std::string text(zsh_head);
  for (const auto& command : table) {
    text += zsh_function(command, table);
  }
  // Autoloaded from $fpath, the file is the function's body; sourced, it registers the function.
  return text +
         "if [[ $funcstack[1] == _ipguardctl ]]; then\n  _ipguardctl \"$@\"\nelse\n  compdef _ipguardctl "
         "ipguardctl\nfi\n";
}

}  // namespace ipguard::cli
