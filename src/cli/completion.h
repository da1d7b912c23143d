// Completion of ipguardctl's command line in shells. `ipguardctl completion SHELL` writes the shell's script out of the
// command table itself, so that a script made with the program knows what the program knows.
#pragma once

#include <CLI/CLI.hpp>

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace ipguard::cli {

// What stands for an option's value or for an argument.
enum class Expects : uint8_t {
  anything,  // nothing to offer: durations, texts, numbers
  files,
  words,    // one of Expected::words
  bans,     // what is banned now, asked of the daemon
  unknown,  // a type name that nobody has said anything about (a test fails on it)
};
struct Expected {
  Expects kind = Expects::anything;
  std::vector<std::string> words;  // one that ends in '=' or ':' goes on behind it
};

struct CompletionOption {
  std::vector<std::string> names;  // "-c", "--config"
  std::string summary;
  bool flag = false;  // takes no value
  bool repeatable = false;
  std::string type;  // of the value, as --help has it
  Expected value;
};

struct CompletionArgument {
  std::string name;
  bool repeatable = false;
  Expected value;
};

struct CompletionCommand {
  std::string path;  // "bans", "db build"; the program itself is ""
  std::string summary;
  std::vector<CompletionOption> options;
  std::vector<CompletionArgument> arguments;
  std::vector<std::string> subcommands;  // their names
};

// The program and all of its commands, each behind the one it belongs to.
[[nodiscard]] std::vector<CompletionCommand> completion_table(const CLI::App& app);

// The scripts: for bash-completion's and fish's folders of completions and for a folder of zsh's $fpath.
[[nodiscard]] std::string bash_completion(std::span<const CompletionCommand> table);
[[nodiscard]] std::string zsh_completion(std::span<const CompletionCommand> table);
[[nodiscard]] std::string fish_completion(std::span<const CompletionCommand> table);

// 'it''s' as a shell's single-quoted word: bash and zsh end the quotes for an apostrophe, fish takes a backslash.
[[nodiscard]] std::string quoted_for_sh(std::string_view text);
// "db build" -> "db_build", as a part of a function's name.
[[nodiscard]] std::string as_identifier(std::string_view path);
// "a b c".
[[nodiscard]] std::string joined(std::span<const std::string> words, std::string_view separator = " ");

}  // namespace ipguard::cli
