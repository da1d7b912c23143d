#include "enrich/netblocks.h"

namespace ipguard::enrich {

NetblockFinder::NetblockFinder(std::shared_ptr<const RouteTable> table)
    : reader_(std::move(table)), systems_(reader_.table().systems()) {}

Netblocks NetblockFinder::find(const net::Address& address) { return complete(address, reader_.find(address)); }

void NetblockFinder::find(std::span<const net::Address> addresses, std::vector<Netblocks>& result) {
  answers_.resize(addresses.size());
  reader_.find(addresses, answers_);
  result.clear();
  for (size_t i = 0; i < addresses.size(); ++i) {
    result.push_back(complete(addresses[i], answers_[i]));
  }
}

Netblocks NetblockFinder::complete(const net::Address& address, const RouteReader::Answer& answer) {
  Netblocks result{.address = address,
                   .answer = answer,
                   .range = std::nullopt,
                   .blocks = IanaBlocks::get().around(address),
                   .system = nullptr};
  // Facts are numbered in the order in which they were met.
  while (system_of_facts_.size() < reader_.fact_count()) {
    const auto& asn = reader_.facts(static_cast<uint32_t>(system_of_facts_.size())).asn;
    system_of_facts_.push_back(asn ? systems_.find(asn->number) : nullptr);
  }
  result.system = system_of_facts_[answer.facts];
  if (result.system != nullptr) {
    result.range = systems_.range_around(*result.system, address);
  }
  return result;
}

}  // namespace ipguard::enrich
