#include "control/socket.h"

#include <sys/socket.h>

#include <algorithm>
#include <cerrno>

namespace ipguard::control {

Result<sockaddr_un> socket_address(const std::string& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  constexpr size_t limit = sizeof(address.sun_path) - 1;
  if (path.empty() || path.find('\0') != std::string::npos) {
    return fail(Errc::invalid, "the control socket's path is empty or holds a NUL byte");
  }
  if (path.size() > limit) {
    return fail(Errc::invalid, "the control socket's path has " + std::to_string(path.size()) +
                                   " bytes, a socket's may have " + std::to_string(limit) + ": " + path);
  }
  std::ranges::copy(path, std::begin(address.sun_path));
  return address;
}

Result<UniqueFd> open_socket() {
  UniqueFd fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!fd.valid()) {
    return fail_errno("cannot create a Unix socket", errno);
  }
  return fd;
}

int connect_to(int fd, const sockaddr_un& address) {
  // The C interface of sockets wants the generic type.
  const auto* generic = reinterpret_cast<const sockaddr*>(&address);
  while (::connect(fd, generic, sizeof(address)) != 0) {
    if (errno != EINTR) {
      return errno;
    }
  }
  return 0;
}

}  // namespace ipguard::control
