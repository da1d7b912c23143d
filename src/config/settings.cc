#include "config/settings.h"

#include <algorithm>
#include <utility>

#include "base/text.h"

namespace ipguard::config {
namespace {

bool is_toml_value(std::string_view value) {
  Diagnostics unseen;
  return parse_toml("value = " + std::string(value), "", unseen).has_value();
}

// Whether it is written as a whole number; if it is no value of TOML then, it does not fit 64 bits.
bool looks_like_integer(std::string_view value) {
  if (value.starts_with('-') || value.starts_with('+')) {
    value.remove_prefix(1);
  }
  return !value.empty() && !value.starts_with('0') && value.find_first_not_of("0123456789_") == std::string_view::npos;
}

// A TOML text, in the quotes in which backslashes stand for themselves if that is possible.
std::string quoted(std::string_view text) {
  if (text.find('\'') == std::string_view::npos) {
    return "'" + std::string(text) + "'";
  }
  std::string result = "\"";
  for (const char c : text) {
    result += c == '"' || c == '\\' ? std::string("\\") + c : std::string(1, c);
  }
  return result + '"';
}

void mark(Value& value) {
  value.place.in_settings = true;
  std::ranges::for_each(value.items, mark);
  for (auto& entry : value.entries) {
    entry.place.in_settings = true;
    mark(entry.value);
  }
}

void merge(Value& below, Value above) {
  if (below.type != Value::Type::table || above.type != Value::Type::table) {
    below = std::move(above);
    return;
  }
  for (auto& entry : above.entries) {
    const auto known = std::ranges::find(below.entries, entry.key, &Entry::key);
    if (known == below.entries.end()) {
      below.entries.push_back(std::move(entry));
    } else {
      merge(known->value, std::move(entry.value));
    }
  }
}

}  // namespace

bool lay_over(Value& root, const std::vector<std::string>& settings, Diagnostics& diagnostics) {
  if (settings.empty()) {
    return true;
  }
  const std::string name(settings_name);
  std::string text;
  uint32_t line = 0;
  bool good = true;
  for (const auto& setting : settings) {
    ++line;
    const auto equals = setting.find('=');
    const auto key = trim(std::string_view(setting).substr(0, equals));
    if (equals == std::string::npos || key.empty() || setting.find_first_of("\r\n") != std::string::npos) {
      diagnostics.error({.file = name, .line = line}, in_quotes(setting) + " is no setting",
                        "write KEY=VALUE, for example ladder.route.addresses=5");
      good = false;
      continue;
    }
    const auto value = trim(std::string_view(setting).substr(equals + 1));
    const bool is_value = is_toml_value(value);
    if (!is_value && looks_like_integer(value)) {
      diagnostics.error({.file = name, .line = line},
                        printable(key, 80) + ": " + printable(value, 40) + " is out of range");
      good = false;
      continue;
    }
    text += std::string(key) + " = " + (is_value ? std::string(value) : quoted(value)) + '\n';
  }
  auto above = good ? parse_toml(text, name, diagnostics) : std::nullopt;
  if (!above) {
    return false;
  }
  mark(*above);
  merge(root, std::move(*above));
  return true;
}

}  // namespace ipguard::config
