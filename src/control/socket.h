// Unix stream sockets by path: what server and client share.
#pragma once

#include <sys/un.h>

#include <string>

#include "base/result.h"
#include "base/unique_fd.h"

namespace ipguard::control {

// The address for `path`; Errc::invalid when it is empty or longer than unix(7) allows (107 bytes).
[[nodiscard]] Result<sockaddr_un> socket_address(const std::string& path);

// A non-blocking, close-on-exec stream socket.
[[nodiscard]] Result<UniqueFd> open_socket();

// connect(2); 0 or errno. EAGAIN means that somebody listens and has a full queue.
[[nodiscard]] int connect_to(int fd, const sockaddr_un& address);

}  // namespace ipguard::control
