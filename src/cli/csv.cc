#include "cli/csv.h"

#include <algorithm>

namespace ipguard::cli {

std::optional<CsvReader::Record> CsvReader::next() {
  if (rest_.empty()) {
    return std::nullopt;
  }
  Record record{.line = line_, .fields = {}};
  for (;;) {
    record.fields.push_back(rest_.starts_with('"') ? quoted() : unquoted());
    const bool more = rest_.starts_with(',');
    rest_.remove_prefix(std::min<size_t>(rest_.size(), 1));
    if (!more) {
      ++line_;
      return record;
    }
  }
}

// Leaves the comma or line feed behind the field.
std::string CsvReader::quoted() {
  std::string field;
  rest_.remove_prefix(1);
  for (;;) {
    const auto quote = rest_.find('"');
    const auto part = rest_.substr(0, quote);
    field += part;
    line_ += static_cast<size_t>(std::ranges::count(part, '\n'));
    rest_.remove_prefix(part.size());
    if (rest_.empty()) {
      return field;
    }
    rest_.remove_prefix(1);
    if (!rest_.starts_with('"')) {
      break;
    }
    field += '"';
    rest_.remove_prefix(1);
  }
  return field + unquoted();  // what stands between the quote and the comma is not dropped
}

std::string CsvReader::unquoted() {
  auto part = rest_.substr(0, rest_.find_first_of(",\n"));
  rest_.remove_prefix(part.size());
  if (part.ends_with('\r') && !rest_.starts_with(',')) {
    part.remove_suffix(1);
  }
  return std::string(part);
}

std::string csv_field(std::string_view text) {
  if (text.find_first_of(",\"\r\n") == std::string_view::npos) {
    return std::string(text);
  }
  std::string field = "\"";
  for (const char c : text) {
    field += c == '"' ? "\"\"" : std::string(1, c);
  }
  return field + '"';
}

}  // namespace ipguard::cli
