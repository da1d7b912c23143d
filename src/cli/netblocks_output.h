// How `netblocks` shows what it found.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "base/json_writer.h"
#include "enrich/netblocks.h"
#include "enrich/netblocks_json.h"

namespace ipguard::cli {

// Many answers, a line each: JSON as above, or columns.
class NetblocksLines {
 public:
  // The finder must outlive it.
  NetblocksLines(enrich::NetblockFinder& finder, bool json);

  void append(std::string& text, std::span<const net::Address> addresses);
  // Columns only: address, route, range, block, ASN, AS name, country, label (of one's own netblocks), separated by
  // tabs;
  // "-" for none. Of special and registry blocks the narrowest one.
  [[nodiscard]] static std::string header();

 private:
  // A line without its address, as it was written last for a route that has this place: of many addresses most lie in
  // a few routes.
  struct Kept {
    net::Prefix route;
    uint32_t facts = 0;
    const enrich::IanaBlock* const* blocks = nullptr;
    std::optional<std::pair<net::Address, net::Address>> range;
    std::string rest;
    // Whether the line of an address in the same route would be the same. Several databases together may have routes
    // whose addresses are not all in the same range; those without one though they are an AS's are not kept.
    [[nodiscard]] bool fits(const enrich::Netblocks& netblocks) const;
  };

  static constexpr size_t kept_lines = 32768;  // some 15 MB

  void write(std::string& text, enrich::Netblocks& netblocks, Kept& place);
  void append_rest(std::string& text, const enrich::Netblocks& netblocks);

  enrich::NetblockFinder& finder_;
  bool json_;
  enrich::NetblocksJson as_json_;
  JsonWriter writer_;
  std::vector<enrich::Netblocks> found_;
  std::vector<Kept*> places_;  // of those found
  std::vector<Kept> kept_;
};

// A table for people, with a heading.
[[nodiscard]] std::string netblocks_text(const enrich::Netblocks& netblocks, const enrich::NetblockFinder& finder);

}  // namespace ipguard::cli
