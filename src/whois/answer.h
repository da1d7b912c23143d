// The texts that the whois server answers with. Lines end in CRLF (RFC 3912).
#pragma once

#include <string>
#include <string_view>

#include "model/record.h"
#include "net/address.h"
#include "whois/directory.h"
#include "whois/query.h"

namespace ipguard::whois {

// Of the routes inside a prefix, so many are told.
inline constexpr size_t most_routes = 1000;

// "route: …", the record's fields, "dbstatus: …" for an address; the same for each route inside a prefix; name, size
// and prefixes for an AS; "error: …" for what is invalid; at the end of `text`. Not for Kind::bulk.
void append_answer(std::string& text, const Query& query, const Directory& directory);

[[nodiscard]] std::string error_line(std::string_view message);

// Team Cymru's columns (https://www.team-cymru.com/ip-asn-mapping): "AS | IP | AS Name", and in between "BGP Prefix",
// "CC", "Registry" and "Allocated" if verbose. NA for what is not known; the date never is.
void append_header(std::string& text, bool verbose);
void append_row(std::string& text, const net::Address& address, const model::RouteRow& row, bool verbose);

}  // namespace ipguard::whois
