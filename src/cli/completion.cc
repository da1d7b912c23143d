#include "cli/completion.h"

#include <algorithm>
#include <array>
#include <iostream>
#include <optional>
#include <utility>

#include "base/ascii.h"
#include "base/text.h"
#include "cli/command.h"
#include "match/rule_set.h"
#include "model/event.h"
#include "model/scope.h"
#include "report/document.h"

namespace ipguard::cli {
namespace {

constexpr std::array<std::string_view, 5> file_types = {"FILE", "DIR", "PATH", "OUT", "URL|FILE"};
constexpr std::array<std::string_view, 14> open_types = {"DURATION", "TEXT",    "N",         "TIME", "SIZE",
                                                         "ID",       "ADDRESS", "ADDR:PORT", "CC",   "AS64500",
                                                         "NL",       "TARGET",  "KEY=VALUE", "NAME"};

bool is_one_of(std::span<const std::string_view> types, std::string_view type) {
  return std::ranges::find(types, type) != types.end();
}

template <typename Values>
Expected names_of(const Values& values) {
  Expected expected{.kind = Expects::words, .words = {}};
  for (const auto value : values) {
    expected.words.emplace_back(to_string(value));
  }
  return expected;
}

Expected format_words() {
  Expected expected{.kind = Expects::words, .words = {"auto"}};
  for (const auto name : match::format_names()) {
    expected.words.emplace_back(name);
  }
  return expected;
}

Expected field_words() {
  Expected expected{.kind = Expects::words, .words = {"address="}};
  for (size_t i = 0; i < model::field_count; ++i) {
    if (const auto field = static_cast<model::Field>(i); field != model::Field::record) {
      expected.words.push_back(std::string(model::to_string(field)) + '=');
    }
  }
  return expected;
}

// "list|csv|json".
std::optional<Expected> words_of_type(std::string_view type) {
  const bool lower = std::ranges::all_of(type, [](char c) { return c == '|' || c == '-' || is_lower(c); });
  if (!lower || type.empty()) {
    return std::nullopt;
  }
  Expected expected{.kind = Expects::words, .words = {}};
  for (const auto word : split(type, '|')) {
    expected.words.emplace_back(word);
  }
  return expected;
}

// The names that --help gives to values say what they are.
Expected expected_of(const std::string& command, const CLI::Option& option, std::string_view type) {
  if (is_one_of(file_types, type)) {
    return {.kind = Expects::files, .words = {}};
  }
  if (auto words = words_of_type(type)) {
    return *words;
  }
  if (type == "WHAT") {
    return names_of(report::all_dimensions);
  }
  if (type == "SCOPE") {
    return names_of(model::all_scopes);
  }
  if (type == "NAME" && option.check_lname("format")) {
    return format_words();
  }
  if (type == "FIELD=TEXT") {
    return field_words();
  }
  if (type == "SHAPE") {
    return {.kind = Expects::words, .words = {"columns", "append"}};
  }
  if (type == "FORMAT") {
    return {.kind = Expects::words, .words = {"plain", "csv", "nft"}};
  }
  if (type == "SCHEMA:FILE") {
    return {.kind = Expects::words,
            .words = {"ip-location-db-asn:", "ip-location-db-country:", "iptoasn:", "ipinfo:", "netblocks:"}};
  }
  if (!option.nonpositional() && (command == "unban" || command == "confirm")) {
    return {.kind = Expects::bans, .words = {}};
  }
  return {.kind = is_one_of(open_types, type) ? Expects::anything : Expects::unknown, .words = {}};
}

std::string one_line(std::string text) {
  std::ranges::replace(text, '\n', ' ');
  return text;
}

// Without what CLI11 adds of checks: "N:INT in [1 - 256]".
std::string type_of(const CLI::Option& option) {
  auto type = option.get_type_name();
  if (const auto check = type.find(":INT in "); check != std::string::npos) {
    type.erase(check);
  }
  return type;
}

CompletionOption option_row(const std::string& command, const CLI::Option& option) {
  CompletionOption row{.names = {},
                       .summary = one_line(option.get_description()),
                       .flag = option.get_items_expected_max() == 0,
                       .repeatable = option.get_items_expected_max() > 1,
                       .type = type_of(option),
                       .value = {}};
  for (const auto& name : option.get_snames()) {
    row.names.push_back('-' + name);
  }
  for (const auto& name : option.get_lnames()) {
    row.names.push_back("--" + name);
  }
  if (!row.flag) {
    row.value = expected_of(command, option, row.type);
  }
  return row;
}

void add_rows(const CLI::App& app, const std::string& path, std::vector<CompletionCommand>& table) {
  CompletionCommand command{
      .path = path, .summary = one_line(app.get_description()), .options = {}, .arguments = {}, .subcommands = {}};
  for (const auto* option : app.get_options()) {
    if (option->nonpositional()) {
      command.options.push_back(option_row(path, *option));
    } else {
      command.arguments.push_back({.name = option->get_name(),
                                   .repeatable = option->get_items_expected_max() > 1,
                                   .value = expected_of(path, *option, type_of(*option))});
    }
  }
  const auto subcommands = app.get_subcommands([](const CLI::App*) { return true; });
  for (const auto* sub : subcommands) {
    command.subcommands.push_back(sub->get_name());
  }
  table.push_back(std::move(command));
  for (const auto* sub : subcommands) {
    add_rows(*sub, path.empty() ? sub->get_name() : path + ' ' + sub->get_name(), table);
  }
}

Result<> print_completion(const CLI::App& app, const std::string& shell) {
  const auto table = completion_table(app);
  if (shell == "bash") {
    std::cout << bash_completion(table);
  } else if (shell == "zsh") {
    std::cout << zsh_completion(table);
  } else if (shell == "fish") {
    std::cout << fish_completion(table);
  } else {
    return fail(Errc::usage, in_quotes(shell, 40) + " is none of bash, zsh, fish");
  }
  return {};
}

}  // namespace

std::vector<CompletionCommand> completion_table(const CLI::App& app) {
  std::vector<CompletionCommand> table;
  add_rows(app, "", table);
  return table;
}

std::string quoted_for_sh(std::string_view text) {
  std::string result = "'";
  for (const char c : text) {
    result += c == '\'' ? "'\\''" : std::string(1, c);
  }
  return result + '\'';
}

std::string as_identifier(std::string_view path) {
  std::string result(path);
  std::ranges::replace(result, ' ', '_');
  std::ranges::replace(result, '-', '_');
  return result;
}

std::string joined(std::span<const std::string> words, std::string_view separator) {
  std::string result;
  for (const auto& word : words) {
    result += (result.empty() ? "" : std::string(separator)) + word;
  }
  return result;
}

Action prepare_completion(CLI::App& app) {
  auto shell = std::make_shared<std::string>();
  app.add_option("shell", *shell, "the shell: bash, zsh or fish")->type_name("bash|zsh|fish")->required();
  return [&app, shell] { return print_completion(*app.get_parent(), *shell); };
}

}  // namespace ipguard::cli
