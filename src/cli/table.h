// Text for people: tables that fit the terminal, spans of time, JSON on stdout.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "cli/options.h"

namespace ipguard::cli {

// Columns are as wide as their widest cell; on a terminal that is too narrow the last column is wrapped under itself.
// Cells must be printable() already.
class Table {
 public:
  explicit Table(std::vector<std::string> header);
  void add(std::vector<std::string> row);
  // `width` in columns; nullopt = unlimited (not a terminal).
  [[nodiscard]] std::string to_string(std::optional<size_t> width) const;
  [[nodiscard]] bool empty() const { return rows_.empty(); }

 private:
  std::vector<std::string> header_;
  std::vector<std::vector<std::string>> rows_;
};

// Columns that UTF-8 text takes on a terminal, one a code point.
[[nodiscard]] size_t display_width(std::string_view text);
// The width of the terminal on stdout; nullopt when stdout is none.
[[nodiscard]] std::optional<size_t> terminal_width();
// Writes indented JSON, or one line when `compact`; never throws on invalid UTF-8.
void print_json(const Json& json, bool compact = false);
// A JSON string made printable, "-" for null or missing.
[[nodiscard]] std::string cell(const Json& object, const char* key);
// Time left until an RFC 3339 stamp in whole units ("3h59m"); "permanent" for null.
[[nodiscard]] std::string time_left(const Json& until, TimePoint now);
// At most the two largest units: "1d2h" instead of "1d2h3m4s".
[[nodiscard]] std::string short_duration(Seconds span);

}  // namespace ipguard::cli
