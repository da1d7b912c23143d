#include "enforce/protection.h"

#include <linux/netlink.h>
#include <linux/rtnetlink.h>

#include <algorithm>
#include <cstdlib>
#include <unordered_set>
#include <utility>

#include "base/log.h"
#include "base/text.h"
#include "enforce/host_network.h"
#include "enforce/netlink_socket.h"
#include "enforce/ssh_connections.h"
#include "enforce/ssh_processes.h"
#include "net/prefix_set.h"

namespace ipguard::enforce {

namespace {

constexpr uint32_t watched_groups = RTMGRP_IPV4_IFADDR | RTMGRP_IPV6_IFADDR | RTMGRP_IPV4_ROUTE | RTMGRP_IPV6_ROUTE;

struct Starter {
  net::Address peer;
  uint16_t peer_port = 0;
  uint16_t own_port = 0;
};

// The SSH session that this program was started in, if any: sshd sets SSH_CONNECTION to "peer port own port".
std::optional<Starter> starter_session() {
  const char* text = std::getenv("SSH_CONNECTION");
  const std::vector<std::string_view> parts = split(text == nullptr ? "" : text, ' ');
  if (parts.size() != 4) {
    return std::nullopt;
  }
  const auto peer = net::Address::parse(parts[0]);
  const auto peer_port = parse_number(parts[1]);
  const auto own_port = parse_number(parts[3]);
  if (!peer || !peer_port || *peer_port > UINT16_MAX || !own_port || *own_port > UINT16_MAX) {
    return std::nullopt;
  }
  return Starter{*peer, static_cast<uint16_t>(*peer_port), static_cast<uint16_t>(*own_port)};
}

std::optional<NetlinkSocket> open_or_warn(int bus, uint32_t groups, std::string_view purpose) {
  auto socket = NetlinkSocket::open(bus, groups);
  if (!socket) {
    log_warning(std::string(purpose) + ": " + socket.error().message);
    return std::nullopt;
  }
  return std::move(*socket);
}

}  // namespace

struct Protection::Impl {
  config::ProtectConfig config;
  std::vector<net::Prefix> allowlist;
  HostPaths paths;

  std::optional<NetlinkSocket> questions;      // rtnetlink
  std::optional<NetlinkSocket> notifications;  // rtnetlink
  std::optional<NetlinkSocket> diagnostics;    // sock_diag
  std::optional<Starter> starter;
  std::vector<uint16_t> ssh_ports;

  std::vector<ProtectedPrefix> always = always_protected();
  std::vector<ProtectedPrefix> own;
  std::vector<ProtectedPrefix> gateways;
  std::vector<ProtectedPrefix> resolver_addresses;
  net::PrefixMap<std::string> index;  // all of the above, and the allowlist

  // A source that cannot be read keeps what it said before.
  void refresh() {
    if (config.own_addresses) {
      keep(own, own_addresses());
    }
    if (config.gateways && questions) {
      keep(gateways, default_gateways(*questions));
    }
    if (config.resolvers) {
      resolver_addresses = resolvers(paths.resolvers);
    }
    if (config.ssh_sessions) {
      ssh_ports = config.ssh_ports.empty() ? sshd_ports(paths.sshd_config) : config.ssh_ports;
      if (starter && std::ranges::find(ssh_ports, starter->own_port) == ssh_ports.end()) {
        ssh_ports.push_back(starter->own_port);
      }
    }
    index.clear();
    for (const ProtectedPrefix& hole : holes()) {
      std::string& reason = index[hole.prefix];
      if (reason.empty()) {
        reason = hole.reason;
      }
    }
  }

  static void keep(std::vector<ProtectedPrefix>& target, Result<std::vector<ProtectedPrefix>> found) {
    if (found) {
      target = std::move(*found);
    } else {
      log_warning("protection keeps what it knew: " + found.error().message);
    }
  }

  [[nodiscard]] std::vector<ProtectedPrefix> holes() const {
    std::vector<ProtectedPrefix> result;
    for (const auto* part : {&always, &own, &gateways, &resolver_addresses}) {
      result.insert(result.end(), part->begin(), part->end());
    }
    for (const net::Prefix& prefix : allowlist) {
      result.push_back({prefix, "allowlist"});
    }
    return result;
  }

  [[nodiscard]] std::optional<std::string> standing_refusal(const net::Prefix& prefix) const {
    const uint8_t widest = prefix.family() == net::Family::ipv4 ? config.widest_ipv4 : config.widest_ipv6;
    if (prefix.length() < widest) {
      return "wider than the widest allowed, /" + std::to_string(widest);
    }
    const auto* hole = index.longest_covering(prefix);
    if (hole == nullptr) {
      const auto inside = index.inside(prefix);
      hole = inside.empty() ? nullptr : inside.front();
    }
    if (hole == nullptr) {
      return std::nullopt;
    }
    return hole->second + " (" + hole->first.to_target() + ")";
  }

  std::vector<SshConnection> connections() {
    auto found = diagnostics ? established_by_sock_diag(*diagnostics, ssh_ports)
                             : Result<std::vector<SshConnection>>(fail("no sock_diag"));
    if (!found) {
      found = established_by_proc(paths.proc, ssh_ports);
    }
    if (!found) {
      log_error("cannot see who is logged in by SSH: " + found.error().message);
      return {};
    }
    std::ranges::sort(*found, {}, &SshConnection::peer);
    return std::move(*found);
  }

  // The peers of those of `candidates` that are authenticated sessions.
  std::vector<ProtectedPrefix> sessions(const std::vector<SshConnection>& candidates) const {
    std::unordered_set<uint64_t> inodes;
    for (const SshConnection& connection : candidates) {
      inodes.insert(connection.inode);
    }
    const SshUsers users = authenticated_users(paths.proc, inodes);
    std::vector<ProtectedPrefix> result;
    for (const SshConnection& connection : candidates) {
      const auto user = users.by_inode.find(connection.inode);
      std::string reason;
      if (user != users.by_inode.end()) {
        reason = "SSH session of " + printable(user->second);
      } else if (starter && starter->peer == connection.peer && starter->peer_port == connection.peer_port) {
        reason = "SSH session that ipguardd was started in";
      } else if (users.hidden) {
        reason = "perhaps the SSH session of " + printable(*users.hidden) + " (CAP_SYS_PTRACE is missing to tell)";
      } else {
        continue;
      }
      result.push_back({net::Prefix(connection.peer), std::move(reason)});
    }
    return result;
  }
};

Protection::Protection(config::ProtectConfig config, std::vector<net::Prefix> allowlist, HostPaths paths)
    : impl_(std::make_unique<Impl>()) {
  impl_->config = std::move(config);
  impl_->allowlist = std::move(allowlist);
  impl_->paths = std::move(paths);
  impl_->questions = open_or_warn(NETLINK_ROUTE, 0, "cannot read gateways");
  impl_->notifications = open_or_warn(NETLINK_ROUTE, watched_groups, "cannot follow changes of addresses and routes");
  if (impl_->config.ssh_sessions) {
    impl_->diagnostics = open_or_warn(NETLINK_SOCK_DIAG, 0, "cannot use sock_diag");
    impl_->starter = starter_session();
  }
  refresh();
}

Protection::~Protection() = default;

void Protection::refresh() { impl_->refresh(); }

int Protection::notification_fd() const { return impl_->notifications ? impl_->notifications->fd() : -1; }

void Protection::on_notification() {
  if (!impl_->notifications) {
    return;
  }
  bool concerned = false;
  const bool complete = impl_->notifications->drain(
      [&](const nlmsghdr& message) { concerned = concerned || concerns_protection(message); });
  if (concerned || !complete) {
    refresh();
  }
}

std::vector<ProtectedPrefix> Protection::holes() const { return impl_->holes(); }

std::optional<std::string> Protection::refusal(const net::Prefix& prefix) {
  return std::move(refusals({prefix}).front());
}

std::vector<std::optional<std::string>> Protection::refusals(const std::vector<net::Prefix>& prefixes) {
  std::vector<std::optional<std::string>> result;
  result.reserve(prefixes.size());
  bool ask_ssh = false;
  for (const net::Prefix& prefix : prefixes) {
    result.push_back(impl_->standing_refusal(prefix));
    ask_ssh = ask_ssh || !result.back();
  }
  if (!ask_ssh || !impl_->config.ssh_sessions) {
    return result;
  }
  // The processes are looked at only if somebody is connected from what is to be blocked.
  const std::vector<SshConnection> connections = impl_->connections();
  const auto first_in = [&](const auto& peers, const net::Prefix& prefix, auto address_of_peer) {
    const auto it = std::ranges::lower_bound(peers, prefix.address(), {}, address_of_peer);
    return it != peers.end() && prefix.contains(std::invoke(address_of_peer, *it)) ? it : peers.end();
  };
  std::vector<SshConnection> candidates;
  for (size_t i = 0; i < prefixes.size(); ++i) {
    if (result[i]) {
      continue;
    }
    for (auto it = first_in(connections, prefixes[i], &SshConnection::peer);
         it != connections.end() && prefixes[i].contains(it->peer); ++it) {
      candidates.push_back(*it);
    }
  }
  if (candidates.empty()) {
    return result;
  }
  std::ranges::sort(candidates, {}, &SshConnection::peer);
  const std::vector<ProtectedPrefix> sessions = impl_->sessions(candidates);
  const auto peer_of = [](const ProtectedPrefix& session) { return session.prefix.address(); };
  for (size_t i = 0; i < prefixes.size(); ++i) {
    const auto it = result[i] ? sessions.end() : first_in(sessions, prefixes[i], peer_of);
    if (it != sessions.end()) {
      result[i] = it->reason + " (" + it->prefix.to_target() + ")";
    }
  }
  return result;
}

std::vector<ProtectedPrefix> Protection::ssh_peers() {
  if (!impl_->config.ssh_sessions) {
    return {};
  }
  return impl_->sessions(impl_->connections());
}

}  // namespace ipguard::enforce
