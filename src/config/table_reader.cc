#include "config/table_reader.h"

#include <algorithm>
#include <utility>

#include "base/ascii.h"
#include "base/file.h"
#include "base/text.h"

namespace ipguard::config {
namespace {

constexpr size_t max_label = 64;

std::string number_text(double number) {
  std::string text = std::to_string(number);
  text.erase(text.find_last_not_of('0') + 1);
  return text.ends_with('.') ? text + '0' : text;
}

std::string with_remark(const std::string& hint, std::string_view remark) {
  return remark.empty() ? hint : hint + "; " + std::string(remark);
}

bool has_control_character(std::string_view text) {
  return std::ranges::any_of(text, [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; });
}

bool is_label_character(char c) { return is_alnum(c) || c == '.' || c == '_' || c == '-'; }

const Value& empty_table() {
  static const Value table;
  return table;
}

}  // namespace

void ReadContext::error(const Place& place, std::string message, std::string hint) {
  ++errors_;
  diagnostics_.error(location(place), std::move(message), std::move(hint));
}

void ReadContext::warning(const Place& place, std::string message, std::string hint) {
  diagnostics_.warning(location(place), std::move(message), std::move(hint));
}

std::optional<std::string> ReadContext::read(const std::string& path, const Place& place, std::string_view key) {
  auto text = read_file(path, max_document_bytes);
  if (!text) {
    error(place, std::string(key) + ": " + text.error().message);
    return std::nullopt;
  }
  return *std::move(text);
}

void ReadContext::add_known(std::string_view table, std::string_view key) {
  auto it = known_.find(table);
  if (it == known_.end()) {
    it = known_.try_emplace(std::string(table)).first;
  }
  if (!it->second.contains(key)) {
    it->second.emplace(key);
  }
}

void ReadContext::add_unknown(std::string_view table, const Entry& entry) {
  const auto type = entry.value.type;
  const bool is_table = type == Value::Type::table || (type == Value::Type::array && !entry.value.items.empty() &&
                                                       entry.value.items.front().type == Value::Type::table);
  unknown_.push_back({.table = std::string(table), .key = entry.key, .place = entry.place, .is_table = is_table});
}

std::string ReadContext::unknown_hint(const Unknown& unknown) const {
  std::vector<std::string_view> siblings;
  if (const auto it = known_.find(unknown.table); it != known_.end()) {
    siblings.assign(it->second.begin(), it->second.end());
  }
  if (const auto near = nearest_word(unknown.key, siblings); !near.empty()) {
    return "did you mean '" + std::string(near) + "'?";
  }
  for (const auto& [table, keys] : known_) {
    if (table != unknown.table && keys.contains(unknown.key)) {
      return "it belongs " + (table.empty() ? "at the top, before the first table" : "in " + table);
    }
  }
  std::string hint;
  for (const auto sibling : siblings) {
    hint += (hint.empty() ? "known here: " : ", ") + std::string(sibling);
  }
  return hint;
}

void ReadContext::report_unknown() {
  for (const auto& unknown : unknown_) {
    const std::string what = unknown.is_table ? "unknown table " : "unknown key ";
    error(unknown.place, what + in_quotes(unknown.key) + (unknown.table.empty() ? "" : " in " + unknown.table),
          // A hint costs time, and behind the bound nobody sees it.
          diagnostics_.all().size() < Diagnostics::max_kept ? unknown_hint(unknown) : std::string());
  }
  unknown_.clear();
}

TableReader::TableReader(const Value& table, std::string_view name, ReadContext& context)
    : table_(table), name_(name), context_(context) {}

const Value* TableReader::find(std::string_view key) {
  context_.add_known(name_, key);
  const auto entry = std::ranges::find(table_.entries, key, &Entry::key);
  if (entry == table_.entries.end()) {
    return nullptr;
  }
  asked_.insert(entry->key);
  return &entry->value;
}

Place TableReader::place_of(std::string_view key) {
  const auto* value = find(key);
  return value == nullptr ? table_.place : value->place;
}

void TableReader::error(const Value& at, std::string_view key, const std::string& message, std::string hint) {
  context_.error(at.place, std::string(key) + ": " + message, std::move(hint));
}

void TableReader::wrong_type(const Value& at, std::string_view key, std::string_view expected) {
  error(at, key, "expected " + std::string(expected) + ", found " + std::string(type_name(at.type)));
}

void TableReader::bad_value(const Place& at, std::string_view key, const std::string& message) {
  const auto split_at = message.rfind("; write ");
  const bool has_hint = split_at != std::string::npos;
  context_.error(at, std::string(key) + ": " + message.substr(0, split_at),
                 has_hint ? message.substr(split_at + 2) : std::string());
}

const Value* TableReader::find_typed(std::string_view key, Value::Type type, std::string_view expected) {
  const auto* value = find(key);
  if (value != nullptr && value->type != type) {
    wrong_type(*value, key, expected);
    return nullptr;
  }
  return value;
}

bool TableReader::check_text(const Value& value, std::string_view key) {
  if (value.text.empty()) {
    error(value, key, "the text is empty");
    return false;
  }
  if (has_control_character(value.text)) {
    error(value, key, "the text holds a control character");
    return false;
  }
  return true;
}

std::optional<std::string> TableReader::text(std::string_view key) {
  const auto* value = find_typed(key, Value::Type::string, "a string");
  return value != nullptr && check_text(*value, key) ? std::optional(value->text) : std::nullopt;
}

std::optional<std::string> TableReader::any_text(std::string_view key) {
  const auto* value = find_typed(key, Value::Type::string, "a string");
  return value != nullptr ? std::optional(value->text) : std::nullopt;
}

std::optional<std::string> TableReader::label(std::string_view key) {
  auto name = text(key);
  if (name && (name->size() > max_label || !std::ranges::all_of(*name, is_label_character))) {
    error(*find(key), key, in_quotes(*name) + " is no name",
          "use at most " + std::to_string(max_label) + " letters, digits, '.', '_' and '-'");
    return std::nullopt;
  }
  return name;
}

std::vector<const Value*> TableReader::list(std::string_view key) {
  const auto* value = find(key);
  std::vector<const Value*> items;
  if (value != nullptr && value->type == Value::Type::array) {
    items.reserve(value->items.size());
    for (const auto& item : value->items) {
      items.push_back(&item);
    }
  } else if (value != nullptr) {
    items.push_back(value);
  }
  return items;
}

std::vector<Text> TableReader::texts(std::string_view key, bool may_be_empty) {
  const auto items = list(key);
  const auto* value = find(key);
  if (value != nullptr && items.empty() && !may_be_empty) {
    error(*value, key, "the list is empty");
  }
  std::vector<Text> result;
  for (const auto* item : items) {
    if (item->type != Value::Type::string) {
      wrong_type(*item, key, item == value ? "a string or an array of strings" : "a string");
    } else if (check_text(*item, key)) {
      result.push_back({.text = item->text, .place = item->place});
    }
  }
  return result;
}

std::optional<bool> TableReader::flag(std::string_view key) {
  const auto* value = find_typed(key, Value::Type::boolean, "true or false");
  return value != nullptr ? std::optional(value->boolean) : std::nullopt;
}

std::optional<int64_t> TableReader::integer(std::string_view key, const Range& range) {
  const auto* value = find_typed(key, Value::Type::integer, "an integer");
  if (value == nullptr) {
    return std::nullopt;
  }
  if (value->integer < range.min || value->integer > range.max) {
    error(*value, key, std::to_string(value->integer) + " is out of range",
          with_remark("write a number from " + std::to_string(range.min) + " to " + std::to_string(range.max),
                      range.remark));
    return std::nullopt;
  }
  return value->integer;
}

std::optional<double> TableReader::number(std::string_view key, double min, double max) {
  const auto* value = find(key);
  if (value == nullptr) {
    return std::nullopt;
  }
  if (value->type != Value::Type::number && value->type != Value::Type::integer) {
    wrong_type(*value, key, "a number");
    return std::nullopt;
  }
  const double number = value->type == Value::Type::number ? value->number : static_cast<double>(value->integer);
  const bool is_in_range = number >= min && number <= max;
  if (!is_in_range) {  // nan too
    error(*value, key, number_text(number) + " is out of range",
          "write a number from " + number_text(min) + " to " + number_text(max));
    return std::nullopt;
  }
  return number;
}

std::optional<Seconds> TableReader::duration(std::string_view key, const DurationRange& range) {
  const auto* value = find_typed(key, Value::Type::string, "a duration such as \"10m\"");
  if (value == nullptr) {
    return std::nullopt;
  }
  const auto span = parse_duration(value->text);
  if (!span) {
    bad_value(value->place, key, span.error().message);
    return std::nullopt;
  }
  if (*span < range.min || *span > range.max) {
    error(*value, key, in_quotes(value->text) + " is out of range",
          with_remark("write a duration from " + format_duration(range.min) + " to " + format_duration(range.max),
                      range.remark));
    return std::nullopt;
  }
  return *span;
}

std::optional<Seconds> TableReader::ban_time(std::string_view key) {
  const auto* value = find(key);
  if (value != nullptr && value->type == Value::Type::string && value->text == "permanent") {
    return Seconds{0};
  }
  if (value != nullptr && value->type != Value::Type::string) {
    wrong_type(*value, key, "a duration such as \"4h\" or \"permanent\"");
    return std::nullopt;
  }
  return duration(key, {.remark = "or \"permanent\""});
}

std::optional<uint64_t> TableReader::size(std::string_view key, uint64_t min, uint64_t max) {
  const auto* value = find(key);
  if (value == nullptr) {
    return std::nullopt;
  }
  if (value->type != Value::Type::string && value->type != Value::Type::integer) {
    wrong_type(*value, key, "a size such as \"64KiB\"");
    return std::nullopt;
  }
  const std::string text = value->type == Value::Type::string ? value->text : std::to_string(value->integer);
  const auto bytes = value->type == Value::Type::integer && value->integer < 0 ? Result<uint64_t>(0) : parse_size(text);
  if (!bytes) {
    bad_value(value->place, key, bytes.error().message);
    return std::nullopt;
  }
  if (*bytes < min || *bytes > max) {
    error(*value, key, text + " is out of range", "write a size from " + size_text(min) + " to " + size_text(max));
    return std::nullopt;
  }
  return *bytes;
}

std::optional<size_t> TableReader::choice(std::string_view key, std::span<const std::string_view> choices) {
  const auto* value = find_typed(key, Value::Type::string, "a string");
  if (value == nullptr) {
    return std::nullopt;
  }
  const auto found = std::ranges::find(choices, value->text);
  if (found != choices.end()) {
    return static_cast<size_t>(found - choices.begin());
  }
  const auto near = nearest_word(value->text, {choices.begin(), choices.end()});
  std::string hint = "write";
  for (const auto& candidate : choices) {
    const bool is_last = &candidate == &choices.back();
    hint += (&candidate == &choices.front() ? " \"" : is_last ? " or \"" : ", \"") + std::string(candidate) + '"';
  }
  error(*value, key, "there is no " + in_quotes(value->text),
        near.empty() ? hint : "did you mean \"" + std::string(near) + "\"?");
  return std::nullopt;
}

std::string TableReader::full_key(std::string_view key) const {
  const auto begin = name_.find_first_not_of('[');
  if (begin == std::string::npos) {
    return std::string(key);
  }
  return name_.substr(begin, name_.find(']') - begin) + '.' + std::string(key);
}

const Value& TableReader::table(std::string_view key) {
  const auto* value = find(key);
  if (value == nullptr) {
    return empty_table();
  }
  if (value->type == Value::Type::table) {
    return *value;
  }
  const bool doubled =
      value->type == Value::Type::array && !value->items.empty() && value->items.front().type == Value::Type::table;
  error(*value, key, "expected a table, found " + std::string(type_name(value->type)),
        doubled ? "write [" + full_key(key) + "] with single brackets, once" : "");
  return empty_table();
}

std::vector<const Value*> TableReader::tables(std::string_view key) {
  const auto* value = find(key);
  std::vector<const Value*> result;
  if (value == nullptr) {
    return result;
  }
  if (value->type != Value::Type::array) {
    error(*value, key, "expected an array of tables, found " + std::string(type_name(value->type)),
          "write [[" + full_key(key) + "]] with double brackets for each of them");
    return result;
  }
  for (const auto& item : value->items) {
    if (item.type == Value::Type::table) {
      result.push_back(&item);
    } else {
      wrong_type(item, key, "a table");
    }
  }
  return result;
}

void TableReader::finish() {
  for (const auto& entry : table_.entries) {
    if (!asked_.contains(entry.key)) {
      context_.add_unknown(name_, entry);
    }
  }
}

}  // namespace ipguard::config
