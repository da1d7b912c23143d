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

// An established TCP connection to one of the SSH ports.
struct SshConnection {
  net::Address peer;
  uint16_t peer_port = 0;
  uint64_t inode = 0;  // of the server's socket
};

// Ports of `Port` and `ListenAddress HOST:PORT` lines (sshd_config(5)), in order, at most 16; empty if there are none.
[[nodiscard]] std::vector<uint16_t> parse_sshd_ports(std::string_view text);
// The ports of the files behind `globs`; 22 if they name none.
[[nodiscard]] std::vector<uint16_t> sshd_ports(const std::vector<std::string>& globs);

// By sock_diag(7), which filters in the kernel; its cost is a walk over the kernel's table of connections for each
// port: 1 ns a bucket, 0.1 to 0.5 ms on a server (64 k to 512 k buckets, sized by memory at boot), whatever is in it.
[[nodiscard]] Result<std::vector<SshConnection>> established_by_sock_diag(NetlinkSocket& socket,
                                                                          const std::vector<uint16_t>& ports);
// By <proc>/net/tcp and tcp6, for kernels without sock_diag (module tcp_diag missing).
[[nodiscard]] Result<std::vector<SshConnection>> established_by_proc(const std::string& proc,
                                                                     const std::vector<uint16_t>& ports);

}  // namespace ipguard::enforce
