#include "whois/query.h"

#include <algorithm>
#include <cctype>

#include "base/text.h"

namespace ipguard::whois {
namespace {

Query invalid(std::string error) {
  Query query;
  query.error = std::move(error);
  return query;
}

bool is_word(std::string_view text, std::string_view word) {
  return std::ranges::equal(text, word,
                            [](char a, char b) { return std::tolower(static_cast<unsigned char>(a)) == b; });
}

// Takes "-v", "-f" and both together from the front.
bool take_flags(std::string_view& text, Query& query) {
  while (text.starts_with('-')) {
    const auto word = text.substr(1, text.find_first_of(" \t") - 1);
    for (const char flag : word) {
      if (flag != 'v' && flag != 'f') {
        return false;
      }
      query.verbose |= flag == 'v';
      query.no_header |= flag == 'f';
    }
    query.row = true;
    text = trim(text.substr(1 + word.size()));
  }
  return true;
}

}  // namespace

Query parse_query(std::string_view line) {
  Query query;
  auto text = trim(line);
  if (!take_flags(text, query)) {
    return invalid("unknown flag; ask for help");
  }
  text = text.ends_with('.') ? text.substr(0, text.size() - 1) : text;
  if (text.empty()) {
    return invalid("empty query; ask for an IPv4 or IPv6 address, a prefix, an AS number or help");
  }
  if (const auto address = net::Address::parse(text)) {
    query.kind = Query::Kind::address;
    query.address = *address;
  } else if (is_word(text, "begin")) {
    query.kind = Query::Kind::bulk;
  } else if (is_word(text, "help") || text == "?") {
    query.kind = Query::Kind::help;
  } else if (text.size() > 2 && is_word(text.substr(0, 2), "as") && net::Asn::parse(text)) {
    query.kind = Query::Kind::asn;
    query.asn = *net::Asn::parse(text);
  } else if (text.find('/') != std::string_view::npos) {
    const auto prefix = net::Prefix::parse(text);
    if (!prefix) {
      return invalid(printable(prefix.error().message));
    }
    query.kind = Query::Kind::prefix;
    query.prefix = *prefix;
  } else {
    return invalid("'" + printable(text, 80) + "' is no IPv4 or IPv6 address, no prefix and no AS number");
  }
  return query;
}

}  // namespace ipguard::whois
