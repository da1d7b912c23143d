// Coverage: how much a ban covers, in the units that budgets, JSON and people use.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "net/prefix.h"

namespace ipguard::model {

// IPv6 is counted in subnets (net/site.h): its addresses are beyond any number.
struct Coverage {
  uint64_t ipv4_addresses = 0;
  uint64_t ipv6_64s = 0;  // covered wholly or in part; saturating at 2^64 - 1

  // Of disjoint prefixes, in any order.
  [[nodiscard]] static Coverage of(const std::vector<net::Prefix>& prefixes);
  // "256 IPv4 addresses", "65,536 IPv6 /64 networks", "1 IPv4 address and 1 IPv6 /64 network", "nothing".
  [[nodiscard]] std::string to_string() const;

  friend bool operator==(const Coverage&, const Coverage&) = default;
};

}  // namespace ipguard::model
