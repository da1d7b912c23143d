#include "control/listener.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>

#include "control/socket.h"

namespace ipguard::control {
namespace {

constexpr int backlog = 64;
constexpr mode_t socket_mode = 0660;

// 0755 whatever the umask, so that the socket's group can reach it.
Result<> create_folders(const std::filesystem::path& folder) {
  std::error_code error;
  if (folder.empty() || std::filesystem::is_directory(folder, error)) {
    return {};
  }
  if (auto parent = create_folders(folder.parent_path()); !parent) {
    return parent;
  }
  if (::mkdir(folder.c_str(), 0755) != 0) {
    if (errno == EEXIST && std::filesystem::is_directory(folder, error)) {
      return {};
    }
    return fail_errno("cannot create the control socket's folder " + folder.string(), errno);
  }
  if (::chmod(folder.c_str(), 0755) != 0) {
    return fail_errno("cannot set the mode of " + folder.string(), errno);
  }
  return {};
}

// Held while the file is looked at and made, so that of two daemons started together one sees the other. A lock that
// cannot be had (a folder such as /tmp, where anybody may hold one) is done without: it guards this instant only.
UniqueFd lock_folder(const std::filesystem::path& folder) {
  UniqueFd fd(::open(folder.empty() ? "." : folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (fd.valid()) {
    static_cast<void>(::flock(fd.get(), LOCK_EX | LOCK_NB));
  }
  return fd;
}

// Removes the file that is in the way, if nobody answers on it.
Result<> remove_stale(const std::string& path, const sockaddr_un& address) {
  struct stat status{};
  if (::lstat(path.c_str(), &status) != 0) {
    return fail_errno("cannot look at " + path, errno);
  }
  if (!S_ISSOCK(status.st_mode)) {
    return fail(Errc::invalid, path + " is there and is no socket; ipguardd will not remove it");
  }
  const auto probe = open_socket();
  if (!probe) {
    return std::unexpected(probe.error());
  }
  const int reason = connect_to(probe->get(), address);
  if (reason == 0 || reason == EAGAIN) {
    return fail(Errc::busy, "another ipguardd answers on " + path);
  }
  if (reason != ECONNREFUSED) {
    return fail_errno("cannot tell whether another ipguardd answers on " + path, reason);
  }
  if (::unlink(path.c_str()) != 0 && errno != ENOENT) {
    return fail_errno("cannot remove the stale socket " + path, errno);
  }
  return {};
}

Result<> bind_to(int fd, const std::string& path, const sockaddr_un& address) {
  const auto* generic = reinterpret_cast<const sockaddr*>(&address);
  // On Linux the file takes the socket's own mode (less the umask): it is never open to more than it will be.
  if (::fchmod(fd, socket_mode) != 0) {
    return fail_errno("cannot set the control socket's mode", errno);
  }
  if (::bind(fd, generic, sizeof(address)) == 0) {
    return {};
  }
  if (errno == EADDRINUSE) {
    if (auto removed = remove_stale(path, address); !removed) {
      return removed;
    }
    if (::bind(fd, generic, sizeof(address)) == 0) {
      return {};
    }
  }
  return fail_errno("cannot create the control socket " + path, errno);
}

}  // namespace

Result<Listener> Listener::open(const std::string& path) {
  const auto address = socket_address(path);
  if (!address) {
    return std::unexpected(address.error());
  }
  const auto folder = std::filesystem::path(path).parent_path();
  if (auto created = create_folders(folder); !created) {
    return std::unexpected(created.error());
  }
  auto fd = open_socket();
  if (!fd) {
    return std::unexpected(fd.error());
  }
  const auto lock = lock_folder(folder);
  if (auto bound = bind_to(fd->get(), path, *address); !bound) {
    return std::unexpected(bound.error());
  }
  struct stat status{};
  if (::chmod(path.c_str(), socket_mode) != 0 || ::lstat(path.c_str(), &status) != 0) {
    return fail_errno("cannot set the mode of " + path, errno);
  }
  Listener listener(std::move(*fd), path, status.st_dev, status.st_ino);
  if (::listen(listener.fd(), backlog) != 0) {
    return fail_errno("cannot listen on " + path, errno);
  }
  return listener;
}

bool Listener::in_place() const {
  struct stat status{};
  return ::lstat(path_.c_str(), &status) == 0 && status.st_dev == device_ && status.st_ino == inode_;
}

Listener::~Listener() {
  if (fd_.valid() && in_place()) {
    ::unlink(path_.c_str());
  }
}

}  // namespace ipguard::control
