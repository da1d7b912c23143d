#include "enforce/protection.h"

#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <sys/stat.h>

#include <algorithm>
#include <utility>

#include "base/file.h"
#include "base/log.h"
#include "enforce/host_network.h"
#include "enforce/netlink_socket.h"
#include "enforce/ssh_sessions.h"
#include "net/prefix_set.h"

namespace ipguard::enforce {

namespace {

constexpr uint32_t watched_groups = RTMGRP_IPV4_IFADDR | RTMGRP_IPV6_IFADDR | RTMGRP_IPV4_ROUTE | RTMGRP_IPV6_ROUTE;

// A file's identity and state; all zero if there is none. The change time tells of edits that keep size and mtime.
struct FileStamp {
  uint64_t device = 0;
  uint64_t inode = 0;
  int64_t size = 0;
  int64_t seconds = 0;
  int64_t nanoseconds = 0;
  friend bool operator==(const FileStamp&, const FileStamp&) = default;
};

FileStamp stamp_of(const std::string& path) {
  struct stat state{};
  if (stat(path.c_str(), &state) != 0) {
    return {};
  }
  return {state.st_dev, state.st_ino, state.st_size, state.st_ctim.tv_sec, state.st_ctim.tv_nsec};
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
  SshPeers ask_peers;  // empty: this process looks for them itself
  bool peers_may_have_left = true;

  std::optional<NetlinkSocket> questions;      // rtnetlink
  std::optional<NetlinkSocket> notifications;  // rtnetlink
  std::optional<SshSessions> ssh;
  std::vector<FileStamp> stamps;  // of the files read, as they were when they were read
  uint64_t version = 0;

  std::vector<ProtectedPrefix> always = always_protected();
  std::vector<ProtectedPrefix> own;
  std::vector<ProtectedPrefix> gateways;
  std::vector<ProtectedPrefix> resolver_addresses;
  net::PrefixMap<std::string> index;  // all of the above, and the allowlist

  // A source that cannot be read keeps what it said before.
  void refresh() {
    stamps = current_stamps();  // beforehand: a change while we read is seen next time
    if (config.own_addresses) {
      keep(own, own_addresses());
    }
    if (config.gateways && questions) {
      keep(gateways, default_gateways(*questions));
    }
    if (config.resolvers) {
      resolver_addresses = resolvers(paths.resolvers);
    }
    if (ssh) {
      ssh->refresh();
    }
    net::PrefixMap<std::string> fresh;
    for (const ProtectedPrefix& hole : holes()) {
      std::string& reason = fresh[hole.prefix];
      if (reason.empty()) {
        reason = hole.reason;
      }
    }
    if (fresh.members() != index.members()) {
      index = std::move(fresh);
      ++version;
    }
  }

  // What would be read: files may be edited, replaced, or appear.
  [[nodiscard]] std::vector<FileStamp> current_stamps() const {
    std::vector<FileStamp> result;
    if (config.resolvers) {
      for (const std::string& path : paths.resolvers) {
        result.push_back(stamp_of(path));
      }
    }
    if (config.ssh_sessions && !ask_peers && config.ssh_ports.empty()) {
      for (const std::string& pattern : paths.sshd_config) {
        if (!has_glob_characters(pattern)) {
          result.push_back(stamp_of(pattern));
          continue;
        }
        for (const std::string& path : expand_glob(pattern)) {
          result.push_back(stamp_of(path));
        }
      }
    }
    return result;
  }

  void check_files() {
    if (current_stamps() != stamps) {
      refresh();
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
    for (const net::Prefix& prefix : config.proxies) {
      result.push_back({prefix, "CDN or reverse proxy"});
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
};

Protection::Protection(config::ProtectConfig config, std::vector<net::Prefix> allowlist, HostPaths paths,
                       SshPeers ssh_peers)
    : impl_(std::make_unique<Impl>()) {
  impl_->config = std::move(config);
  impl_->allowlist = std::move(allowlist);
  impl_->paths = std::move(paths);
  impl_->ask_peers = std::move(ssh_peers);
  impl_->questions = open_or_warn(NETLINK_ROUTE, 0, "cannot read gateways");
  impl_->notifications = open_or_warn(NETLINK_ROUTE, watched_groups, "cannot follow changes of addresses and routes");
  if (impl_->config.ssh_sessions && !impl_->ask_peers) {
    impl_->ssh.emplace(impl_->config.ssh_ports, impl_->paths);
  }
  refresh();
}

Protection::~Protection() = default;

void Protection::refresh() { impl_->refresh(); }

void Protection::check_files() { impl_->check_files(); }

void Protection::check_sessions() {
  impl_->peers_may_have_left = true;
  if (impl_->ssh) {
    impl_->ssh->look_again();
  }
}

uint64_t Protection::version() const { return impl_->version; }

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
  impl_->check_files();
  std::vector<std::optional<std::string>> result;
  result.reserve(prefixes.size());
  bool ask_ssh = false;
  for (const net::Prefix& prefix : prefixes) {
    result.push_back(impl_->standing_refusal(prefix));
    ask_ssh = ask_ssh || !result.back();
  }
  if (!ask_ssh || !impl_->ssh) {
    return result;
  }
  // The processes are looked at only if somebody is connected from what is to be blocked.
  const std::vector<SshConnection>& connections = impl_->ssh->connections();
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
  const std::vector<ProtectedPrefix> sessions = impl_->ssh->authenticated(candidates);
  const auto peer_of = [](const ProtectedPrefix& session) { return session.prefix.address(); };
  for (size_t i = 0; i < prefixes.size(); ++i) {
    const auto it = result[i] ? sessions.end() : first_in(sessions, prefixes[i], peer_of);
    if (it != sessions.end()) {
      result[i] = it->reason + " (" + it->prefix.to_target() + ")";
    }
  }
  return result;
}

uint8_t Protection::largest_share() const { return impl_->config.largest_share; }

const config::ProtectConfig& Protection::config() const { return impl_->config; }

const std::vector<net::Prefix>& Protection::allowlist() const { return impl_->allowlist; }

std::vector<ProtectedPrefix> Protection::ssh_peers() {
  if (impl_->config.ssh_sessions && impl_->ask_peers) {
    return impl_->ask_peers(std::exchange(impl_->peers_may_have_left, false));
  }
  if (!impl_->ssh) {
    return {};
  }
  return impl_->ssh->authenticated(impl_->ssh->connections());
}

}  // namespace ipguard::enforce
