// RouteTable: route, AS and country of an address from one or more MMDB files, and all prefixes of an AS.
// libmaxminddb stays behind enrich/mmdb.h.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "enrich/database_file.h"
#include "enrich/lookup_index.h"
#include "enrich/owner_index.h"
#include "model/country.h"
#include "model/record.h"
#include "model/route.h"
#include "net/address.h"
#include "net/asn.h"
#include "net/prefix.h"

namespace ipguard::enrich {

struct DatabaseInfo {
  std::string path;
  std::string type;                  // metadata database_type
  std::string description;           // English description: carries the attribution
  uint64_t build_epoch = 0;          // seconds since 1970; as the file says, up to 2^64 - 1
  std::optional<uint64_t> networks;  // number of networks with a record: known once the tree has been walked
};

// From this age on a database is called old: routes and owners move.
inline constexpr uint64_t old_database_days = 45;
// Whole days since it was built; 0 where that is still to come (the file says what it likes).
[[nodiscard]] inline uint64_t age_days(const DatabaseInfo& info, TimePoint now) {
  constexpr uint64_t seconds_a_day = 86400;
  const auto today = static_cast<uint64_t>(std::chrono::floor<Seconds>(now.time_since_epoch()).count());
  return (today - std::min(info.build_epoch, today)) / seconds_a_day;
}

// What the databases of a table can tell, by their types and by a sample of their records.
struct Knowledge {
  bool asn = false;
  bool country = false;   // its code
  bool anything = false;  // that ipguard has a use for
};

// Bytes of the indexes built so far; 0 = not built.
struct IndexSizes {
  size_t systems = 0;
  size_t countries = 0;
  size_t lookups = 0;
};

// Immutable after open; may be shared between threads (look-ups are const and reentrant).
class RouteTable {
 public:
  // Opens and verifies all files (metadata, search tree bounds, a sample of records); the later ones fill what the
  // earlier ones lack (AS from one, country from another; the route is the longest prefix among those that gave
  // something). A corrupt, truncated or foreign file is Errc::corrupt with the reason and the path; a sound file
  // without any field that ipguard knows is accepted with a warning in the log. No path at all is an empty table. The
  // file is mapped: it is to be replaced by rename, unless what is mapped is a copy.
  [[nodiscard]] static Result<std::shared_ptr<const RouteTable>> open(const std::vector<std::string>& paths,
                                                                      const CopyFolder& copy_in = {});
  ~RouteTable();
  RouteTable(const RouteTable&) = delete;
  RouteTable& operator=(const RouteTable&) = delete;

  // Never fails: an address without data yields found = false and the route that the first database's tree gives (::/0
  // for IPv6 when all are IPv4 databases). A damaged record or tree counts as no data in that database (damaged());
  // when no database can tell a route, it is the address alone.
  [[nodiscard]] model::Route lookup(const net::Address& address) const;
  // The record's fields of the first database that has one, in its own order; empty without data.
  [[nodiscard]] RecordFields fields(const net::Address& address) const;
  // All prefixes of the AS or country, aggregated and disjoint, v4 then v6; empty for an unknown one. From systems()
  // and countries().
  [[nodiscard]] std::vector<net::Prefix> prefixes_of(net::Asn asn) const;
  [[nodiscard]] std::vector<net::Prefix> prefixes_of_country(model::Country country) const;
  // The route at the start of the AS's largest range, for its name and country; nullopt for an unknown AS.
  [[nodiscard]] std::optional<model::Route> any_route_of(net::Asn asn) const;
  // The parts of `prefix` whose facts lookup() would give and `wanted` accepts, as disjoint prefixes, sorted. `wanted`
  // gets AS, country and continent only, once for all networks with the same records; networks without data are not
  // asked about. Costs by the networks inside: 20 ms for a /8. Addresses that are others' aliases (2002::/16 …) are
  // looked at only if `prefix` lies in such a range. Errc::corrupt when a tree or record there is damaged.
  [[nodiscard]] Result<std::vector<net::Prefix>> parts_where(
      const net::Prefix& prefix, const std::function<bool(const model::Route&)>& wanted) const;
  // lookup()'s route and found with fields(), in one go: what a whois server answers with. If nothing is found (a
  // record may turn out to be damaged at its end), the fields that `take` got are void.
  [[nodiscard]] model::RecordHead record(const net::Address& address, const model::TakeField& take) const;
  [[nodiscard]] model::Record record(const net::Address& address) const;
  // The same of the routes inside `prefix` that have data, in order, at most `most`; of the one around it if that is a
  // single one. Costs by the routes told, not by the addresses inside. Inside of a wider IPv6 prefix, what are IPv4
  // addresses or aliases of them is left out, see Mmdb::walk(). Where a tree is damaged, the list is cut.
  [[nodiscard]] model::RecordList records_within(const net::Prefix& prefix, size_t most) const;
  // The scalars of the record itself (not of maps and lists in it) that are no facts of model::Route: labels of one's
  // own netblocks, say. Of several databases all of them; of the same key the first one's.
  [[nodiscard]] RecordFields further_fields(const net::Address& address) const;
  // Every AS, every country, with all its ranges. The first call of each walks the trees once and keeps the index (a
  // third of a second for 1.66 million networks), later ones are free. Empty if a tree is damaged.
  [[nodiscard]] const OwnerIndex& systems() const;
  [[nodiscard]] const OwnerIndex& countries() const;
  // Whether systems() need not be waited for.
  [[nodiscard]] bool systems_known() const;
  // Makes the look-ups of many addresses fast (RouteReader): 0.4 s and 25 MB for 1.66 million networks; again, it does
  // nothing. To be called where that many are wanted, from any thread. A damaged tree is left without.
  void index_lookups() const;
  // One a database, in order; empty until they are built, or without any.
  [[nodiscard]] std::span<const LookupIndex> lookup_indexes() const;
  [[nodiscard]] IndexSizes index_sizes() const;
  [[nodiscard]] Knowledge knowledge() const;
  [[nodiscard]] std::vector<DatabaseInfo> databases() const;
  // How many look-ups and networks met a damaged record or tree. The first one is also logged.
  [[nodiscard]] uint64_t damaged() const;

 private:
  struct Impl;
  explicit RouteTable(std::unique_ptr<Impl> impl);
  friend class RouteReader;
  std::unique_ptr<Impl> impl_;
};

}  // namespace ipguard::enrich
