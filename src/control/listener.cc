#include "control/listener.h"

#include <sys/socket.h>

#include <cerrno>

namespace ipguard::control {

Result<Listener> Listener::open(const std::string& path) {
  constexpr int backlog = 64;
  constexpr mode_t socket_mode = 0660;
  auto file = SocketFile::bind(path, SOCK_STREAM, socket_mode, "control socket");
  if (!file) {
    return std::unexpected(std::move(file.error()));
  }
  if (::listen(file->fd(), backlog) != 0) {
    return fail_errno("cannot listen on " + path, errno);
  }
  return Listener(std::move(*file));
}

}  // namespace ipguard::control
