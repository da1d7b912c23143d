// A TOML document as plain values with their places. The readers of config/ work on this; toml++ itself stays in
// document.cc, because its header costs seconds in every file that includes it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "config/diagnostic.h"

namespace ipguard::config {

// Line and column in the document, from 1; the column counts code points.
struct Place {
  uint32_t line = 0;
  uint32_t column = 0;
  bool in_settings = false;  // the document is not the file but what was laid over it (config/settings.h)
};

struct Entry;

struct Value {
  enum class Type : uint8_t { string, integer, number, boolean, time, array, table };

  Type type = Type::table;
  Place place;
  std::string text;            // string
  int64_t integer = 0;         // integer
  double number = 0;           // number: a TOML float
  bool boolean = false;        // boolean
  std::vector<Value> items;    // array
  std::vector<Entry> entries;  // table, in the order of the document; keys are unique
};

struct Entry {
  std::string key;
  Place place;
  Value value;
};

// "string", "integer", … as people know them from TOML's own documentation.
[[nodiscard]] std::string_view type_name(Value::Type type);

// Larger documents are refused.
inline constexpr size_t max_document_bytes = 4U << 20;

// Reports what is wrong with a path itself: at `place`, where "paths" names it, or, if that is null, for the file.
void report_path(const std::string& path, const model::Location* place, const std::string& problem,
                 Diagnostics& diagnostics);

// The text of a file that parse_toml() is to read; nullopt after "cannot read WHAT: …" was reported (report_path()).
[[nodiscard]] std::optional<std::string> read_document(const std::string& path, std::string_view what,
                                                       Diagnostics& diagnostics,
                                                       const model::Location* place = nullptr);

// The root table of `text`; nullopt after a syntax error, which is reported with its place in `name`. The text is kept
// in `diagnostics` for source lines. Nesting is bounded, so that no document can exhaust the stack.
[[nodiscard]] std::optional<Value> parse_toml(std::string_view text, const std::string& name, Diagnostics& diagnostics);

}  // namespace ipguard::config
