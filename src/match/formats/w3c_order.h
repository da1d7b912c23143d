// Which column of the W3C extended log format holds what, as a #Fields directive says.
#pragma once

#include <cstddef>
#include <optional>
#include <string_view>

namespace ipguard::match {

struct W3cOrder {
  static constexpr size_t most_columns = 64;
  static constexpr size_t nowhere = most_columns;

  size_t columns = 0;
  size_t date = 0;
  size_t time = 1;
  size_t method = nowhere;
  size_t stem = nowhere;
  size_t query = nowhere;
  size_t client = nowhere;
  size_t status = nowhere;
  size_t agent = nowhere;
  size_t referer = nowhere;
  size_t user = nowhere;
  size_t port = nowhere;
  size_t bytes = nowhere;
  size_t host = nowhere;
  size_t protocol = nowhere;
  size_t forwarded = nowhere;
  size_t numbers_from = nowhere;  // all columns from here on are numbers
};

// The directive that says what the columns are.
inline constexpr std::string_view w3c_fields_mark = "#Fields:";

// What a line of the log is about: "#Fields: date time …". nullopt if the line is no such directive, or one without
// what an access log has to say (client, path).
// https://www.w3.org/TR/WD-logfile, https://learn.microsoft.com/windows/win32/http/w3c-logging
[[nodiscard]] std::optional<W3cOrder> parse_w3c_fields(std::string_view line, std::string_view forwarded = {});

// "#Fields:", "#Software:", "#Date:" and the like: no line of any request.
[[nodiscard]] bool is_w3c_directive(std::string_view line);

}  // namespace ipguard::match
