#include "control/listener.h"

#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "base/log.h"

namespace ipguard::control {

Result<Listener> Listener::open(const std::string& path, std::optional<gid_t> readers) {
  constexpr int backlog = 64;
  constexpr mode_t socket_mode = 0660;
  auto file = SocketFile::bind(path, SOCK_STREAM, socket_mode, "control socket", Folders::made);
  if (!file) {
    return std::unexpected(std::move(file.error()));
  }
  struct stat made{};
  if (readers && ::lstat(path.c_str(), &made) == 0 && made.st_gid != *readers &&
      ::lchown(path.c_str(), static_cast<uid_t>(-1), *readers) != 0) {
    log_warning("control: cannot give " + path + " to the group of those who may read: " + std::strerror(errno));
  }
  if (::listen(file->fd(), backlog) != 0) {
    return fail_errno("cannot listen on " + path, errno);
  }
  return Listener(std::move(*file));
}

}  // namespace ipguard::control
