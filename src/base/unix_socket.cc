#include "base/unix_socket.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>

namespace ipguard {
namespace {

// 0755 whatever the umask, so that the socket's group can reach it.
Result<> create_folders(const std::filesystem::path& folder, const std::string& what) {
  std::error_code error;
  if (folder.empty() || std::filesystem::is_directory(folder, error)) {
    return {};
  }
  if (auto parent = create_folders(folder.parent_path(), what); !parent) {
    return parent;
  }
  if (::mkdir(folder.c_str(), 0755) != 0) {
    if (errno == EEXIST && std::filesystem::is_directory(folder, error)) {
      return {};
    }
    return fail_errno("cannot create the " + what + "'s folder " + folder.string(), errno);
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

struct Wanted {
  const std::string& path;
  const sockaddr_un& address;
  int type;
  mode_t mode;
  std::string what;
};

// Removes the file that is in the way, if nobody answers on it.
Result<> remove_stale(const Wanted& wanted) {
  struct stat status{};
  if (::lstat(wanted.path.c_str(), &status) != 0) {
    return fail_errno("cannot look at " + wanted.path, errno);
  }
  if (!S_ISSOCK(status.st_mode)) {
    return fail(Errc::invalid, wanted.path + " is there and is no socket; ipguardd will not remove it");
  }
  const auto probe = open_unix_socket(wanted.type);
  if (!probe) {
    return std::unexpected(probe.error());
  }
  const int reason = connect_to(probe->get(), wanted.address);
  // EPROTOTYPE: somebody's socket of another type.
  if (reason == 0 || reason == EAGAIN || reason == EPROTOTYPE) {
    return fail(Errc::busy, wanted.what == "control socket" ? "another ipguardd answers on " + wanted.path
                                                            : "somebody else listens on " + wanted.path);
  }
  if (reason != ECONNREFUSED) {
    return fail_errno("cannot tell whether another ipguardd answers on " + wanted.path, reason);
  }
  if (::unlink(wanted.path.c_str()) != 0 && errno != ENOENT) {
    return fail_errno("cannot remove the stale socket " + wanted.path, errno);
  }
  return {};
}

Result<> bind_to(int fd, const Wanted& wanted) {
  const auto* generic = reinterpret_cast<const sockaddr*>(&wanted.address);
  // On Linux the file takes the socket's own mode (less the umask): it is never open to more than it will be.
  if (::fchmod(fd, wanted.mode) != 0) {
    return fail_errno("cannot set the " + wanted.what + "'s mode", errno);
  }
  if (::bind(fd, generic, sizeof(wanted.address)) == 0) {
    return {};
  }
  if (errno == EADDRINUSE) {
    if (auto removed = remove_stale(wanted); !removed) {
      return removed;
    }
    if (::bind(fd, generic, sizeof(wanted.address)) == 0) {
      return {};
    }
  }
  return fail_errno("cannot create the " + wanted.what + ' ' + wanted.path, errno);
}

}  // namespace

Result<sockaddr_un> unix_address(const std::string& path, std::string_view what) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  constexpr size_t limit = sizeof(address.sun_path) - 1;
  if (path.empty() || path.find('\0') != std::string::npos) {
    return fail(Errc::invalid, "the " + std::string(what) + "'s path is empty or holds a NUL byte");
  }
  if (path.size() > limit) {
    return fail(Errc::invalid, "the " + std::string(what) + "'s path has " + std::to_string(path.size()) +
                                   " bytes, a socket's may have " + std::to_string(limit) + ": " + path);
  }
  std::ranges::copy(path, std::begin(address.sun_path));
  return address;
}

Result<UniqueFd> open_unix_socket(int type) {
  UniqueFd fd(::socket(AF_UNIX, type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
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

Result<SocketFile> SocketFile::bind(const std::string& path, int type, mode_t mode, std::string_view what,
                                    Folders folders) {
  const auto address = unix_address(path, what);
  if (!address) {
    return std::unexpected(address.error());
  }
  const Wanted wanted{.path = path, .address = *address, .type = type, .mode = mode, .what = std::string(what)};
  const auto folder = std::filesystem::path(path).parent_path();
  if (folders == Folders::made) {
    if (auto created = create_folders(folder, wanted.what); !created) {
      return std::unexpected(created.error());
    }
  }
  auto fd = open_unix_socket(type);
  if (!fd) {
    return std::unexpected(fd.error());
  }
  const auto lock = lock_folder(folder);
  if (auto bound = bind_to(fd->get(), wanted); !bound) {
    return std::unexpected(bound.error());
  }
  struct stat status{};
  if (::chmod(path.c_str(), mode) != 0 || ::lstat(path.c_str(), &status) != 0) {
    return fail_errno("cannot set the mode of " + path, errno);
  }
  return SocketFile(std::move(*fd), path, status.st_dev, status.st_ino);
}

bool SocketFile::in_place() const {
  struct stat status{};
  return ::lstat(path_.c_str(), &status) == 0 && status.st_dev == device_ && status.st_ino == inode_;
}

SocketFile::~SocketFile() {
  if (fd_.valid() && in_place()) {
    ::unlink(path_.c_str());
  }
}

}  // namespace ipguard
