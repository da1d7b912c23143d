// A whois query: one line (RFC 3912). Foreign bytes.
#pragma once

#include <string>
#include <string_view>

#include "net/address.h"
#include "net/asn.h"
#include "net/prefix.h"

namespace ipguard::whois {

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
  // Team Cymru's flags before an address or AS: the answer is a row of columns instead of "key: value" lines.
  bool row = false;
  bool verbose = false;    // -v: prefix, country, registry and date as well
  bool no_header = false;  // -f: without the columns' names
  std::string error;       // of an invalid one; printable
};

// `line` without its end.
[[nodiscard]] Query parse_query(std::string_view line);

}  // namespace ipguard::whois
