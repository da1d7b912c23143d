// How `netblocks` shows what it found.
#pragma once

#include <string>
#include <unordered_map>
#include <vector>

#include "cli/json_writer.h"
#include "enrich/netblocks.h"

namespace ipguard::cli {

// {"address","found","netblocks":[{"kind":"route",…},{"kind":"range",…},…,{"kind":"asn",…}]}, narrowest first. Of one
// finder's answers: what belongs to the same facts or block is written once and kept.
class NetblocksJson {
 public:
  void write(JsonWriter& json, const enrich::Netblocks& netblocks, const model::Route& facts);

 private:
  struct Kept {
    std::string route;   // the rest of the route's object
    std::string system;  // the AS's object
  };
  [[nodiscard]] const Kept& kept(const enrich::Netblocks& netblocks, const model::Route& facts);

  std::vector<Kept> kept_;  // by number of the facts; empty = not yet written
  std::unordered_map<const enrich::IanaBlock*, std::string> blocks_;
};

// One line for bulk: address, route, range, block, ASN, AS name, country, separated by tabs; "-" for none. Of special
// and registry blocks the narrowest one.
void append_netblocks_row(std::string& text, const enrich::Netblocks& netblocks, const model::Route& facts);
[[nodiscard]] std::string netblocks_header();

// A table for people, with a heading.
[[nodiscard]] std::string netblocks_text(const enrich::Netblocks& netblocks, const model::Route& facts);

}  // namespace ipguard::cli
