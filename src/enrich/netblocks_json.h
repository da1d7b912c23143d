// How netblocks are told: as JSON, and in which order.
#pragma once

#include <string>
#include <unordered_map>
#include <vector>

#include "base/json_writer.h"
#include "enrich/netblocks.h"

namespace ipguard::enrich {

// {"address","found","netblocks":[{"kind":"route",…},{"kind":"range",…},…,{"kind":"asn",…}]}, narrowest first. What
// belongs to the same facts or block is written once and kept.
class NetblocksJson {
 public:
  // The finder must outlive it.
  explicit NetblocksJson(const NetblockFinder& finder) : finder_(finder) {}

  // Of the finder's answers.
  void write(JsonWriter& json, const Netblocks& netblocks);
  // What follows the address.
  void write_rest(JsonWriter& json, const Netblocks& netblocks);

 private:
  struct Kept {
    std::string route;   // the rest of the route's object
    std::string system;  // the AS's object
  };
  [[nodiscard]] const Kept& kept(const Netblocks& netblocks);

  const NetblockFinder& finder_;
  std::vector<Kept> kept_;  // by number of the facts; empty = not yet written
  std::unordered_map<const IanaBlock*, std::string> blocks_;
};

// Host bits of what is at least as large as the run of routes: where blocks stand in the order of widths.
[[nodiscard]] unsigned range_bits(const Netblocks& netblocks);

// Calls the three functions for route, range and blocks from the narrowest to the widest; of equals in this order.
template <typename Route, typename Range, typename Block>
void in_order(const Netblocks& netblocks, const Route& route, const Range& range, const Block& block) {
  const unsigned bits = netblocks.address.bits();
  const unsigned route_bits = bits - netblocks.answer.length;
  bool route_told = false;
  bool range_told = !netblocks.range;
  const auto tell_up_to = [&](unsigned host_bits) {
    if (!route_told && route_bits <= host_bits) {
      route();
      route_told = true;
    }
    if (!range_told && range_bits(netblocks) <= host_bits) {
      range();
      range_told = true;
    }
  };
  for (const IanaBlock* around : netblocks.blocks) {
    tell_up_to(bits - around->prefix.length());
    block(*around);
  }
  tell_up_to(bits);
}

}  // namespace ipguard::enrich
