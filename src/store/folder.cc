#include "store/folder.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <filesystem>

#include "base/log.h"
#include "base/text.h"

namespace ipguard::store {
namespace {

constexpr int max_set_aside = 8;

// " (process 1234)" if the lock file tells.
std::string holder(int fd) {
  std::array<char, 24> buffer{};
  const ssize_t count = ::pread(fd, buffer.data(), buffer.size(), 0);
  if (count <= 0) {
    return {};
  }
  const auto pid = parse_number(trim({buffer.data(), static_cast<size_t>(count)}));
  return pid ? " (process " + std::to_string(*pid) + ")" : std::string();
}

}  // namespace

Result<> create_state_folder(const std::string& folder) {
  const std::filesystem::path path(folder);
  std::error_code error;
  if (path.has_parent_path()) {
    std::filesystem::create_directories(path.parent_path(), error);
    if (error) {
      return fail_errno("cannot create " + path.parent_path().string(), error.value());
    }
  }
  if (::mkdir(folder.c_str(), 0700) == 0) {
    return {};
  }
  const int reason = errno;
  if (reason != EEXIST) {
    return fail_errno("cannot create the state folder " + folder, reason);
  }
  if (!std::filesystem::is_directory(path, error)) {
    return fail_errno("cannot use the state folder " + folder, ENOTDIR);
  }
  return {};
}

Result<UniqueFd> lock_state_folder(const std::string& folder) {
  const std::string path = folder + "/lock";
  UniqueFd fd(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600));
  if (!fd.valid()) {
    return fail_errno("cannot open " + path, errno);
  }
  if (::flock(fd.get(), LOCK_EX | LOCK_NB) != 0) {
    if (errno == EWOULDBLOCK) {
      return fail(Errc::busy, "another ipguardd" + holder(fd.get()) + " uses the state folder " + folder);
    }
    return fail_errno("cannot lock " + path, errno);
  }
  // Only for the message above: who cannot write it holds the lock all the same.
  const std::string pid = std::to_string(::getpid()) + "\n";
  if (::ftruncate(fd.get(), 0) != 0 || ::pwrite(fd.get(), pid.data(), pid.size(), 0) < 0) {
    log_debug("state: cannot note the process in " + printable(path));
  }
  return fd;
}

Result<> create_database_file(const std::string& path) {
  const UniqueFd fd(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0600));
  if (!fd.valid()) {
    return fail_errno("cannot open " + path, errno);
  }
  struct stat status{};
  if (::fstat(fd.get(), &status) != 0) {
    return fail_errno("cannot open " + path, errno);
  }
  if (!S_ISREG(status.st_mode)) {
    return fail(Errc::invalid, path + " is no regular file");
  }
  if ((status.st_mode & 07777U) != 0600 && ::fchmod(fd.get(), 0600) != 0) {
    return fail_errno("cannot set the mode of " + path, errno);
  }
  return {};
}

Result<std::string> set_aside(const std::string& path) {
  std::string aside;
  for (int n = 1; n <= max_set_aside; ++n) {
    aside = path + ".corrupt-" + std::to_string(n);
    std::error_code ignored;
    if (!std::filesystem::exists(aside, ignored)) {
      break;
    }
  }
  // The write-ahead log first: left behind, it would be replayed into the fresh database.
  for (const std::string suffix : {"-wal", "-shm", "-journal", ""}) {
    const std::string from = path + suffix;
    if (std::rename(from.c_str(), (aside + suffix).c_str()) != 0 && errno != ENOENT) {
      return fail_errno("cannot move " + from + " aside", errno);
    }
  }
  return aside;
}

}  // namespace ipguard::store
