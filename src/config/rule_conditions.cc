// What a rule looks for: patterns by field, status, method, program.
#include <algorithm>
#include <array>
#include <optional>

#include "base/text.h"
#include "config/rule_reader.h"

namespace ipguard::config {
namespace {

using model::Field;
using model::LogKind;

constexpr size_t max_pattern_bytes = 4096;
constexpr size_t max_patterns = 1000;  // under one key
constexpr uint16_t first_status = 100;
constexpr uint16_t last_status = 599;

struct TextField {
  Field field;
  bool access;
  bool error;
  bool syslog;
};
// The fields that patterns can be written for, and in which logs they are.
constexpr std::array<TextField, 10> text_fields = {{{Field::target, true, false, false},
                                                    {Field::path, true, false, false},
                                                    {Field::query, true, false, false},
                                                    {Field::protocol, true, false, false},
                                                    {Field::referer, true, false, false},
                                                    {Field::user_agent, true, false, false},
                                                    {Field::user, true, false, false},
                                                    {Field::vhost, true, false, false},
                                                    {Field::message, false, true, true},
                                                    {Field::level, false, true, false}}};

bool is_in(const TextField& field, LogKind kind) {
  switch (kind) {
    case LogKind::access:
      return field.access;
    case LogKind::error:
      return field.error;
    case LogKind::syslog:
      return field.syslog;
    case LogKind::message:
      return false;
  }
  return false;
}

std::string fields_of(LogKind kind) {
  std::string names;
  for (const auto& field : text_fields) {
    if (is_in(field, kind)) {
      names += (names.empty() ? "" : ", ") + std::string(to_string(field.field));
    }
  }
  return names;
}

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

void read_patterns(TableReader& table, std::string_view key, Field field, std::vector<model::FieldPatterns>& into) {
  const auto* value = table.find(key);
  if (value == nullptr) {
    return;
  }
  const auto texts = table.texts(key);
  auto& context = table.context();
  model::FieldPatterns patterns{.field = field, .patterns = {}, .locations = {}};
  for (const auto& text : texts) {
    if (text.text.size() > max_pattern_bytes) {
      context.error(text.place, std::string(key) + ": the pattern is longer than 4096 bytes");
      continue;
    }
    patterns.patterns.push_back(text.text);
    patterns.locations.push_back(context.location(text.place));
  }
  if (texts.size() > max_patterns) {
    table.error(*value, key, "more than 1000 patterns");
  }
  warn_of_repeats(texts, key, context);
  std::erase_if(into, [&](const auto& other) { return other.field == field; });
  if (!patterns.patterns.empty()) {
    into.push_back(std::move(patterns));
  }
}

// 404, "404", "4xx".
std::optional<std::pair<uint16_t, uint16_t>> status_range(const Value& value) {
  if (value.type == Value::Type::string && value.text.size() == 3 && value.text.ends_with("xx") &&
      value.text[0] >= '1' && value.text[0] <= '5') {
    const auto first = static_cast<uint16_t>((value.text[0] - '0') * 100);
    return std::pair(first, static_cast<uint16_t>(first + 99));
  }
  const std::string text = value.type == Value::Type::string ? value.text : std::to_string(value.integer);
  const auto number = parse_number(text);
  if (!number || *number < first_status || *number > last_status) {
    return std::nullopt;
  }
  return std::pair(static_cast<uint16_t>(*number), static_cast<uint16_t>(*number));
}

void read_statuses(TableReader& table, RuleDraft& draft) {
  const auto* value = table.find("status");
  if (value == nullptr) {
    return;
  }
  draft.status = value->place;
  auto& statuses = draft.rule.statuses;
  statuses.clear();
  const auto items = table.list("status");
  if (items.empty()) {
    table.error(*value, "status", "the list is empty");
  }
  for (const auto* item : items) {
    if (item->type != Value::Type::integer && item->type != Value::Type::string) {
      table.wrong_type(*item, "status", "an HTTP status such as 404 or \"4xx\"");
      continue;
    }
    const auto range = status_range(*item);
    if (!range) {
      const std::string text = item->type == Value::Type::string ? item->text : std::to_string(item->integer);
      table.error(*item, "status", '\'' + printable(text, 80) + "' is no HTTP status",
                  "write a number from 100 to 599 or a class such as \"4xx\"");
      continue;
    }
    for (unsigned status = range->first; status <= range->second; ++status) {
      statuses.push_back(static_cast<uint16_t>(status));
    }
  }
  std::ranges::sort(statuses);
  const auto repeats = std::ranges::unique(statuses);
  statuses.erase(repeats.begin(), repeats.end());
}

// Method or program: names that are compared exactly.
void read_names(TableReader& table, std::string_view key, std::vector<std::string>& names, Place& place) {
  const auto* value = table.find(key);
  if (value == nullptr) {
    return;
  }
  place = value->place;
  names.clear();
  const auto texts = table.texts(key);
  warn_of_repeats(texts, key, table.context());
  for (const auto& text : texts) {
    if (text.text.find_first_of(" \t[]:\"") != std::string::npos) {
      table.context().error(
          text.place, std::string(key) + ": '" + printable(text.text, 80) + "' is no " + std::string(key) + "'s name",
          "it is compared exactly, patterns are not possible here");
      continue;
    }
    names.push_back(text.text);
  }
}

void check_fields(const std::vector<model::FieldPatterns>& all, std::string_view prefix, LogKind kind,
                  ReadContext& context) {
  for (const auto& patterns : all) {
    const auto field = std::ranges::find(text_fields, patterns.field, &TextField::field);
    if (is_in(*field, kind)) {
      continue;
    }
    std::string message(prefix);
    message += to_string(patterns.field);
    message += ": lines with log = \"";
    message += to_string(kind);
    message += "\" have no such field";
    const auto& location = patterns.locations.front();
    context.error({.line = location.line, .column = location.column}, message, "their fields are " + fields_of(kind));
  }
}

}  // namespace

void read_conditions(TableReader& table, RuleDraft& draft) {
  for (const auto& entry : text_fields) {
    const std::string key(to_string(entry.field));
    read_patterns(table, key, entry.field, draft.rule.all_of);
    read_patterns(table, "not_" + key, entry.field, draft.rule.none_of);
    draft.has_condition |= table.find(key) != nullptr || table.find("not_" + key) != nullptr;
  }
  draft.has_condition |= table.find("status") != nullptr || table.find("method") != nullptr;
  read_statuses(table, draft);
  read_names(table, "method", draft.rule.methods, draft.method);
  read_names(table, "program", draft.rule.programs, draft.program);
}

void check_conditions(const RuleDraft& draft, const Place& rule_place, ReadContext& context) {
  const auto& rule = draft.rule;
  check_fields(rule.all_of, "", rule.log, context);
  check_fields(rule.none_of, "not_", rule.log, context);
  const std::string log(to_string(rule.log));
  if (rule.log != LogKind::access && !rule.statuses.empty()) {
    context.error(draft.status, "status: lines with log = \"" + log + "\" have no status");
  }
  if (rule.log != LogKind::access && !rule.methods.empty()) {
    context.error(draft.method, "method: lines with log = \"" + log + "\" have no method");
  }
  if (rule.log != LogKind::syslog && !rule.programs.empty()) {
    context.error(draft.program, "program: lines with log = \"" + log + "\" have no program");
  }
  if (!draft.has_condition) {
    context.error(rule_place, "the rule has no condition: it would hit every line",
                  rule.log == LogKind::access
                      ? "add path, status or another condition; every request is status = [\"1xx\", \"2xx\", "
                        "\"3xx\", \"4xx\", \"5xx\"]"
                      : "add message with a pattern");
  }
}

}  // namespace ipguard::config
