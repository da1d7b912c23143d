// Text for people: tables that fit the terminal, spans of time, JSON on stdout.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/time.h"
#include "cli/options.h"

namespace ipguard::cli {

// Columns are as wide as their widest cell. On a narrow terminal the last column, which says most, is wrapped under
// itself; where too little room is left for it, it goes below its row; and where not even the others fit, each row
// becomes a paragraph of "HEADER cell" pairs. Cells must be printable() already.
class Table {
 public:
  explicit Table(std::vector<std::string> header);
  // `notes` are lines of their own below the row, never wrapped (they are to be copied).
  void add(std::vector<std::string> row, std::vector<std::string> notes = {});
  // `width` in columns; nullopt = unlimited (not a terminal).
  [[nodiscard]] std::string to_string(std::optional<size_t> width) const;
  // One line a row, header first, none longer than `width`. Where they do not fit, columns with these headers are left
  // out, the first named ones first, but never the first two; what is too long in the last one then ends in "…". Notes
  // are left out.
  [[nodiscard]] std::vector<std::string> to_lines(size_t width, std::span<const std::string_view> dispensable) const;
  [[nodiscard]] bool empty() const { return rows_.empty(); }

 private:
  struct Row {
    std::vector<std::string> cells;
    std::vector<std::string> notes;
  };
  struct Layout;

  [[nodiscard]] Layout layout(std::optional<size_t> width) const;
  void append_row(std::string& text, const std::vector<std::string>& cells, const Layout& layout) const;
  void append_paragraph(std::string& text, const std::vector<std::string>& cells, size_t width) const;

  std::vector<std::string> header_;
  std::vector<Row> rows_;
};

// Columns that UTF-8 text takes on a terminal, one a code point.
[[nodiscard]] size_t display_width(std::string_view text);
// `text` in lines of at most `width` columns, broken at blanks where there are any, each behind `indent` blanks.
[[nodiscard]] std::string wrapped(std::string_view text, size_t width, size_t indent);
// The whole text if it fits `width` columns; otherwise its beginning with "…" behind it.
[[nodiscard]] std::string shortened(std::string_view text, size_t width);
// The width of the terminal on stdout; where stdout is none, what the environment's COLUMNS says, nullopt without it.
[[nodiscard]] std::optional<size_t> terminal_width();
// What a decision covers: "256 IPv4 addresses".
[[nodiscard]] std::string coverage_text(const Json& decision);
// Writes indented JSON, or one line when `compact`; never throws on invalid UTF-8.
void print_json(const Json& json, bool compact = false);
// A JSON string made printable, "-" for null or missing.
[[nodiscard]] std::string cell(const Json& object, const char* key);
// Whether the daemon that a reply is from runs dry, by the reply's `mode`.
[[nodiscard]] bool is_dry_run(const Json& reply);
// Time left until an RFC 3339 stamp in whole units ("3h59m"); "permanent" for null.
[[nodiscard]] std::string time_left(const Json& until, TimePoint now);
// At most the two largest units: "1d2h" instead of "1d2h3m4s".
[[nodiscard]] std::string short_duration(Seconds span);

}  // namespace ipguard::cli
