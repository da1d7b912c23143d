// What access logs are made of: columns parted by single blanks, some of them quoted.
#pragma once

#include <cstddef>
#include <string_view>

#include "base/ascii.h"
#include "match/formats/request.h"
#include "net/address.h"

namespace ipguard::match {

// Takes the next column off `rest`; columns are parted by one `separator`.
inline std::string_view take_column(std::string_view& rest, char separator = ' ') {
  const auto end = rest.find(separator);
  const auto column = rest.substr(0, end);
  rest = end == std::string_view::npos ? std::string_view{} : rest.substr(end + 1);
  return column;
}

// A quoted field at `position`, after its blank; moves behind it. False when there is no complete one.
inline bool take_quoted(std::string_view text, size_t& position, std::string_view& content) {
  if (text.substr(position, 2) != " \"") {
    return false;
  }
  const size_t end = find_closing_quote(text, position + 2);
  if (end == std::string_view::npos) {
    return false;
  }
  content = text.substr(position + 2, end - position - 2);
  position = end + 1;
  return true;
}

// Whether a column is an address, with a port or without: addresses that long columns hold are not looked for.
inline bool is_address(std::string_view column) {
  return column.size() <= 64 && net::Address::parse_logged(column).has_value();
}

// What may be the name of a virtual host, with or without a port.
inline bool is_vhost_column(std::string_view column) {
  if (column.empty() || column.size() > 300) {
    return false;
  }
  for (const char c : column) {
    if (!is_alnum(c) && c != '.' && c != '-' && c != '_' && c != ':' && c != '[' && c != ']' && c != '*') {
      return false;
    }
  }
  return true;
}

// Text or nothing, where a hyphen stands for nothing.
inline std::string_view without_hyphen(std::string_view column) { return column == "-" ? std::string_view{} : column; }

inline bool is_status(std::string_view column) { return column.size() == 3 && all_digits(column); }

// A hyphen or digits, as where a server writes a number that it may not have.
inline bool is_number_or_hyphen(std::string_view column) { return column == "-" || all_digits(column); }

// "ADDRESS:PORT", "[ADDRESS]:PORT", and IPv6 with a bare colon before the port ("2001:db8::1:443", HAProxy): the last
// group is the port, always.
inline std::optional<net::Address> parse_with_port(std::string_view column) {
  const size_t colon = column.rfind(':');
  if (column.size() > 64 || colon == std::string_view::npos || column.size() - colon > 6 ||
      !all_digits(column.substr(colon + 1))) {
    return std::nullopt;
  }
  auto address = column.substr(0, colon);
  if (address.starts_with('[') && address.ends_with(']')) {
    address = address.substr(1, address.size() - 2);
  }
  return net::Address::parse(address);
}

}  // namespace ipguard::match
