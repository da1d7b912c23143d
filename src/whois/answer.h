// The texts that the whois server answers with. Lines end in CRLF (RFC 3912).
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "model/record.h"
#include "net/address.h"
#include "net/asn.h"
#include "whois/directory.h"
#include "whois/query.h"

namespace ipguard::whois {

// Of the routes inside a prefix, so many are told, in so many bytes and the route that goes beyond.
inline constexpr size_t most_routes = 1000;
inline constexpr size_t most_answer_bytes = size_t{512} << 10;

// "route: …", the record's fields, "dbstatus: …" for an address; the same for each route inside a prefix; name, size
// and prefixes for an AS; "error: …" for what is invalid; at the end of `text`. Not for Kind::bulk. Returns what it
// cost: 1 is about a row of bulk mode, a microsecond.
size_t append_answer(std::string& text, const Query& query, const Directory& directory);
// Whether answering may take thousands of times as long as answering for one address.
[[nodiscard]] inline bool takes_long(const Query& query) {
  return query.kind == Query::Kind::prefix || query.kind == Query::Kind::asn;
}

[[nodiscard]] std::string error_line(std::string_view message);

// Team Cymru's columns (https://www.team-cymru.com/ip-asn-mapping): "AS | IP | AS Name", and in between "BGP Prefix",
// "CC", "Registry" and "Allocated" if verbose. NA for what is not known; the date never is.
void append_header(std::string& text, bool verbose);
void append_row(std::string& text, const net::Address& address, const model::RouteRow& row, bool verbose);
// The same columns of an AS, which has no address. Costs as much as system_row_cost rows.
inline constexpr size_t system_row_cost = 4;
void append_system_row(std::string& text, net::Asn asn, const Directory& directory, bool verbose);

}  // namespace ipguard::whois
