#include "cli/output_place.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <climits>
#include <filesystem>

#include "base/file.h"
#include "base/text.h"
#include "base/unique_fd.h"
#include "cli/candidate_file.h"

namespace ipguard::cli {
namespace {

namespace fs = std::filesystem;

// Of what is /proc/PID/fd/N of this process, by whatever name: /dev/fd is a link to that folder.
std::optional<int> own_descriptor(const fs::path& path) {
  const auto number = parse_number(path.filename().string());
  if (!number || *number > INT_MAX) {
    return std::nullopt;
  }
  std::error_code error;
  const auto folder = fs::canonical(path.parent_path(), error);
  for (const char* own : {"/proc/self/fd", "/proc/thread-self/fd"}) {
    if (!error && folder == fs::canonical(own, error)) {
      return static_cast<int>(*number);
    }
  }
  return std::nullopt;
}

// fs/namei.c, may_follow_link().
bool may_follow(const struct stat& link, const fs::path& path) {
  struct stat folder{};
  const auto parent = path.parent_path();
  if (link.st_uid == ::geteuid() || ::stat(parent.empty() ? "." : parent.c_str(), &folder) != 0) {
    return true;
  }
  constexpr mode_t shared = S_ISVTX | S_IWOTH;
  return (folder.st_mode & shared) != shared || folder.st_uid == link.st_uid;
}

// A device, a pipe, a folder: not to be replaced by a file.
bool is_special(const std::string& name) {
  struct stat status{};
  return ::stat(name.c_str(), &status) == 0 && !S_ISREG(status.st_mode);
}

}  // namespace

Result<OutputPlace> OutputPlace::of(const std::string& name) {
  constexpr unsigned most_links = 40;  // as many as the kernel follows (path_resolution(7))
  fs::path path = name;
  for (unsigned links = 0; links <= most_links; ++links) {
    if (const auto descriptor = own_descriptor(path)) {
      return OutputPlace{.descriptor = descriptor, .path = {}};
    }
    const UniqueFd opened(::open(path.c_str(), O_PATH | O_NOFOLLOW | O_CLOEXEC));
    if (!opened.valid() && errno != ENOENT) {
      return fail_errno("cannot write " + printable(name), errno);
    }
    struct stat status{};
    if (!opened.valid() || ::fstat(opened.get(), &status) != 0 || !S_ISLNK(status.st_mode)) {
      return OutputPlace{.descriptor = {}, .path = path};
    }
    if (!may_follow(status, path)) {
      return fail(Errc::permission,
                  "cannot write " + printable(name) + ": " + printable(path.string()) +
                      " is a symbolic link of another user, in a folder that everybody may write into");
    }
    std::array<char, PATH_MAX> target{};
    const ssize_t length = ::readlinkat(opened.get(), "", target.data(), target.size());
    if (length < 0) {
      return fail_errno("cannot write " + printable(name), errno);
    }
    path = path.parent_path() / std::string_view(target.data(), static_cast<size_t>(length));
  }
  return fail_errno("cannot write " + printable(name), ELOOP);
}

Result<> check_output(const std::string& name) {
  const auto place = OutputPlace::of(name);
  if (!place) {
    return std::unexpected(place.error());
  }
  if (place->descriptor) {
    const int flags = ::fcntl(*place->descriptor, F_GETFL);
    const bool writable = flags >= 0 && (flags & O_ACCMODE) != O_RDONLY;
    return writable ? Result<>() : fail_errno("cannot write " + printable(name), EBADF);
  }
  if (is_special(name)) {
    std::error_code error;
    const bool folder = fs::is_directory(name, error);
    const bool writable = !folder && ::faccessat(AT_FDCWD, name.c_str(), W_OK, AT_EACCESS) == 0;
    return writable ? Result<>() : fail_errno("cannot write " + printable(name), folder ? EISDIR : errno);
  }
  const auto candidate = CandidateFile::beside(place->path);
  return candidate ? Result<>() : std::unexpected(candidate.error());
}

Result<> write_output(const std::string& name, std::string_view content, mode_t mode) {
  const auto place = OutputPlace::of(name);
  if (!place) {
    return std::unexpected(place.error());
  }
  const std::string problem = "cannot write " + printable(name);
  if (place->descriptor) {
    return write_all(*place->descriptor, content, problem);
  }
  if (is_special(name)) {
    const UniqueFd device(::open(name.c_str(), O_WRONLY | O_CLOEXEC | O_NOCTTY));
    return device.valid() ? write_all(device.get(), content, problem) : fail_errno(problem, errno);
  }
  auto candidate = CandidateFile::beside(place->path);
  if (!candidate) {
    return std::unexpected(candidate.error());
  }
  if (auto written = candidate->write(content); !written) {
    return written;
  }
  return candidate->take_place(mode);
}

}  // namespace ipguard::cli
