#include "config/document.h"

#include <toml++/toml.h>

#include <algorithm>
#include <exception>
#include <tuple>
#include <utility>

#include "base/ascii.h"
#include "base/file.h"
#include "base/text.h"

namespace ipguard::config {
namespace {

// toml++ 3.3 bounds nested values (TOML_MAX_NESTED_VALUES, 256) but not dotted keys: "a.a.a…" of a few hundred
// kilobytes nests tables so deep that destroying them exhausts the stack. No key of ours is deeper than two.
constexpr unsigned max_dots_in_key = 8;

Place to_place(const toml::source_position& position) { return {.line = position.line, .column = position.column}; }

// Finds the first key with too many dots. It knows just enough of TOML: strings, comments, and what ends a key.
class DotCounter {
 public:
  explicit DotCounter(std::string_view text) : text_(text) {}

  // The place of the first dot too many.
  std::optional<Place> find() {
    unsigned dots = 0;
    while (at_ < text_.size()) {
      const char c = text_[at_];
      if (c == '"' || c == '\'') {
        skip_string(c);
        continue;
      }
      if (c == '#') {
        at_ = std::min(text_.find('\n', at_), text_.size());
        continue;
      }
      if (c == '.') {
        if (++dots > max_dots_in_key) {
          return place();
        }
      } else if (!is_key_character(c)) {
        dots = 0;
      }
      ++at_;
    }
    return std::nullopt;
  }

 private:
  static bool is_key_character(char c) {
    return is_alnum(c) || c == '_' || c == '-' || c == ' ' || c == '\t' || static_cast<unsigned char>(c) >= 0x80;
  }

  // Moves behind the string that begins at at_.
  void skip_string(char quote) {
    const std::string triple(3, quote);
    const bool multi_line = text_.substr(at_).starts_with(triple);
    at_ += multi_line ? 3 : 1;
    while (at_ < text_.size()) {
      const char c = text_[at_];
      if (c == '\\' && quote == '"') {
        at_ += 2;
      } else if (multi_line && text_.substr(at_).starts_with(triple)) {
        at_ += 3;
        // Up to two quotes may belong to the string's end: """a""""" is a"".
        for (int extra = 0; extra < 2 && at_ < text_.size() && text_[at_] == quote; ++extra) {
          ++at_;
        }
        return;
      } else {
        ++at_;
        if (!multi_line && (c == quote || c == '\n')) {
          return;
        }
      }
    }
  }

  [[nodiscard]] Place place() const {
    const auto before = text_.substr(0, at_);
    const auto line_start = before.rfind('\n') + 1;  // npos + 1 is 0
    const auto continuation = [](char c) { return (static_cast<unsigned char>(c) & 0xc0U) == 0x80U; };
    const auto in_line = before.substr(line_start);
    return {.line = static_cast<uint32_t>(1 + std::ranges::count(before, '\n')),
            .column = static_cast<uint32_t>(1 + in_line.size() -
                                            static_cast<size_t>(std::ranges::count_if(in_line, continuation)))};
  }

  std::string_view text_;
  size_t at_ = 0;
};

Value convert(const toml::node& node);

void convert_table(const toml::table& table, Value& value) {
  value.type = Value::Type::table;
  value.entries.reserve(table.size());
  for (const auto& [key, child] : table) {
    value.entries.push_back(
        {.key = std::string(key.str()), .place = to_place(key.source().begin), .value = convert(child)});
  }
  // toml++ sorts keys by name; people read them in the order in which they wrote them.
  std::ranges::sort(value.entries, [](const Entry& a, const Entry& b) {
    return std::tie(a.place.line, a.place.column) < std::tie(b.place.line, b.place.column);
  });
}

Value convert(const toml::node& node) {
  Value value;
  value.place = to_place(node.source().begin);
  if (const auto* table = node.as_table()) {
    convert_table(*table, value);
  } else if (const auto* array = node.as_array()) {
    value.type = Value::Type::array;
    value.items.reserve(array->size());
    for (const auto& item : *array) {
      value.items.push_back(convert(item));
    }
  } else if (const auto* text = node.as_string()) {
    value.type = Value::Type::string;
    value.text = text->get();
  } else if (const auto* integer = node.as_integer()) {
    value.type = Value::Type::integer;
    value.integer = integer->get();
  } else if (const auto* number = node.as_floating_point()) {
    value.type = Value::Type::number;
    value.number = number->get();
  } else if (const auto* boolean = node.as_boolean()) {
    value.type = Value::Type::boolean;
    value.boolean = boolean->get();
  } else {
    value.type = Value::Type::time;
  }
  return value;
}

void replace_all(std::string& text, std::string_view from, std::string_view to) {
  for (size_t at = text.find(from); at != std::string::npos; at = text.find(from, at + to.size())) {
    text.replace(at, from.size(), to);
  }
}

// toml++'s own words ("Error while parsing key-value pair: expected value, saw '\n'") in ours.
std::string syntax_message(std::string_view description) {
  constexpr std::string_view prefix = "Error while parsing ";
  if (description.starts_with(prefix)) {
    description.remove_prefix(prefix.size());
  }
  std::string text = "TOML syntax: " + std::string(description);
  replace_all(text, "saw '\\n'", "found the end of the line");
  replace_all(text, ", saw ", ", found ");
  return text;
}

std::string syntax_hint(std::string_view description) {
  const auto has = [&](std::string_view words) { return description.find(words) != std::string_view::npos; };
  if (has("escape sequence")) {
    return "put regular expressions in single quotes: a backslash is an ordinary character there";
  }
  if (has("cannot redefine")) {
    return "write every key and every [table] once; [[table]] adds one more";
  }
  if (has("control characters")) {
    return "close the quotes; a text of several lines stands in triple quotes";
  }
  if (has("leading zeroes")) {
    return "write the number without leading zeroes, or in quotes if it is a text";
  }
  return {};
}

}  // namespace

std::string_view type_name(Value::Type type) {
  switch (type) {
    case Value::Type::string:
      return "string";
    case Value::Type::integer:
      return "integer";
    case Value::Type::number:
      return "float";
    case Value::Type::boolean:
      return "boolean";
    case Value::Type::time:
      return "date or time";
    case Value::Type::array:
      return "array";
    case Value::Type::table:
      return "table";
  }
  return "value";
}

void report_path(const std::string& path, const model::Location* place, const std::string& problem,
                 Diagnostics& diagnostics) {
  if (place == nullptr) {
    diagnostics.error({.file = path}, problem);
  } else {
    diagnostics.error(*place, "paths: " + printable(path, 120) + ": " + problem);
  }
}

std::optional<std::string> read_document(const std::string& path, std::string_view what, Diagnostics& diagnostics,
                                         const model::Location* place) {
  auto text = read_file(path, max_document_bytes);
  if (text) {
    return *std::move(text);
  }
  // The path stands in front of every diagnostic; it need not be there twice.
  std::string_view reason = text.error().message;
  const std::string prefix = "cannot read " + path + ": ";
  if (reason.starts_with(prefix)) {
    reason.remove_prefix(prefix.size());
  }
  report_path(path, place, "cannot read " + std::string(what) + ": " + std::string(reason), diagnostics);
  return std::nullopt;
}

std::optional<Value> parse_toml(std::string_view text, const std::string& name, Diagnostics& diagnostics) {
  const auto at = [&](Place place) {
    return model::Location{.file = name, .line = place.line, .column = place.column};
  };
  if (text.size() > max_document_bytes) {
    diagnostics.error(at({}), "the file is larger than 4 MiB");
    return std::nullopt;
  }
  diagnostics.keep_text(name, text);
  if (const auto place = DotCounter(text).find()) {
    diagnostics.error(at(*place), "TOML syntax: a key with more than " + std::to_string(max_dots_in_key) + " dots",
                      "put texts in quotes");
    return std::nullopt;
  }
  try {
    const toml::table table = toml::parse(text, std::string_view(name));
    return convert(table);
  } catch (const toml::parse_error& error) {
    diagnostics.error(at(to_place(error.source().begin)), syntax_message(error.description()),
                      syntax_hint(error.description()));
  } catch (const std::exception& error) {
    diagnostics.error(at({}), std::string("cannot parse: ") + error.what());
  }
  return std::nullopt;
}

}  // namespace ipguard::config
