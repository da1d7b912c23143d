#include "whois/query.h"

#include <algorithm>

#include "base/ascii.h"
#include "base/text.h"

namespace ipguard::whois {
namespace {

Query invalid(std::string error) {
  Query query;
  query.error = std::move(error);
  return query;
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

bool is_word(std::string_view text, std::string_view lower_case_word) {
  return std::ranges::equal(text, lower_case_word, [](char a, char b) { return to_lower(a) == b; });
}

std::string_view without_dot(std::string_view text) {
  return text.ends_with('.') ? text.substr(0, text.size() - 1) : text;
}

std::optional<net::Asn> parse_system(std::string_view text) {
  return is_word(text.substr(0, 2), "as") ? net::Asn::parse(text) : std::nullopt;
}

Line first_line(std::string_view bytes) {
  const size_t end = bytes.find('\n');
  auto text = bytes.substr(0, end);
  if (text.ends_with('\r')) {
    text.remove_suffix(1);
  }
  if (text.size() > longest_line) {
    return {.state = Line::State::too_long, .text = {}};
  }
  if (end == std::string_view::npos) {
    return {};
  }
  return {.state = Line::State::whole, .text = text, .taken = end + 1};
}

Query parse_query(std::string_view line) {
  Query query;
  auto text = trim(line);
  if (!take_flags(text, query)) {
    return invalid("unknown flag; ask for help");
  }
  text = without_dot(text);
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
  } else if (const auto asn = parse_system(text)) {
    query.kind = Query::Kind::asn;
    query.asn = *asn;
  } else if (text.find('/') != std::string_view::npos) {
    const auto prefix = net::Prefix::parse(text);
    if (!prefix) {
      return invalid(printable(prefix.error().message));
    }
    query.kind = Query::Kind::prefix;
    query.prefix = *prefix;
  } else {
    return invalid(in_quotes(text) + " is no IPv4 or IPv6 address, no prefix and no AS number");
  }
  if (query.row && (query.kind == Query::Kind::prefix || query.kind == Query::Kind::help)) {
    return invalid("-v and -f go before an address, an AS number or begin");
  }
  return query;
}

}  // namespace ipguard::whois
