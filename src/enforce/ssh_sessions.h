// SshSessions: who is logged in by SSH now, on whatever port.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <unordered_set>
#include <vector>

#include "enforce/netlink_socket.h"
#include "enforce/protection.h"
#include "enforce/ssh_connections.h"

namespace ipguard::enforce {

// Owned by Protection. The connections to the SSH ports are asked for anew only when a process of sshd was made since
// (a session cannot come without one); who of them is logged in is asked for each time.
class SshSessions {
 public:
  // `configured`: [protect] ssh_ports; when empty, those of sshd_config.
  SshSessions(std::vector<uint16_t> configured, const HostPaths& paths);

  // Reads sshd_config again.
  void refresh();
  // Asks for the connections again, whether or not sshd made a process: who left is seen.
  void look_again();
  // Established connections to sshd, in order of their peers; valid until the next call.
  [[nodiscard]] const std::vector<SshConnection>& connections();
  // The peers of those of `candidates` that are authenticated sessions.
  [[nodiscard]] std::vector<ProtectedPrefix> authenticated(const std::vector<SshConnection>& candidates) const;

 private:
  // The SSH session that this program was started in.
  struct Starter {
    net::Address peer;
    uint16_t peer_port = 0;
    uint16_t own_port = 0;
  };
  [[nodiscard]] static std::optional<Starter> starter_session();
  [[nodiscard]] Result<std::vector<SshConnection>> ask(TcpState state, const std::vector<uint16_t>& ports);
  // False if nobody could be asked: what was known stays.
  bool ask_connections();
  void learn_ports(const std::vector<uint32_t>& processes);
  void explain_no_more(uint32_t process);
  bool add_port(uint16_t port);

  std::vector<uint16_t> configured_;
  HostPaths paths_;
  std::optional<NetlinkSocket> diagnostics_;  // sock_diag
  std::optional<Starter> starter_;
  std::vector<uint16_t> ports_;
  std::vector<SshConnection> connections_;
  std::string problem_;                       // why they could not be asked for last; empty if they could
  std::optional<uint32_t> asked_at_;          // the last process when connections_ was asked for
  std::unordered_set<uint32_t> unexplained_;  // processes of sshd whose sockets are none of this network namespace
};

}  // namespace ipguard::enforce
