#include "base/file.h"

#include <fcntl.h>
#include <glob.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <filesystem>

#include "base/unique_fd.h"

namespace ipguard {

ssize_t read_at(int fd, std::span<char> room, uint64_t offset) {
  ssize_t count = 0;
  do {
    count = ::pread(fd, room.data(), room.size(), static_cast<off_t>(offset));
  } while (count < 0 && errno == EINTR);
  return count;
}

bool kernel_sees_changes_on(uint32_t filesystem) {
  constexpr std::array<uint32_t, 12> elsewhere{
      0x6969,      // NFS
      0xff534d42,  // CIFS
      0xfe534d42,  // SMB2
      0x517b,      // SMB
      0x65735546,  // FUSE
      0x01021997,  // 9P
      0x00c36400,  // Ceph
      0x5346414f,  // AFS
      0x6b414653,  // kAFS
      0x0bd00bd0,  // Lustre
      0x01161970,  // GFS2
      0x7461636f,  // OCFS2
  };
  return std::ranges::find(elsewhere, filesystem) == elsewhere.end();
}

bool kernel_sees_changes(const std::string& path) {
  struct statfs status{};
  return ::statfs(path.c_str(), &status) != 0 || kernel_sees_changes_on(static_cast<uint32_t>(status.f_type));
}

bool kernel_sees_changes(int fd) {
  struct statfs status{};
  return ::fstatfs(fd, &status) != 0 || kernel_sees_changes_on(static_cast<uint32_t>(status.f_type));
}

Result<std::string> read_file(const std::string& path, uint64_t limit) {
  const UniqueFd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK));
  if (!fd.valid()) {
    return fail_errno("cannot read " + path, errno);
  }
  return read_descriptor(fd.get(), path, limit);
}

Result<std::string> read_descriptor(int fd, const std::string& name, uint64_t limit) {
  std::string content;
  std::string chunk(64U << 10, '\0');
  while (true) {
    const ssize_t count = ::read(fd, chunk.data(), chunk.size());
    if (count < 0) {
      if (errno == EINTR) {
        continue;
      }
      return fail_errno("cannot read " + name, errno);
    }
    if (count == 0) {
      return content;
    }
    if (content.size() + static_cast<size_t>(count) > limit) {
      return fail(Errc::invalid, name + " is larger than " + std::to_string(limit) + " bytes");
    }
    content.append(chunk, 0, static_cast<size_t>(count));
  }
}

Result<> write_all(int fd, std::string_view content, std::string_view problem) {
  while (!content.empty()) {
    const ssize_t written = ::write(fd, content.data(), content.size());
    if (written < 0 && errno != EINTR) {
      return fail_errno(std::string(problem), errno);
    }
    content.remove_prefix(written > 0 ? static_cast<size_t>(written) : 0);
  }
  return {};
}

std::vector<std::string> expand_glob(const std::string& pattern) {
  std::vector<std::string> paths;
  glob_t found{};
  if (::glob(pattern.c_str(), GLOB_NOSORT, nullptr, &found) == 0) {
    for (size_t i = 0; i < found.gl_pathc; ++i) {
      paths.emplace_back(found.gl_pathv[i]);
    }
  }
  ::globfree(&found);
  std::ranges::sort(paths);
  return paths;
}

bool has_glob_characters(std::string_view pattern) { return pattern.find_first_of("*?[") != std::string_view::npos; }

Result<std::vector<std::string>> list_folder(const std::string& folder, std::string_view suffix) {
  std::vector<std::string> paths;
  std::error_code error;
  std::filesystem::directory_iterator it(folder, error);
  if (error) {
    return fail_errno("cannot read folder " + folder, error.value());
  }
  for (const std::filesystem::directory_iterator end; it != end; it.increment(error)) {
    if (error) {
      return fail_errno("cannot read folder " + folder, error.value());
    }
    std::error_code ignored;
    if (it->is_regular_file(ignored) && it->path().native().ends_with(suffix)) {
      paths.push_back(it->path().string());
    }
  }
  std::ranges::sort(paths);
  return paths;
}

}  // namespace ipguard
