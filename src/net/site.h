// How much of IPv6 one party has: what hosts are counted by.
#pragma once

#include "net/address.h"
#include "net/prefix.h"

namespace ipguard::net {

// A subnet, the least that anybody gets: 64 bits are left to the host (RFC 4291 2.5.1, and RFC 7421 why), so that
// whoever has one has 2^64 addresses to change between.
inline constexpr unsigned subnet_length = 64;
// A site, as RFC 3177 gave them out. RFC 6177, which takes its place, leaves the size to providers: what they give is
// mostly between this and a subnet.
inline constexpr unsigned site_length = 48;

// The length of what one host counts as: an IPv4 address, an IPv6 subnet.
[[nodiscard]] constexpr unsigned host_length(Family family) { return family == Family::ipv4 ? 32U : subnet_length; }
// What the host with the address counts as, whatever other addresses it takes.
[[nodiscard]] inline Prefix host_unit(const Address& address) { return {address, host_length(address.family())}; }

}  // namespace ipguard::net
