#include "writer/ruleset_watch.h"

#include <arpa/inet.h>
#include <libmnl/libmnl.h>
#include <linux/filter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netlink.h>
#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <cstddef>

#include "base/log.h"
#include "base/text.h"
#include "writer/attributes.h"

namespace ipguard::writer {

namespace {

constexpr const char* unknown_program = "another program";

// A datagram holds messages of one transaction only, so the port in its first header is that of all. A classic filter
// loads words in network order.
Result<> drop_notifications_of(int fd, uint32_t port) {
  std::array<sock_filter, 4> code = {{
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(nlmsghdr, nlmsg_pid)),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, htonl(port), 0, 1),
      BPF_STMT(BPF_RET | BPF_K, 0),
      BPF_STMT(BPF_RET | BPF_K, UINT32_MAX),
  }};
  const sock_fprog program{static_cast<unsigned short>(code.size()), code.data()};
  if (setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof program) != 0) {
    return fail_errno("cannot attach a socket filter", errno);
  }
  return {};
}

SetMask mask_of(std::string_view set) {
  SetMask mask;
  for (size_t i = 0; i < enforce::sets.size(); ++i) {
    mask[i] = enforce::sets.at(i).name == set;
  }
  return mask;
}

std::string program_of(const nlmsghdr& generation) {
  const Attributes attributes = Attributes::of(generation);
  const std::string_view name = attributes.text(NFTA_GEN_PROC_NAME);
  if (name.empty() || attributes.at(NFTA_GEN_PROC_PID) == nullptr) {
    return unknown_program;
  }
  return printable(name, 32) + " (process " + std::to_string(attributes.number32(NFTA_GEN_PROC_PID)) + ")";
}

}  // namespace

RulesetWatch::RulesetWatch(uint32_t own_port) : own_port_(own_port) {
  auto socket = enforce::NetlinkSocket::open(NETLINK_NETFILTER, 1U << (NFNLGRP_NFTABLES - 1));
  if (!socket) {
    log_warning("changes of nftables by others are noticed late: " + socket.error().message);
    return;
  }
  if (auto filtered = drop_notifications_of(socket->fd(), own_port); !filtered) {
    log_debug("our own changes of nftables wake us too: " + filtered.error().message);
  }
  socket_.emplace(std::move(*socket));
}

void RulesetWatch::set_listening(bool listening) {
  if (!socket_) {
    return;
  }
  if (auto done = socket_->set_membership(NFNLGRP_NFTABLES, listening); !done && listening) {
    log_warning("changes of nftables by others are noticed late: " + done.error().message);
    socket_.reset();
  }
}

SetMask RulesetWatch::drain() {
  SetMask touched;
  culprit_ = unknown_program;
  if (socket_ && !socket_->drain([&](const nlmsghdr& message) { on_message(message, touched); })) {
    touched.set();
    ours_concerned_ = false;
  }
  return touched;
}

void RulesetWatch::on_message(const nlmsghdr& message, SetMask& touched) {
  if (mnl_nlmsg_get_payload_len(&message) < sizeof(nfgenmsg) || message.nlmsg_type >> 8 != NFNL_SUBSYS_NFTABLES ||
      message.nlmsg_pid == own_port_) {
    return;
  }
  const auto type = static_cast<uint16_t>(message.nlmsg_type & 0xff);
  if (type == NFT_MSG_NEWGEN) {  // ends the transaction
    if (ours_concerned_) {
      culprit_ = program_of(message);
      ours_concerned_ = false;
    }
    return;
  }
  // In every other message the first attribute is the table, and with elements and sets the second one the set.
  static_assert(NFTA_SET_ELEM_LIST_TABLE == 1 && NFTA_SET_TABLE == 1 && NFTA_TABLE_NAME == 1 && NFTA_RULE_TABLE == 1);
  const auto* header = static_cast<const nfgenmsg*>(mnl_nlmsg_get_payload(&message));
  const Attributes attributes = Attributes::of(message);
  if (header->nfgen_family != enforce::inet_family || attributes.text(1) != enforce::table_name) {
    return;
  }
  ours_concerned_ = true;
  switch (type) {
    case NFT_MSG_DELTABLE:
      touched.set();
      break;
    case NFT_MSG_DELSET:
      touched |= mask_of(attributes.text(NFTA_SET_NAME));
      break;
    case NFT_MSG_DELSETELEM:
      if (message.nlmsg_pid == 0) {
        break;  // nobody asked for it: a time-out (Linux 6.18 does not tell of those at all)
      }
      [[fallthrough]];
    case NFT_MSG_NEWSETELEM:
      touched |= mask_of(attributes.text(NFTA_SET_ELEM_LIST_SET));
      break;
    default:
      break;
  }
}

}  // namespace ipguard::writer
