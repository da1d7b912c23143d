// What a rule looks for: patterns by field, status, method, program.
#include <algorithm>
#include <array>
#include <limits>
#include <optional>

#include "base/text.h"
#include "config/rule_patterns.h"
#include "config/rule_reader.h"

namespace ipguard::config {
namespace {

using model::Field;
using model::LogKind;

constexpr uint16_t first_status = 100;
constexpr uint16_t last_status = 599;

struct TextField {
  Field field;
  bool access;
  bool error;
  bool message;  // syslog and app
};
// The fields that patterns can be written for, and in which logs they are.
constexpr std::array<TextField, 11> text_fields = {{{Field::method, true, false, false},
                                                    {Field::target, true, false, false},
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
    case LogKind::app:
      return field.message;
    case LogKind::fields:
    case LogKind::message:
      return false;
  }
  return false;
}

std::string fields_of(LogKind kind) {
  std::string names;
  for (const auto& field : text_fields) {
    if (is_in(field, kind) && field.field != Field::method) {
      names += (names.empty() ? "" : ", ") + std::string(to_string(field.field));
    }
  }
  return names.empty() ? "the names in [rule.where]" : names;
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

void read_statuses(TableReader& table, std::string_view key, std::vector<uint16_t>& statuses, Place& place) {
  const auto* value = table.find(key);
  if (value == nullptr) {
    return;
  }
  place = value->place;
  statuses.clear();
  const auto items = table.list(key);
  if (items.empty()) {
    table.error(*value, key, "the list is empty");
  }
  for (const auto* item : items) {
    if (item->type != Value::Type::integer && item->type != Value::Type::string) {
      table.wrong_type(*item, key, "an HTTP status such as 404 or \"4xx\"");
      continue;
    }
    const auto range = status_range(*item);
    if (!range) {
      const std::string text = item->type == Value::Type::string ? item->text : std::to_string(item->integer);
      table.error(*item, key, in_quotes(text) + " is no HTTP status",
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
  for (const auto& text : texts) {
    if (text.text.find_first_of(" \t[]:\"") != std::string::npos) {
      table.context().error(text.place,
                            std::string(key) + ": " + in_quotes(text.text) + " is no " + std::string(key) + "'s name",
                            "it is compared exactly, patterns are not possible here");
      continue;
    }
    names.push_back(text.text);
  }
}

void check_fields(const std::vector<model::FieldPatterns>& all, std::string_view prefix, LogKind kind,
                  ReadContext& context) {
  for (const auto& patterns : all) {
    if (patterns.field == Field::record) {
      continue;  // check_kind()
    }
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

// { min = 1000, max = 5000 }, either may be left out.
void read_bytes(TableReader& table, RuleDraft& draft) {
  constexpr int64_t most = std::numeric_limits<int64_t>::max();
  const auto* value = table.find("bytes");
  if (value == nullptr) {
    return;
  }
  draft.bytes = value->place;
  TableReader range(table.table("bytes"), "bytes", table.context());
  model::NumberRange bytes;
  keep(bytes.min, range.integer("min", {.min = 0, .max = most}));
  keep(bytes.max, range.integer("max", {.min = 0, .max = most}));
  range.finish();
  if (bytes.min > bytes.max) {
    table.error(*value, "bytes", "min is greater than max");
  }
  draft.rule.bytes = bytes;
}

// A record's keys: one, or several of which the first that is there counts.
void read_record_keys(TableReader& table, std::string_view key, std::vector<std::string>& keys) {
  if (table.find(key) != nullptr) {
    keys.clear();
    for (const auto& text : table.texts(key)) {
      keys.push_back(text.text);
    }
  }
}

// What only some kinds of log have.
void check_kind(const RuleDraft& draft, const Place& rule_place, ReadContext& context) {
  const auto& rule = draft.rule;
  const std::string log = "lines with log = \"" + std::string(to_string(rule.log)) + "\" have no ";
  const bool access = rule.log == LogKind::access;
  if (!access && !(rule.statuses.empty() && rule.not_statuses.empty())) {
    context.error(draft.status, "status: " + log + "status");
  }
  if (!access && !(rule.methods.empty() && rule.not_methods.empty())) {
    context.error(draft.method, "method: " + log + "method");
  }
  if (!access && rule.bytes) {
    context.error(draft.bytes, "bytes: " + log + "byte count");
  }
  if (rule.log != LogKind::syslog && rule.log != LogKind::app && !rule.programs.empty()) {
    context.error(draft.program, "program: " + log + "program");
  }
  const auto on_record = [](const model::FieldPatterns& list) { return list.field == Field::record; };
  const bool asks_record = std::ranges::any_of(rule.all_of, on_record) || std::ranges::any_of(rule.none_of, on_record);
  if (rule.log != LogKind::fields && (asks_record || !rule.address_keys.empty() || !rule.user_keys.empty())) {
    context.error(rule_place, "where, address_key and user_key: " + log + "named values",
                  "they belong to rules with log = \"fields\"");
  }
}

}  // namespace

void read_conditions(TableReader& table, RuleDraft& draft) {
  auto& rule = draft.rule;
  for (const auto& entry : text_fields) {
    if (entry.field == Field::method) {
      continue;  // compared exactly, below
    }
    const std::string key(to_string(entry.field));
    const model::FieldPatterns target{.field = entry.field, .key = {}, .patterns = {}, .locations = {}};
    read_patterns(table, key, target, rule.all_of);
    read_patterns(table, "not_" + key, target, rule.none_of);
    draft.has_condition |= table.find(key) != nullptr || table.find("not_" + key) != nullptr;
  }
  read_record_patterns(table, "where", rule.all_of);
  read_record_patterns(table, "where_not", rule.none_of);
  for (const auto* key : {"status", "not_status", "method", "not_method", "bytes", "where", "where_not"}) {
    draft.has_condition |= table.find(key) != nullptr;
  }
  read_statuses(table, "status", rule.statuses, draft.status);
  read_statuses(table, "not_status", rule.not_statuses, draft.status);
  read_names(table, "method", rule.methods, draft.method);
  read_names(table, "not_method", rule.not_methods, draft.method);
  read_names(table, "program", rule.programs, draft.program);
  read_bytes(table, draft);
  read_record_keys(table, "address_key", rule.address_keys);
  read_record_keys(table, "user_key", rule.user_keys);
}

void check_conditions(const RuleDraft& draft, const Place& rule_place, ReadContext& context) {
  const auto& rule = draft.rule;
  check_fields(rule.all_of, "", rule.log, context);
  check_fields(rule.none_of, "not_", rule.log, context);
  check_kind(draft, rule_place, context);
  if (!draft.has_condition) {
    context.error(rule_place, "the rule has no condition: it would hit every line",
                  rule.log == LogKind::access
                      ? "add path, status or another condition; every request is status = [\"1xx\", \"2xx\", "
                        "\"3xx\", \"4xx\", \"5xx\"]"
                      : "add message with a pattern");
  }
}

}  // namespace ipguard::config
