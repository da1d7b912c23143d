// Netblocks: every block of addresses around one address that something can be said of.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include "enrich/iana_blocks.h"
#include "enrich/owner_index.h"
#include "enrich/route_reader.h"
#include "net/address.h"

namespace ipguard::enrich {

struct Netblocks {
  net::Address address;
  RouteReader::Answer answer;  // the route, and whose it is
  // First and last address of the run of adjacent routes of the same AS; nullopt without an AS.
  std::optional<std::pair<net::Address, net::Address>> range;
  std::span<const IanaBlock* const> blocks;  // special-purpose and registries' blocks, narrowest first
  const Owner* system = nullptr;             // the AS as a whole
};

// Used by one thread. Walks the databases once, when it is made (RouteTable::systems()).
class NetblockFinder {
 public:
  explicit NetblockFinder(std::shared_ptr<const RouteTable> table);

  // See RouteReader::expect().
  void expect(uint64_t addresses) { reader_.expect(addresses); }
  // Valid as long as the finder.
  [[nodiscard]] Netblocks find(const net::Address& address);
  // Of many, in two steps, because of many addresses in the same route the second one can often be spared: route and
  // blocks (`result` is overwritten); range and system.
  void find_routes(std::span<const net::Address> addresses, std::vector<Netblocks>& result);
  void complete(Netblocks& netblocks);
  [[nodiscard]] const model::Route& facts(const Netblocks& netblocks) const {
    return reader_.facts(netblocks.answer.facts);
  }
  [[nodiscard]] const RecordFields& further_fields(const Netblocks& netblocks) const {
    return reader_.further_fields(netblocks.answer.facts);
  }

 private:
  RouteReader reader_;
  const OwnerIndex& systems_;
  std::vector<const Owner*> system_of_facts_;
  std::vector<RouteReader::Answer> answers_;  // scratch
};

}  // namespace ipguard::enrich
