// A whois query: one line (RFC 3912). Foreign bytes.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "net/address.h"
#include "net/asn.h"
#include "net/prefix.h"

namespace ipguard::whois {

// Of a query and of a line of a bulk query; bytes without the line's end, LF or CRLF.
inline constexpr size_t longest_line = 255;

struct Query {
  enum class Kind {
    address,  // 192.0.2.7, 2001:db8::1, ::ffff:192.0.2.7; a dot and blanks may follow
    prefix,   // 192.0.2.0/24
    asn,      // AS64500
    help,     // help, ?
    bulk,     // begin: addresses follow, one a line, up to `end`
    invalid,
  };
  Kind kind = Kind::invalid;
  net::Address address;
  net::Prefix prefix;
  net::Asn asn;
  // Team Cymru's flags before an address, an AS or `begin`: the answer is rows of columns instead of "key: value"
  // lines.
  bool row = false;
  bool verbose = false;    // -v: prefix, country, registry and date as well
  bool no_header = false;  // -f: without the columns' names
  std::string error;       // of an invalid one; printable
};

// `line` without its end.
[[nodiscard]] Query parse_query(std::string_view line);

// What queries and the lines of bulk queries have in common: words of any case, a dot that may follow, "AS64500".
[[nodiscard]] bool is_word(std::string_view text, std::string_view lower_case_word);
[[nodiscard]] std::string_view without_dot(std::string_view text);
[[nodiscard]] std::optional<net::Asn> parse_system(std::string_view text);

// The first line of `bytes`, without its end.
struct Line {
  enum class State { partial, whole, too_long };
  State state = State::partial;
  std::string_view text;
  size_t taken = 0;  // bytes of a whole one, with its end
};
[[nodiscard]] Line first_line(std::string_view bytes);

}  // namespace ipguard::whois
