#include "enforce/ruleset_watch.h"

#include <linux/netfilter/nfnetlink.h>
#include <linux/netlink.h>

#include "base/log.h"

namespace ipguard::enforce {

RulesetWatch::RulesetWatch() {
  auto socket = NetlinkSocket::open(NETLINK_NETFILTER, 1U << (NFNLGRP_NFTABLES - 1));
  if (socket) {
    socket_.emplace(std::move(*socket));
  } else {
    log_warning("changes of nftables by others will not be noticed: " + socket.error().message);
  }
}

void RulesetWatch::drain() {
  if (socket_) {
    socket_->drain([](const nlmsghdr&) {});
  }
}

}  // namespace ipguard::enforce
