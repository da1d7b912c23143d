// RulesetWatch: tells when somebody (ipguard included) changed nftables, through NFNLGRP_NFTABLES notifications.
#pragma once

#include <optional>

#include "enforce/netlink_socket.h"

namespace ipguard::enforce {

// Owned by the loop thread.
class RulesetWatch {
 public:
  // Subscribes; if that fails, fd() is -1 and nothing is ever told (logged once).
  RulesetWatch();

  // Readable when something changed.
  [[nodiscard]] int fd() const { return socket_ ? socket_->fd() : -1; }
  // Throws the notifications away: what they say does not matter, the enforcer asks the kernel itself.
  void drain();

 private:
  std::optional<NetlinkSocket> socket_;
};

}  // namespace ipguard::enforce
