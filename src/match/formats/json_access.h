// Records that are lines of an access log: which servers' they are, by their names.
#pragma once

#include <string_view>

#include "match/formats/record.h"

namespace ipguard::match {

// The names that a server gives its values; an empty one is not there. A record is the server's if it has the client,
// the status (where that has a name), and either the request line or method (where that has a name) and target.
//
// The client is the name that the other end of the connection has. What a server takes from X-Forwarded-For or
// X-Real-IP is the client's to write, unless a proxy in front replaces it, which the record does not say. Where
// `witness` names the address that the server believes in, and the two differ, the other end is a proxy and the true
// client is hearsay: such a record has no address, unless the source says which proxies to trust (forwarded_client.h).
struct AccessNames {
  std::string_view client{};
  std::string_view witness{};
  std::string_view status{};
  std::string_view request{};  // the whole request line
  std::string_view method{};
  std::string_view target{};
  std::string_view query{};
  std::string_view protocol{};
  std::string_view bytes{};
  std::string_view referer{};
  std::string_view user_agent{};
  std::string_view user{};
  std::string_view vhost{};
};

// Whether the record is a server's that gives its values these names.
[[nodiscard]] bool has_names(const AccessNames& names, Record record);
// Fills the access fields and the address (not kind, format, time) of a record that has the names. `line`: the whole
// line.
void fill_by_names(const AccessNames& names, Record record, std::string_view line, const ParseContext& context,
                   model::Event& event);

// The same for any of the servers that are known; false if the record is none of theirs.
[[nodiscard]] bool fill_access(Record record, std::string_view line, const ParseContext& context, model::Event& event);

}  // namespace ipguard::match
