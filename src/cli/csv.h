// Comma-separated values (RFC 4180).
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace ipguard::cli {

// Reads records from a text that outlives it. Lenient as others are: LF ends a record as well as CRLF, a quote inside
// of an unquoted field stands for itself, what is still quoted at the end of the text ends there.
class CsvReader {
 public:
  struct Record {
    size_t line = 0;  // on which it begins, from 1
    std::vector<std::string> fields;
  };

  explicit CsvReader(std::string_view text) : rest_(text) {}
  // nullopt at the end of the text.
  [[nodiscard]] std::optional<Record> next();

 private:
  std::string quoted();
  std::string unquoted();

  std::string_view rest_;
  size_t line_ = 1;
};

// A field as it stands in a record: quoted if it has to be.
[[nodiscard]] std::string csv_field(std::string_view text);

}  // namespace ipguard::cli
