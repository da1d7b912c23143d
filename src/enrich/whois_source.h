// WhoisSource: what a whois server needs of the databases.
#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "enrich/route_reader.h"
#include "enrich/route_table.h"
#include "model/record.h"
#include "net/address.h"
#include "net/asn.h"
#include "net/prefix.h"

namespace ipguard::enrich {

// Used by one thread. Look-ups use the table's indexes once somebody has built them; wants_index() tells when that
// would be worth it.
class WhoisSource {
 public:
  explicit WhoisSource(std::shared_ptr<const RouteTable> table)
      : table_(table), reader_(std::move(table), RouteReader::Indexing::by_others) {}

  // See RouteTable::record().
  [[nodiscard]] model::RecordHead record(const net::Address& address, const model::TakeField& take) {
    reader_.count_lookup();
    return table_->record(address, take);
  }
  [[nodiscard]] model::RecordList records_within(const net::Prefix& prefix, size_t most) const {
    return table_->records_within(prefix, most);
  }
  // Whether the following need not walk the databases first, see RouteTable::systems().
  [[nodiscard]] bool systems_ready() const { return table_->systems_known(); }
  // nullopt for an unknown AS.
  [[nodiscard]] std::optional<model::SystemRecord> system(net::Asn asn) const;
  [[nodiscard]] std::optional<model::SystemRow> system_row(net::Asn asn) const;
  // `rows` is as long as `addresses`.
  void rows(std::span<const net::Address> addresses, std::span<model::RouteRow> rows);
  [[nodiscard]] bool wants_index() const { return reader_.warranted(); }

 private:
  std::shared_ptr<const RouteTable> table_;
  RouteReader reader_;
  std::vector<RouteReader::Answer> answers_;  // scratch
};

}  // namespace ipguard::enrich
