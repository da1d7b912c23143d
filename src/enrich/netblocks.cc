#include "enrich/netblocks.h"

namespace ipguard::enrich {

NetblockFinder::NetblockFinder(std::shared_ptr<const RouteTable> table)
    : reader_(std::move(table)), systems_(reader_.table().systems()) {}

Netblocks NetblockFinder::find(const net::Address& address) {
  Netblocks result{.address = address,
                   .answer = reader_.find(address),
                   .range = std::nullopt,
                   .blocks = IanaBlocks::get().around(address)};
  complete(result);
  return result;
}

void NetblockFinder::find_routes(std::span<const net::Address> addresses, std::vector<Netblocks>& result) {
  answers_.resize(addresses.size());
  reader_.find(addresses, answers_);
  const auto& blocks = IanaBlocks::get();
  result.clear();
  for (size_t i = 0; i < addresses.size(); ++i) {
    result.push_back(
        {.address = addresses[i], .answer = answers_[i], .range = std::nullopt, .blocks = blocks.around(addresses[i])});
  }
}

void NetblockFinder::complete(Netblocks& netblocks) {
  // Facts are numbered in the order in which they were met.
  while (system_of_facts_.size() < reader_.fact_count()) {
    const auto& asn = reader_.facts(static_cast<uint32_t>(system_of_facts_.size())).asn;
    system_of_facts_.push_back(asn ? systems_.find(asn->number) : nullptr);
  }
  netblocks.system = system_of_facts_[netblocks.answer.facts];
  if (netblocks.system != nullptr) {
    netblocks.range = systems_.range_around(*netblocks.system, netblocks.address);
  }
}

}  // namespace ipguard::enrich
