// Who is connected to the SSH ports, logged in or not.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "enforce/netlink_socket.h"
#include "net/address.h"

namespace ipguard::enforce {

// A TCP socket of this host.
struct SshConnection {
  net::Address peer;  // unspecified for a listening socket
  uint16_t peer_port = 0;
  uint16_t own_port = 0;
  uint64_t inode = 0;  // of the server's socket
};
enum class TcpState : uint8_t { established = 1, listening = 10 };  // <netinet/tcp.h>

// Ports of `Port` and `ListenAddress HOST:PORT` lines (sshd_config(5)), in order, at most 16; empty if there are none.
[[nodiscard]] std::vector<uint16_t> parse_sshd_ports(std::string_view text);
// 22, which a second sshd or a port forwarded by systemd may serve whatever the files say, and the ports of the files
// behind `globs`.
[[nodiscard]] std::vector<uint16_t> sshd_ports(const std::vector<std::string>& globs);

// Sockets in `state` on one of `ports`; on any port if there are none. By sock_diag(7), which filters in the kernel;
// its cost is one walk over the kernel's table of connections: 1 ns a bucket, 0.1 to 0.5 ms on a server (64 k to 512 k
// buckets, sized by memory at boot), whatever is in it. Listening sockets are in a small table of their own.
[[nodiscard]] Result<std::vector<SshConnection>> tcp_by_sock_diag(NetlinkSocket& socket, TcpState state,
                                                                  const std::vector<uint16_t>& ports);
// The same by <proc>/net/tcp and tcp6, for kernels without sock_diag (module tcp_diag missing).
[[nodiscard]] Result<std::vector<SshConnection>> tcp_by_proc(const std::string& proc, TcpState state,
                                                             const std::vector<uint16_t>& ports);

}  // namespace ipguard::enforce
