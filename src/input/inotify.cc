#include "input/inotify.h"

#include <sys/inotify.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>

namespace ipguard::input {
namespace {

constexpr uint32_t folder_mask =
    IN_CREATE | IN_MOVED_TO | IN_MOVED_FROM | IN_DELETE | IN_ATTRIB | IN_DELETE_SELF | IN_MOVE_SELF | IN_ONLYDIR;
constexpr uint32_t file_mask = IN_MODIFY | IN_ATTRIB | IN_MOVE_SELF;

std::expected<int, WatchError> add_watch(int fd, const std::string& path, uint32_t mask) {
  const int watch = ::inotify_add_watch(fd, path.c_str(), mask);
  if (watch < 0) {
    return std::unexpected(WatchError{errno});
  }
  return watch;
}

}  // namespace

bool WatchError::limit() const { return error_number == ENOSPC; }

Result<Inotify> Inotify::open() {
  UniqueFd fd(::inotify_init1(IN_NONBLOCK | IN_CLOEXEC));
  if (!fd.valid()) {
    return fail_errno("cannot watch files: inotify", errno);
  }
  return Inotify(std::move(fd));
}

std::expected<int, WatchError> Inotify::watch_folder(const std::string& folder) const {
  return add_watch(fd_.get(), folder, folder_mask);
}

std::expected<int, WatchError> Inotify::watch_file(int file) const {
  return add_watch(fd_.get(), "/proc/self/fd/" + std::to_string(file), file_mask);
}

void Inotify::remove(int watch) const { ::inotify_rm_watch(fd_.get(), watch); }

bool Inotify::read(const std::function<void(const InotifyEvent&)>& on_event) const {
  alignas(inotify_event) std::array<char, 64UL << 10> buffer;  // NOLINT(*-member-init): the kernel fills it
  ssize_t count = 0;
  do {
    count = ::read(fd_.get(), buffer.data(), buffer.size());
  } while (count < 0 && errno == EINTR);
  if (count <= 0) {
    return false;
  }
  const auto size = static_cast<size_t>(count);
  for (size_t at = 0; at + sizeof(inotify_event) <= size;) {
    inotify_event raw;  // NOLINT(*-member-init): copied over in the next line
    std::memcpy(&raw, buffer.data() + at, sizeof(raw));
    const char* name = buffer.data() + at + sizeof(raw);
    InotifyEvent event;
    event.watch = raw.wd;
    event.name = std::string_view(name, ::strnlen(name, raw.len));  // padded with NULs
    event.modified = (raw.mask & IN_MODIFY) != 0;
    event.moved_or_deleted =
        event.name.empty() && (raw.mask & (IN_ATTRIB | IN_MOVE_SELF | IN_DELETE_SELF | IN_UNMOUNT)) != 0;
    event.watch_gone = (raw.mask & IN_IGNORED) != 0;
    event.moved_from = (raw.mask & IN_MOVED_FROM) != 0;
    event.moved_to = (raw.mask & IN_MOVED_TO) != 0;
    event.cookie = raw.cookie;
    event.overflow = (raw.mask & IN_Q_OVERFLOW) != 0;
    on_event(event);
    at += sizeof(raw) + raw.len;
  }
  return true;
}

bool Inotify::pending() const {
  int bytes = 0;
  return ::ioctl(fd_.get(), FIONREAD, &bytes) == 0 && bytes > 0;
}

}  // namespace ipguard::input
