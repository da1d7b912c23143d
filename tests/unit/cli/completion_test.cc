#include "cli/completion.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>

#include "cli/command.h"
#include "cli/owners_output.h"

namespace ipguard::cli {
namespace {

// The table of the real commands. Their actions are not run.
std::vector<CompletionCommand> real_table() {
  CLI::App app{"what it does", "ipguardctl"};
  for (const auto& command : all_commands()) {
    auto* sub = app.add_subcommand(std::string(command.name), std::string(command.summary));
    static_cast<void>(command.prepare(*sub));
  }
  return completion_table(app);
}

const CompletionCommand& command_of(const std::vector<CompletionCommand>& table, std::string_view path) {
  const auto found = std::ranges::find(table, path, &CompletionCommand::path);
  EXPECT_NE(found, table.end()) << path;
  return *found;
}

const CompletionOption& option_of(const CompletionCommand& command, std::string_view name) {
  const auto found = std::ranges::find_if(
      command.options, [&](const CompletionOption& option) { return std::ranges::count(option.names, name) > 0; });
  EXPECT_NE(found, command.options.end()) << name;
  return *found;
}

TEST(Completion, EveryValueIsOfAKnownKind) {
  for (const auto& command : real_table()) {
    for (const auto& option : command.options) {
      EXPECT_NE(option.value.kind, Expects::unknown)
          << command.path << ' ' << option.names.back() << ": say in completion.cc what " << option.type << " is";
      EXPECT_TRUE(option.value.kind != Expects::words || !option.value.words.empty()) << option.names.back();
    }
    for (const auto& argument : command.arguments) {
      EXPECT_NE(argument.value.kind, Expects::unknown) << command.path << ' ' << argument.name;
    }
  }
}

// What is offered and not enumerated from the code that reads it stands in the option's help, at least.
TEST(Completion, OfferedWordsAreToldInHelp) {
  for (const auto& command : real_table()) {
    for (const auto& option : command.options) {
      const bool told = option.type == "WHAT" || option.type == "SCOPE" || option.type == "SHAPE" ||
                        option.type == "FORMAT" || option.type == "SCHEMA:FILE";
      for (auto word : told ? option.value.words : std::vector<std::string>{}) {
        word.erase(word.find_last_not_of(':') + 1);
        EXPECT_NE(option.summary.find(word), std::string::npos)
            << command.path << ' ' << option.names.back() << ' ' << word;
      }
    }
  }
}

TEST(Completion, TheTableIsThatOfTheCommands) {
  const auto table = real_table();
  const auto& top = command_of(table, "");
  EXPECT_EQ(top.subcommands.size(), all_commands().size());
  EXPECT_EQ(command_of(table, "db").subcommands, (std::vector<std::string>{"info", "verify", "build", "update"}));

  const auto& report = command_of(table, "report");
  EXPECT_EQ(option_of(report, "--config").names, (std::vector<std::string>{"-c", "--config"}));
  EXPECT_EQ(option_of(report, "--config").value.kind, Expects::files);
  EXPECT_TRUE(option_of(report, "--json").flag);
  EXPECT_FALSE(option_of(report, "--by").flag);
  EXPECT_TRUE(option_of(report, "--db").repeatable);
  EXPECT_EQ(option_of(report, "--by").value.words.front(), "address");
  EXPECT_EQ(option_of(report, "--threads").type, "N");
  EXPECT_EQ(std::ranges::count(option_of(report, "--format").value.words, "combined"), 1);
  EXPECT_EQ(report.arguments.front().value.kind, Expects::files);
  EXPECT_EQ(option_of(command_of(table, "export"), "--format").value.words,
            (std::vector<std::string>{"list", "csv", "json"}));
  EXPECT_EQ(command_of(table, "unban").arguments.front().value.kind, Expects::bans);
  EXPECT_EQ(command_of(table, "ban").arguments.front().value.kind, Expects::anything);
  for (const auto& word : option_of(command_of(table, "asn"), "--export").value.words) {
    EXPECT_TRUE(export_format_from(word).has_value()) << word;
  }
}

// Texts of help hold apostrophes, brackets and colons.
TEST(Completion, TextsAreQuotedForEachShell) {
  CLI::App app{"x", "ipguardctl"};
  auto* sub = app.add_subcommand("show-all", "it's [what] a:b\\c");
  std::string value;
  sub->add_option("--as", value, "the user's [own]: x")->type_name("one|two");
  const auto table = completion_table(app);

  const auto bash = bash_completion(table);
  EXPECT_NE(bash.find("' show-all') command='show-all'; break ;;"), std::string::npos) << bash;
  EXPECT_NE(bash.find("'show-all --as') _ipguardctl_offer 'one two' \"$value\"; return ;;"), std::string::npos) << bash;
  const auto zsh = zsh_completion(table);
  EXPECT_NE(zsh.find(R"('(--as)--as=[the user'\''s \[own\]\: x]:one|two:(one two)')"), std::string::npos) << zsh;
  EXPECT_NE(zsh.find(R"('show-all:it'\''s [what] a:b\c')"), std::string::npos) << zsh;
  EXPECT_NE(zsh.find("_ipguardctl_show_all() {"), std::string::npos) << zsh;
  const auto fish = fish_completion(table);
  EXPECT_NE(fish.find(R"(-a show-all -d 'it\'s [what] a:b\\c')"), std::string::npos) << fish;
  EXPECT_NE(fish.find(R"(-l as -x -a 'one two' -d 'the user\'s [own]: x')"), std::string::npos) << fish;
}

}  // namespace
}  // namespace ipguard::cli
