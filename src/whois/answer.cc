#include "whois/answer.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdint>

#include "base/ascii.h"

namespace ipguard::whois {
namespace {

constexpr std::string_view found_line = "dbstatus: ok - data found\r\n";
constexpr std::string_view missing_line = "dbstatus: warning - no data available\r\n";

// Bytes of the character at the beginning of `text`, as UTF-8 has it; 1 for what is none. `harmless` if a terminal
// would not obey it: C0 and C1 controls, also as single bytes, and DEL are told apart.
struct Character {
  size_t bytes = 1;
  bool harmless = true;
};
Character first_character(std::string_view text) {
  const auto byte = [&](size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned char lead = byte(0);
  if (lead < 0x80) {
    return {.harmless = lead >= 0x20 && lead != 0x7f};
  }
  const size_t bytes = lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : lead >= 0xc0 ? 2 : 1;
  size_t there = 1;
  while (there < bytes && there < text.size() && (byte(there) & 0xc0U) == 0x80U) {
    ++there;
  }
  if (bytes == 1 || there < bytes) {
    return {.bytes = 1, .harmless = lead >= 0xa0};
  }
  return {.bytes = bytes, .harmless = lead != 0xc2 || byte(1) >= 0xa0};
}

bool is_plain(char c) { return c >= ' ' && c <= '~'; }

// Calls `pass` with what of `text` is harmless, and `stop` with what is not.
template <typename Pass, typename Stop>
void for_each_part(std::string_view text, const Pass& pass, const Stop& stop) {
  while (!text.empty()) {
    auto bytes = static_cast<size_t>(std::ranges::find_if_not(text, is_plain) - text.begin());
    bool harmless = true;
    if (bytes == 0) {
      const auto character = first_character(text);
      bytes = character.bytes;
      harmless = character.harmless;
    }
    harmless ? pass(text.substr(0, bytes)) : stop(text.substr(0, bytes));
    text.remove_prefix(bytes);
  }
}

// A value of the database as it is, but on one line and without what a terminal would obey.
void append_value(std::string& text, std::string_view value) {
  constexpr std::string_view digits = "0123456789abcdef";
  for_each_part(
      value, [&](std::string_view part) { text += part; },
      [&](std::string_view part) {
        for (const char c : part) {
          const auto byte = static_cast<unsigned char>(c);
          text.append("\\x").append(1, digits[byte >> 4U]).append(1, digits[byte & 15U]);
        }
      });
}

void append_line(std::string& text, std::string_view key, std::string_view value) {
  append_value(text, key);
  text += ": ";
  append_value(text, value);
  text += "\r\n";
}

// An IPv6 address whose text ends like an IPv4 address (RFC 4291 2.2.3), because only its last 32 bits are set.
bool is_compatible(const net::Address& address) {
  const auto& bytes = address.bytes();
  return !address.is_ipv4() && std::all_of(bytes.begin(), bytes.begin() + 12, [](uint8_t byte) { return byte == 0; }) &&
         (bytes[12] | bytes[13]) != 0;
}

// Sixteen bits in hexadecimal, without leading zeros.
void append_group(std::string& text, uint8_t high, uint8_t low) {
  std::array<char, 4> digits;
  const auto value = static_cast<unsigned>(high << 8U | low);
  text.append(digits.data(), std::to_chars(digits.data(), digits.data() + digits.size(), value, 16).ptr);
}

std::string route_line(const net::Prefix& route) {
  std::string text = "route: ";
  if (is_compatible(route.address())) {
    const auto& bytes = route.address().bytes();
    // As Python's ipaddress writes it, and so the small server.
    text += "::";
    append_group(text, bytes[12], bytes[13]);
    text += ':';
    append_group(text, bytes[14], bytes[15]);
    text += '/' + std::to_string(route.length());
  } else {
    route.append_to(text);
  }
  return text += "\r\n";
}

void append_address_answer(std::string& text, const net::Address& address, const Directory& directory) {
  const size_t begin = text.size();
  const auto head = directory.record(
      address, [&text](std::string_view key, std::string_view value) { append_line(text, key, value); });
  if (!head.found) {
    text.resize(begin);
  }
  text.insert(begin, route_line(head.route));
  if (directory.own_knowledge) {
    for (const auto& [key, value] : directory.own_knowledge(address)) {
      append_line(text, key, value);
    }
  }
  text += head.found ? found_line : missing_line;
}

size_t append_prefix_answer(std::string& text, const net::Prefix& prefix, const Directory& directory) {
  constexpr size_t route_cost = 2;
  const size_t begin = text.size();
  text += "prefix: " + prefix.to_string() + "\r\n\r\n";
  const auto list = directory.records_within(prefix, most_routes);
  size_t told = 0;
  for (const auto& record : list.records) {
    if (text.size() - begin >= most_answer_bytes) {
      break;
    }
    ++told;
    text += route_line(record.route);
    for (const auto& [key, value] : record.fields) {
      append_line(text, key, value);
    }
    text += "\r\n";
  }
  if (list.cut || told < list.records.size()) {
    append_line(text, "remark", "only the first " + std::to_string(told) + " routes are shown");
  }
  text += list.records.empty() ? missing_line : found_line;
  return 1 + route_cost * list.records.size();
}

size_t append_system_answer(std::string& text, net::Asn asn, const Directory& directory) {
  append_line(text, "asn", asn.to_string());
  const auto system = directory.system(asn);
  if (!system) {
    text += missing_line;
    return 1;
  }
  append_line(text, "as_name", system->name);
  append_line(text, "ipv4_addresses", std::to_string(system->size.ipv4_addresses));
  append_line(text, "ipv6_64s", std::to_string(system->size.ipv6_64s));
  for (const auto& prefix : system->prefixes) {
    text += "prefix: ";
    prefix.append_to(text);
    text += "\r\n";
  }
  text += found_line;
  return system_row_cost + system->prefixes.size();
}

void append_padded(std::string& text, std::string_view value, size_t width) {
  text += value;
  text.append(value.size() < width ? width - value.size() : 0, ' ');
}

// Columns are told apart by bars and lines by their ends: neither may stand in a name.
void append_name(std::string& text, std::string_view name) {
  const size_t begin = text.size();
  for_each_part(
      name.empty() ? std::string_view("NA") : name, [&](std::string_view part) { text += part; },
      [&](std::string_view part) { text.append(part.size(), ' '); });
  std::replace(text.begin() + static_cast<ptrdiff_t>(begin), text.end(), '|', ' ');
}

void append_number(std::string& text, uint32_t number) {
  std::array<char, 10> digits;  // 2^32 - 1 has as many
  text.append(digits.data(), std::to_chars(digits.data(), digits.data() + digits.size(), number).ptr);
}

// Country, registry and date.
void append_origin(std::string& text, std::string_view country_code, std::string_view registry) {
  append_padded(text, country_code.size() == 2 && std::ranges::all_of(country_code, is_letter) ? country_code : "NA",
                2);
  text += " | ";
  append_padded(text, registry.empty() ? "NA" : registry, 8);
  text += " | NA         | ";
}

void append_row_answer(std::string& text, const Query& query, const Directory& directory) {
  if (query.kind == Query::Kind::asn) {
    const auto system = directory.system_row(query.asn).value_or(model::SystemRow{});
    if (!query.no_header) {
      text += query.verbose ? "AS      | CC | Registry | Allocated  | AS Name\r\n" : "AS Name\r\n";
    }
    if (query.verbose) {
      append_padded(text, std::to_string(query.asn.number), 7);
      text += " | ";
      append_origin(text, system.country_code, system.registry);
    }
    append_name(text, system.name);
    text += "\r\n";
    return;
  }
  if (!query.no_header) {
    append_header(text, query.verbose);
  }
  model::RouteRow row;
  directory.rows({&query.address, 1}, {&row, 1});
  append_row(text, query.address, row, query.verbose);
}

constexpr std::string_view help_text =
    "ADDRESS       route, AS and country of an IPv4 or IPv6 address\r\n"
    "PREFIX        the routes inside a prefix such as 192.0.2.0/24\r\n"
    "AS64500       name, size and prefixes of an autonomous system\r\n"
    "-v ADDRESS    as one row of columns; -v AS64500, -v begin; -f leaves the columns' names out\r\n"
    "begin         many addresses and AS, one a line, up to `end`; `verbose` for all columns,\r\n"
    "              `noheader` for none of their names\r\n"
    "help          this text\r\n";

}  // namespace

size_t append_answer(std::string& text, const Query& query, const Directory& directory) {
  switch (query.kind) {
    case Query::Kind::address:
      query.row ? append_row_answer(text, query, directory) : append_address_answer(text, query.address, directory);
      return 1;
    case Query::Kind::prefix:
      return append_prefix_answer(text, query.prefix, directory);
    case Query::Kind::asn:
      if (!query.row) {
        return append_system_answer(text, query.asn, directory);
      }
      append_row_answer(text, query, directory);
      return system_row_cost;
    case Query::Kind::help:
      text += help_text;
      return 1;
    case Query::Kind::bulk:
    case Query::Kind::invalid:
      break;
  }
  text += error_line(query.error);
  return 1;
}

std::string error_line(std::string_view message) {
  std::string text;
  append_line(text, "error", message);
  return text;
}

void append_header(std::string& text, bool verbose) {
  text += verbose ? "AS      | IP               | BGP Prefix          | CC | Registry | Allocated  | AS Name\r\n"
                  : "AS      | IP               | AS Name\r\n";
}

void append_row(std::string& text, const net::Address& address, const model::RouteRow& row, bool verbose) {
  const model::Route& facts = *row.facts;
  size_t begin = text.size();
  const auto pad = [&](size_t width) {
    const size_t written = text.size() - begin;
    text.append(written < width ? width - written : 0, ' ');
    text += " | ";
    begin = text.size();
  };
  if (facts.asn) {
    append_number(text, facts.asn->number);
  } else {
    text += "NA";
  }
  pad(7);
  address.append_to(text);
  pad(16);
  if (verbose) {
    if (facts.found) {
      row.route.append_to(text);
    } else {
      text += "NA";
    }
    pad(19);
    append_origin(text, facts.country_code, row.registry);
  }
  append_name(text, facts.as_name);
  text += "\r\n";
}

void append_system_row(std::string& text, net::Asn asn, const Directory& directory, bool verbose) {
  const auto system = directory.system_row(asn).value_or(model::SystemRow{});
  append_padded(text, std::to_string(asn.number), 7);
  text += verbose ? " | NA               | NA                  | " : " | NA               | ";
  if (verbose) {
    append_origin(text, system.country_code, system.registry);
  }
  append_name(text, system.name);
  text += "\r\n";
}

}  // namespace ipguard::whois
