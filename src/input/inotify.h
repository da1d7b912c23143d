// Inotify: the kernel's notifications about folders and open files, inotify(7).
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "base/unique_fd.h"

namespace ipguard::input {

// The numbers of inotify(7) stay behind this type.
struct InotifyEvent {
  int watch = -1;         // -1 with `overflow`
  std::string_view name;  // of the folder's entry; empty when the watched thing itself is meant; valid during the call
  bool modified = false;  // bytes were written, or the file was truncated
  bool moved_or_deleted = false;  // the watched thing itself, or its links or mode changed (IN_ATTRIB)
  bool watch_gone = false;        // the kernel dropped the watch (deleted, unmounted, or removed by us)
  bool moved_from = false;        // the entry `name` was renamed to something else,
  bool moved_to = false;          // or something else to `name`; both ends of a rename have the same cookie
  uint32_t cookie = 0;
  bool overflow = false;  // events were dropped: everything must be looked at again
};

// A watch that could not be had; `limit` when fs.inotify.max_user_watches is reached (ENOSPC).
struct WatchError {
  int error_number = 0;
  [[nodiscard]] bool limit() const;
};

class Inotify {
 public:
  [[nodiscard]] static Result<Inotify> open();

  [[nodiscard]] int fd() const { return fd_.get(); }

  // Watches belong to inodes: the same inode yields the same number, whatever path led to it.
  // Entries that appear, vanish, are renamed or change their mode; and the folder itself.
  [[nodiscard]] std::expected<int, WatchError> watch_folder(const std::string& folder) const;
  // An open file, by /proc/self/fd: its path may lead elsewhere by now.
  [[nodiscard]] std::expected<int, WatchError> watch_file(int file) const;
  void remove(int watch) const;

  // Takes at most one buffer of events; false if there were none. Not blocking.
  bool read(const std::function<void(const InotifyEvent&)>& on_event) const;
  // True if read() would yield something.
  [[nodiscard]] bool pending() const;

 private:
  explicit Inotify(UniqueFd fd) : fd_(std::move(fd)) {}
  UniqueFd fd_;
};

}  // namespace ipguard::input
