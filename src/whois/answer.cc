#include "whois/answer.h"

#include <algorithm>
#include <array>
#include <charconv>

namespace ipguard::whois {
namespace {

constexpr std::string_view found_line = "dbstatus: ok - data found\r\n";
constexpr std::string_view missing_line = "dbstatus: warning - no data available\r\n";

// A value of the database as it is, but on one line and without what a terminal would obey.
void append_value(std::string& text, std::string_view value) {
  constexpr std::string_view digits = "0123456789abcdef";
  const auto is_control = [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; };
  while (true) {
    const auto stop = std::ranges::find_if(value, is_control);
    text.append(value.begin(), stop);
    if (stop == value.end()) {
      return;
    }
    const auto byte = static_cast<unsigned char>(*stop);
    text.append("\\x").append(1, digits[byte >> 4U]).append(1, digits[byte & 15U]);
    value = {stop + 1, value.end()};
  }
}

void append_line(std::string& text, std::string_view key, std::string_view value) {
  append_value(text, key);
  text += ": ";
  append_value(text, value);
  text += "\r\n";
}

std::string route_line(const net::Prefix& route) {
  std::string text = "route: ";
  route.append_to(text);
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

void append_prefix_answer(std::string& text, const net::Prefix& prefix, const Directory& directory) {
  text += "prefix: " + prefix.to_string() + "\r\n\r\n";
  auto records = directory.records_within(prefix, most_routes + 1);
  const bool more = records.size() > most_routes;
  records.resize(std::min(records.size(), most_routes));
  for (const auto& record : records) {
    text += route_line(record.route);
    for (const auto& [key, value] : record.fields) {
      append_line(text, key, value);
    }
    text += "\r\n";
  }
  if (more) {
    append_line(text, "remark", "only the first " + std::to_string(most_routes) + " routes are shown");
  }
  text += records.empty() ? missing_line : found_line;
}

void append_system_answer(std::string& text, net::Asn asn, const Directory& directory) {
  append_line(text, "asn", asn.to_string());
  const auto system = directory.system(asn);
  if (!system) {
    text += missing_line;
    return;
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
}

void append_padded(std::string& text, std::string_view value, size_t width) {
  text += value;
  text.append(value.size() < width ? width - value.size() : 0, ' ');
}

// Columns are told apart by bars and lines by their ends: neither may stand in a name.
void append_name(std::string& text, std::string_view name) {
  for (const char c : name) {
    const auto byte = static_cast<unsigned char>(c);
    text += byte >= 0x20 && byte != 0x7f && c != '|' ? c : ' ';
  }
}

void append_row_answer(std::string& text, const Query& query, const Directory& directory) {
  if (query.kind == Query::Kind::asn) {
    const auto system = directory.system(query.asn);
    text += query.no_header ? "" : "AS Name\r\n";
    append_name(text, system ? std::string_view(system->name) : "NA");
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
    "-v ADDRESS    as one row of columns; -f leaves the columns' names out\r\n"
    "begin         many addresses, one a line, up to `end`; `verbose` for all columns,\r\n"
    "              `noheader` for none of their names\r\n"
    "help          this text\r\n";

}  // namespace

void append_answer(std::string& text, const Query& query, const Directory& directory) {
  switch (query.kind) {
    case Query::Kind::address:
      return query.row ? append_row_answer(text, query, directory)
                       : append_address_answer(text, query.address, directory);
    case Query::Kind::prefix:
      return append_prefix_answer(text, query.prefix, directory);
    case Query::Kind::asn:
      return query.row ? append_row_answer(text, query, directory) : append_system_answer(text, query.asn, directory);
    case Query::Kind::help:
      text += help_text;
      return;
    case Query::Kind::bulk:
    case Query::Kind::invalid:
      break;
  }
  text += error_line(query.error);
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
    std::array<char, 10> digits;  // 2^32 - 1 has as many
    text.append(digits.data(), std::to_chars(digits.data(), digits.data() + digits.size(), facts.asn->number).ptr);
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
    append_padded(text, facts.country_code.size() == 2 ? std::string_view(facts.country_code) : "NA", 2);
    text += " | ";
    append_padded(text, row.registry.empty() ? "NA" : row.registry, 8);
    text += " | NA         | ";
  }
  append_name(text, facts.as_name.empty() ? std::string_view("NA") : std::string_view(facts.as_name));
  text += "\r\n";
}

}  // namespace ipguard::whois
