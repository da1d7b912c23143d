// Protection (law 3): what is never blocked, whatever the caller wants. Sits right before the kernel.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "config/config.h"
#include "net/address.h"
#include "net/prefix.h"

namespace ipguard::enforce {

// A prefix that must stay reachable, and why: "loopback", "own address on eth0", "default gateway", "resolver of
// /etc/resolv.conf", "CDN or reverse proxy", "SSH session of root", "allowlist".
struct ProtectedPrefix {
  net::Prefix prefix;
  std::string reason;
};

// Where the host's state is read from; tests point it at trees of their own.
struct HostPaths {
  // systemd-resolved writes its stub into the first and the servers it asks into the second.
  std::vector<std::string> resolvers = {"/etc/resolv.conf", "/run/systemd/resolve/resolv.conf"};
  std::vector<std::string> sshd_config = {"/etc/ssh/sshd_config", "/etc/ssh/sshd_config.d/*.conf"};  // globs
  std::string proc = "/proc";
};

// Who tells of SSH sessions in the place of a process that may not look for them itself; `look_again`: who has left is
// seen as well.
using SshPeers = std::function<std::vector<ProtectedPrefix>(bool look_again)>;

// Owned by the loop thread. Reads the host through getifaddrs(3), rtnetlink, /etc/resolv.conf and sock_diag(7).
class Protection {
 public:
  // With `ssh_peers` the sessions are that one's word, and refusal() says nothing of them: its owner's does.
  Protection(config::ProtectConfig config, std::vector<net::Prefix> allowlist, HostPaths paths = {},
             SshPeers ssh_peers = {});
  ~Protection();
  Protection(const Protection&) = delete;
  Protection& operator=(const Protection&) = delete;

  // Reads own addresses, gateways, resolvers and sshd's ports again.
  void refresh();
  // The same if one of the files (resolv.conf, sshd_config) changed: some stat(2) calls. refusals() begins with it, so
  // that nothing newly protected is ever blocked; for a timer, so that bans that are there already are cut too.
  void check_files();
  // Looks who of the SSH sessions has left: ssh_peers() does not ask for that each time. For a timer.
  void check_sessions();
  // A number that moves when what holes() says does.
  [[nodiscard]] uint64_t version() const;
  // An rtnetlink socket that becomes readable when addresses or routes change; -1 if it could not be opened.
  [[nodiscard]] int notification_fd() const;
  // Drains notification_fd() and refreshes.
  void on_notification();

  // Everything protected by refresh() and the allowlist: to be cut out of wide bans beforehand.
  [[nodiscard]] std::vector<ProtectedPrefix> holes() const;
  // Why `prefix` may not be blocked, asked right before the kernel: it overlaps something protected, or the peer of
  // a live authenticated SSH session (asked of the kernel now), or is wider than allowed. nullopt = may be blocked.
  [[nodiscard]] std::optional<std::string> refusal(const net::Prefix& prefix);
  // The same for many, with one question to the kernel for all of them; the answers in the same order.
  [[nodiscard]] std::vector<std::optional<std::string>> refusals(const std::vector<net::Prefix>& prefixes);
  // Per cent of a family's address space that all bans together may cover ([protect] largest_share).
  [[nodiscard]] uint8_t largest_share() const;
  // As they were given.
  [[nodiscard]] const config::ProtectConfig& config() const;
  [[nodiscard]] const std::vector<net::Prefix>& allowlist() const;
  // The peers of authenticated SSH sessions now; a connection that has only reached the login prompt is none.
  [[nodiscard]] std::vector<ProtectedPrefix> ssh_peers();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace ipguard::enforce
