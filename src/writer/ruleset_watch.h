// RulesetWatch: what other programs change in our table, told by NFNLGRP_NFTABLES notifications.
#pragma once

#include <bitset>
#include <cstdint>
#include <optional>
#include <string>

#include "enforce/netlink_socket.h"
#include "enforce/nft_sets.h"

namespace ipguard::writer {

// By set_index().
using SetMask = std::bitset<enforce::set_count>;

// Owned by the enforcer. Our own elements never wake it: the kernel drops those notifications before they are queued,
// so that a batch of any size costs no look at the sets.
class RulesetWatch {
 public:
  // Subscribes; `own_port` is the netlink port that our element transactions come from. If that fails, fd() is -1 and
  // every change of the ruleset has to count as one of our sets (logged once).
  explicit RulesetWatch(uint32_t own_port);

  // Readable when somebody else changed nftables (any table).
  [[nodiscard]] int fd() const { return socket_ ? socket_->fd() : -1; }
  // For a big transaction of our own: as long as anybody listens, the kernel writes a notification for each element,
  // which costs a third of the time. What others do meanwhile has to be found out in another way.
  void set_listening(bool listening);
  // Reads what has come and returns the sets whose elements may have changed since the last call; all of them when
  // notifications were lost. Chains and rules are not told of here: the enforcer compares those itself.
  [[nodiscard]] SetMask drain();
  // The last program to change our table of those that the last drain() told of, "nft (process 4711)"; "another
  // program" if it told of none.
  [[nodiscard]] const std::string& culprit() const { return culprit_; }

 private:
  void on_message(const nlmsghdr& message, SetMask& touched);

  uint32_t own_port_;
  std::optional<enforce::NetlinkSocket> socket_;
  bool ours_concerned_ = false;  // a message of the transaction that is being read named our table
  std::string culprit_ = "another program";
};

}  // namespace ipguard::writer
