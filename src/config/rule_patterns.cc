#include "config/rule_patterns.h"

#include <algorithm>
#include <array>
#include <filesystem>
#include <map>
#include <optional>
#include <utility>

#include "base/ascii.h"
#include "base/text.h"
#include "config/document.h"

namespace ipguard::config {
namespace {

constexpr size_t max_pattern_bytes = 4096;
constexpr size_t max_patterns = 1000;   // under one key
constexpr size_t max_literals = 20000;  // under one key, list files included
// Literals are joined to alternations of about this size, so that a long list is judged in few steps.
constexpr size_t joined_bytes = 2000;

// Where in the text a literal has to stand.
struct Form {
  std::string_view key;
  std::string_view from_key;
  std::string_view before;
  std::string_view after;
};
constexpr std::array<Form, 4> forms = {{{"is", "is_from", "^(?:", ")$"},
                                        {"begins", "begins_from", "^(?:", ")"},
                                        {"ends", "ends_from", "(?:", ")$"},
                                        {"contains", "contains_from", "(?:", ")"}}};
constexpr std::array<std::string_view, 2> case_names = {"fold", "exact"};

// Warns about items that stand in the list twice: one of them was meant to be something else.
void warn_of_repeats(const std::vector<Text>& texts, std::string_view key, ReadContext& context) {
  std::map<std::string_view, Place> seen;
  for (const auto& text : texts) {
    const auto [first, fresh] = seen.try_emplace(text.text, text.place);
    if (!fresh) {
      context.warning(text.place, std::string(key) + ": the same as before",
                      "the first is at " + location_text(context.location(first->second)));
    }
  }
}

void read_regexes(TableReader& table, std::string_view key, model::FieldPatterns& into) {
  const auto* value = table.find(key);
  if (value == nullptr) {
    return;
  }
  const auto texts = table.texts(key);
  auto& context = table.context();
  for (const auto& text : texts) {
    if (text.text.size() > max_pattern_bytes) {
      context.error(text.place, std::string(key) + ": the pattern is longer than 4096 bytes");
      continue;
    }
    into.patterns.push_back(text.text);
    into.locations.push_back(context.location(text.place));
  }
  if (texts.size() > max_patterns) {
    table.error(*value, key, "more than 1000 patterns");
  }
  warn_of_repeats(texts, key, context);
}

// The file that a rule file at `rule_file` names by `path`; nullopt if it would be somewhere else.
std::optional<std::string> list_path(const std::string& rule_file, const std::string& path) {
  const std::filesystem::path relative(path);
  const bool leaves = relative.is_absolute() || std::ranges::find(relative, "..") != relative.end();
  if (leaves) {
    return std::nullopt;
  }
  return (std::filesystem::path(rule_file).parent_path() / relative).string();
}

std::vector<Text> read_list_file(TableReader& table, std::string_view key) {
  auto& context = table.context();
  const auto path = table.text(key);
  if (!path) {
    return {};
  }
  const Place place = table.place_of(key);
  const auto file = list_path(context.location(place).file, *path);
  if (!file) {
    table.error(*table.find(key), key, in_quotes(*path) + " leads out of the rule file's folder",
                "write a path within it, such as \"lists/agents.txt\"");
    return {};
  }
  const auto text = context.read(*file, place, key);
  std::vector<Text> literals;
  const std::string content = text.value_or(std::string());
  for (std::string_view line : split(content, '\n')) {
    line = trim(line);
    if (!line.empty() && !line.starts_with('#')) {
      literals.push_back({.text = std::string(line), .place = place});
    }
  }
  if (text && literals.empty()) {
    table.error(*table.find(key), key, "the list is empty");
  }
  return literals;
}

void join_literals(const std::vector<Text>& literals, const Form& form, std::string_view flags, ReadContext& context,
                   model::FieldPatterns& into) {
  std::string joined;
  const Place* first = nullptr;
  const auto finish = [&] {
    if (!joined.empty()) {
      into.patterns.push_back(std::string(flags) + std::string(form.before) + joined + std::string(form.after));
      into.locations.push_back(context.location(*first));
      joined.clear();
    }
  };
  for (const auto& literal : literals) {
    if (literal.text.size() > joined_bytes / 4) {
      context.error(literal.place, std::string(form.key) + ": a literal is longer than 500 bytes");
      continue;
    }
    if (joined.size() > joined_bytes / 2) {
      finish();
    }
    first = joined.empty() ? &literal.place : first;
    joined += (joined.empty() ? "" : "|") + quote_literal(literal.text);
  }
  finish();
}

void read_literals(TableReader& table, model::FieldPatterns& into) {
  auto& context = table.context();
  const auto exact = table.choice("case", case_names).value_or(0) == 1;
  size_t count = 0;
  for (const auto& form : forms) {
    std::vector<Text> literals = table.texts(form.key);
    warn_of_repeats(literals, form.key, context);
    std::ranges::move(read_list_file(table, form.from_key), std::back_inserter(literals));
    count += literals.size();
    if (count <= max_literals) {
      join_literals(literals, form, exact ? "" : "(?i)", context, into);
    }
  }
  if (count > max_literals) {
    context.error(table.value().place, "more than 20000 literals under one key");
  }
}

bool same_target(const model::FieldPatterns& a, const model::FieldPatterns& b) {
  return a.field == b.field && a.key == b.key;
}

// Whether a table holds literal lists, not names of further values.
bool is_pattern_table(const Value& value) {
  return std::ranges::any_of(value.entries, [](const Entry& entry) {
    return entry.key == "regex" || entry.key == "case" || std::ranges::any_of(forms, [&](const Form& form) {
             return entry.key == form.key || entry.key == form.from_key;
           });
  });
}

void read_record(TableReader& table, std::string_view name, const std::string& prefix,
                 std::vector<model::FieldPatterns>& list) {
  for (const auto& entry : table.value().entries) {
    const std::string key = prefix + entry.key;
    if (entry.value.type == Value::Type::table && !is_pattern_table(entry.value)) {
      TableReader inner(table.table(entry.key), name, table.context());
      read_record(inner, name, key + '.', list);
      inner.finish();
    } else {
      read_patterns(table, entry.key, {.field = model::Field::record, .key = key, .patterns = {}, .locations = {}},
                    list);
    }
  }
}

}  // namespace

std::string quote_literal(std::string_view literal) {
  std::string quoted;
  for (const char c : literal) {
    const bool plain = is_alnum(c) || c == '_' || static_cast<unsigned char>(c) >= 0x80U;
    if (!plain) {
      quoted += '\\';
    }
    quoted += c;
  }
  return quoted;
}

void read_patterns(TableReader& table, std::string_view key, model::FieldPatterns target,
                   std::vector<model::FieldPatterns>& list) {
  const auto* value = table.find(key);
  if (value == nullptr) {
    return;
  }
  if (value->type == Value::Type::table) {
    TableReader inner(*value, key, table.context());
    read_regexes(inner, "regex", target);
    read_literals(inner, target);
    inner.finish();
    if (value->entries.empty()) {
      table.error(*value, key, "the table is empty", "write for example { contains = [\"…\"] }");
    }
  } else {
    read_regexes(table, key, target);
  }
  std::erase_if(list, [&](const auto& other) { return same_target(other, target); });
  if (!target.patterns.empty()) {
    list.push_back(std::move(target));
  }
}

void read_record_patterns(TableReader& table, std::string_view key, std::vector<model::FieldPatterns>& list) {
  if (table.find(key) == nullptr) {
    return;
  }
  TableReader inner(table.table(key), key, table.context());
  read_record(inner, key, "", list);
  inner.finish();
}

}  // namespace ipguard::config
