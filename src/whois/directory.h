// Directory: what the whois server asks of the rest of the program.
#pragma once

#include <cstddef>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "model/record.h"
#include "net/address.h"
#include "net/asn.h"
#include "net/prefix.h"

namespace ipguard::whois {

// All called by the server's thread.
struct Directory {
  // `take` gets the fields in the database's order; if nothing is found, what it got is void.
  std::function<model::RecordHead(const net::Address&, const model::TakeField& take)> record;
  std::function<model::RecordList(const net::Prefix&, size_t most)> records_within;
  // Whether what AS have can be told without waiting. If not, it is being found out, and Server::resume() is called
  // when that is done.
  std::function<bool()> systems_ready;
  // nullopt for an unknown AS.
  std::function<std::optional<model::SystemRecord>(net::Asn)> system;
  std::function<std::optional<model::SystemRow>(net::Asn)> system_row;
  // `rows` is as long as `addresses`.
  std::function<void(std::span<const net::Address> addresses, std::span<model::RouteRow> rows)> rows;
  // Further lines of an address's answer, key and value; empty = none.
  std::function<std::vector<std::pair<std::string, std::string>>(const net::Address&)> own_knowledge;
  // A time stamp, for the greeting of the bulk mode.
  std::function<std::string()> now;
};

// Over a source that has calls of these names (enrich::WhoisSource). `source` gives the one to ask and is asked anew
// each time: it may be replaced while the server runs.
template <typename Source>
[[nodiscard]] Directory directory_over(const Source& source, std::string (*now)()) {
  return {.record = [source](const net::Address& address,
                             const model::TakeField& take) { return source()->record(address, take); },
          .records_within = [source](const net::Prefix& prefix,
                                     size_t most) { return source()->records_within(prefix, most); },
          .systems_ready = [source] { return source()->systems_ready(); },
          .system = [source](net::Asn asn) { return source()->system(asn); },
          .system_row = [source](net::Asn asn) { return source()->system_row(asn); },
          .rows = [source](std::span<const net::Address> addresses,
                           std::span<model::RouteRow> rows) { source()->rows(addresses, rows); },
          .own_knowledge = nullptr,
          .now = now};
}

}  // namespace ipguard::whois
