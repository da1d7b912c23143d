// The control socket's address and descriptor: what server and client share.
#pragma once

#include <sys/socket.h>

#include "base/unix_socket.h"

namespace ipguard::control {

[[nodiscard]] inline Result<sockaddr_un> socket_address(const std::string& path) {
  return unix_address(path, "control socket");
}
[[nodiscard]] inline Result<UniqueFd> open_socket() { return open_unix_socket(SOCK_STREAM); }

}  // namespace ipguard::control
