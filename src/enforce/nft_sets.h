// The eight sets of the table `inet ipguard`: names and shapes, in one place.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "model/scope.h"
#include "net/address.h"

namespace ipguard::enforce {

inline constexpr std::string_view table_name = "ipguard";
inline constexpr uint8_t inet_family = 1;  // its family: NFPROTO_INET of linux/netfilter.h

struct SetShape {
  std::string_view name;
  model::Scope scope;
  net::Family family;
  bool interval;             // routes and AS blocks; single addresses are in hash sets, where adding is O(1)
  std::string_view comment;  // for the administrator who lists the table
};

inline constexpr size_t set_count = 2 * model::scope_count;
// Indexed by set_index(); cheap look-ups first, and the rules of a chain follow this order.
inline constexpr std::array<SetShape, set_count> sets = {{
    {"address4", model::Scope::address, net::Family::ipv4, false, "banned IPv4 addresses"},
    {"address6", model::Scope::address, net::Family::ipv6, false, "banned IPv6 addresses"},
    {"route4", model::Scope::route, net::Family::ipv4, true, "banned IPv4 routes"},
    {"route6", model::Scope::route, net::Family::ipv6, true, "banned IPv6 routes"},
    {"asn4", model::Scope::asn, net::Family::ipv4, true, "IPv4 prefixes of banned autonomous systems"},
    {"asn6", model::Scope::asn, net::Family::ipv6, true, "IPv6 prefixes of banned autonomous systems"},
    {"country4", model::Scope::country, net::Family::ipv4, true, "IPv4 prefixes of banned countries"},
    {"country6", model::Scope::country, net::Family::ipv6, true, "IPv6 prefixes of banned countries"},
}};

[[nodiscard]] constexpr size_t set_index(model::Scope scope, net::Family family) {
  return static_cast<size_t>(scope) * 2 + (family == net::Family::ipv4 ? 0 : 1);
}

// Bytes of a key as the kernel holds it.
[[nodiscard]] constexpr uint32_t key_length(const SetShape& shape) { return net::address_bits(shape.family) / 8; }
// nft's number for ipv4_addr and ipv6_addr, kept by the kernel for userspace (enum datatypes of nftables 1.0).
[[nodiscard]] constexpr uint32_t key_type(const SetShape& shape) { return shape.family == net::Family::ipv4 ? 7 : 8; }

}  // namespace ipguard::enforce
