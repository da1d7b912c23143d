#include "enforce/nftables_access.h"

#include <linux/netlink.h>

#include "enforce/netlink_socket.h"
#include "enforce/nft_queries.h"

namespace ipguard::enforce {

Result<> ask_nftables() {
  auto socket = NetlinkSocket::open(NETLINK_NETFILTER);
  if (!socket) {
    return std::unexpected(add_context(socket, "the kernel has no nftables"));
  }
  auto generation = ruleset_generation(*socket);
  if (generation) {
    return {};
  }
  const auto code = generation.error().code;
  return code == Errc::permission ? std::unexpected(std::move(generation.error()))
                                  : std::unexpected(add_context(generation, "the kernel has no nftables"));
}

}  // namespace ipguard::enforce
