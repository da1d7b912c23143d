#include "enrich/database_file.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <utility>

#include "base/log.h"
#include "base/text.h"

namespace ipguard::enrich {
namespace {

// One content of a file and another differ in these.
struct FileState {
  off_t size = 0;
  timespec changed{};
  friend bool operator==(const FileState& left, const FileState& right) {
    return left.size == right.size && left.changed.tv_sec == right.changed.tv_sec &&
           left.changed.tv_nsec == right.changed.tv_nsec;
  }
};

Result<FileState> state_of(const UniqueFd& fd) {
  struct stat status{};
  if (::fstat(fd.get(), &status) != 0) {
    return fail_errno("cannot read its status", errno);
  }
  return FileState{.size = status.st_size, .changed = status.st_mtim};
}

std::string existing_folder(std::filesystem::path folder) {
  std::error_code error;
  while (folder.has_relative_path() && !std::filesystem::is_directory(folder, error)) {
    folder = folder.parent_path();
  }
  return folder.empty() ? "." : folder.string();
}

// Copies `size` bytes, or as many as there are.
Result<> copy_bytes(const UniqueFd& from, const UniqueFd& to, off_t size) {
  constexpr off_t most_at_once = 1L << 30;
  off_t at = 0;
  while (at < size) {
    const ssize_t count = ::sendfile(to.get(), from.get(), &at, static_cast<size_t>(std::min(size - at, most_at_once)));
    if (count < 0 && errno != EINTR) {
      return fail_errno("cannot copy it", errno);
    }
    if (count == 0) {
      break;
    }
  }
  return {};
}

Result<UniqueFd> copy_in_folder(const UniqueFd& from, off_t size, const std::string& folder) {
  UniqueFd copy(::open(existing_folder(folder).c_str(), O_TMPFILE | O_RDWR | O_CLOEXEC, S_IRUSR));
  if (!copy.valid()) {
    return fail_errno("cannot make a file", errno);
  }
  if (auto copied = copy_bytes(from, copy, size); !copied) {
    return std::unexpected(std::move(copied.error()));
  }
  return copy;
}

Result<UniqueFd> copy_in_memory(const UniqueFd& from, off_t size) {
  UniqueFd copy(::memfd_create("ipguard-database", MFD_CLOEXEC | MFD_ALLOW_SEALING));
  if (!copy.valid()) {
    return fail_errno("cannot make a file in memory", errno);
  }
  if (auto copied = copy_bytes(from, copy, size); !copied) {
    return std::unexpected(std::move(copied.error()));
  }
  if (::fcntl(copy.get(), F_ADD_SEALS, F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE) != 0) {
    return fail_errno("cannot seal a file in memory", errno);
  }
  return copy;
}

}  // namespace

Result<DatabaseFile> open_database_file(const std::string& path) {
  // O_NONBLOCK so that a FIFO cannot hold us.
  UniqueFd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  if (!fd.valid()) {
    return fail_errno("cannot open", errno);
  }
  struct stat status{};
  if (::fstat(fd.get(), &status) != 0) {
    return fail_errno("cannot read its status", errno);
  }
  if (!S_ISREG(status.st_mode)) {
    return fail(Errc::invalid, "not a regular file");
  }
  if ((status.st_mode & S_IWOTH) != 0) {
    log_warning("database " + printable(path) + ": everybody may write this file; make it writable for root only");
  }
  return DatabaseFile{.fd = std::move(fd), .size = static_cast<uint64_t>(status.st_size)};
}

Result<DatabaseFile> copy_database_file(const DatabaseFile& original, const std::string& folder) {
  const auto before = state_of(original.fd);
  if (!before) {
    return std::unexpected(before.error());
  }
  auto copy = copy_in_folder(original.fd, before->size, folder);
  if (!copy) {
    copy = copy_in_memory(original.fd, before->size);
  }
  if (!copy) {
    return std::unexpected(std::move(copy.error()));
  }
  const auto after = state_of(original.fd);
  const auto copied = state_of(*copy);
  if (!after || !copied || *after != *before || copied->size != before->size) {
    return fail(Errc::busy, "the file is being written to");
  }
  return DatabaseFile{.fd = std::move(*copy), .size = static_cast<uint64_t>(copied->size)};
}

}  // namespace ipguard::enrich
