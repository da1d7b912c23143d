#include "enforce/nftables_access.h"

#include <libmnl/libmnl.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netlink.h>

#include <array>

#include "enforce/netlink_socket.h"

namespace ipguard::enforce {

Result<> ask_nftables() {
  auto socket = NetlinkSocket::open(NETLINK_NETFILTER);
  if (!socket) {
    return std::unexpected(add_context(socket, "the kernel has no nftables"));
  }
  alignas(NLMSG_ALIGNTO) std::array<char, NLMSG_HDRLEN + sizeof(nfgenmsg)> bytes{};
  nlmsghdr* question = mnl_nlmsg_put_header(bytes.data());
  question->nlmsg_type = static_cast<uint16_t>(NFNL_SUBSYS_NFTABLES << 8 | NFT_MSG_GETGEN);
  question->nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK;
  mnl_nlmsg_put_extra_header(question, sizeof(nfgenmsg));
  auto asked = socket->ask(*question, "cannot ask nftables for its generation", [](const nlmsghdr&) {});
  if (asked || asked.error().code == Errc::permission) {
    return asked;
  }
  return std::unexpected(add_context(asked, "the kernel has no nftables"));
}

}  // namespace ipguard::enforce
