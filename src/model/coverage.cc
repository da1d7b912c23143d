#include "model/coverage.h"

#include <algorithm>
#include <limits>
#include <set>

#include "base/text.h"
#include "net/cover.h"
#include "net/site.h"

namespace ipguard::model {

Coverage Coverage::of(const std::vector<net::Prefix>& prefixes) {
  Coverage result;
  std::set<net::Prefix> parts;  // the /64 networks that narrower prefixes lie in: each counts once
  for (const auto& prefix : prefixes) {
    uint64_t count = 0;
    if (prefix.family() == net::Family::ipv4) {
      result.ipv4_addresses += net::count_addresses(prefix);
    } else if (prefix.length() > net::subnet_length) {
      count = parts.emplace(prefix.address(), net::subnet_length).second ? 1 : 0;
    } else {
      count =
          prefix.length() == 0 ? std::numeric_limits<uint64_t>::max() : 1ULL << (net::subnet_length - prefix.length());
    }
    const uint64_t room = std::numeric_limits<uint64_t>::max() - result.ipv6_64s;
    result.ipv6_64s += std::min(count, room);
  }
  return result;
}

std::string Coverage::to_string() const {
  const auto ipv4 = counted(ipv4_addresses, "IPv4 address", "IPv4 addresses");
  const auto ipv6 = counted(ipv6_64s, "IPv6 /64 network", "IPv6 /64 networks");
  if (ipv6_64s == 0) {
    return ipv4_addresses == 0 ? "nothing" : ipv4;
  }
  return ipv4_addresses == 0 ? ipv6 : ipv4 + " and " + ipv6;
}

}  // namespace ipguard::model
