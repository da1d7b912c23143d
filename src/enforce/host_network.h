// What of the host's network must stay reachable: its own addresses, its gateways, its resolvers.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "enforce/netlink_socket.h"
#include "enforce/protection.h"

struct nlmsghdr;

namespace ipguard::enforce {

// Loopback, link-local IPv6 (neighbour discovery), the unspecified address, multicast and broadcast: on every host.
[[nodiscard]] std::vector<ProtectedPrefix> always_protected();

// Every address of every interface, by getifaddrs(3): "own address on eth0".
[[nodiscard]] Result<std::vector<ProtectedPrefix>> own_addresses();

// Next hops of the default routes of all routing tables, by rtnetlink(7). At most 256.
[[nodiscard]] Result<std::vector<ProtectedPrefix>> default_gateways(NetlinkSocket& route_socket);

// Whether an rtnetlink notification can change own_addresses() or default_gateways(). A router with a full table
// sees thousands of other route changes a minute.
[[nodiscard]] bool concerns_protection(const nlmsghdr& message);

// The addresses of `nameserver` lines (resolv.conf(5)); anything else in the text is ignored. At most 64.
[[nodiscard]] std::vector<net::Address> parse_resolv_conf(std::string_view text);
// The same of files; those that are missing or unreadable count as empty.
[[nodiscard]] std::vector<ProtectedPrefix> resolvers(const std::vector<std::string>& paths);

}  // namespace ipguard::enforce
