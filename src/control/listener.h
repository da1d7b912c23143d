// The listening socket file: made, guarded against a second daemon, and removed.
#pragma once

#include <sys/types.h>

#include <string>

#include "base/result.h"
#include "base/unique_fd.h"

namespace ipguard::control {

// A listening Unix socket with its file (mode 0660). The file is removed on destruction, if it is still this one.
class Listener {
 public:
  // Creates missing parent folders (0755). Replaces a stale socket file; one that somebody answers on is Errc::busy, a
  // file that is no socket is Errc::invalid.
  [[nodiscard]] static Result<Listener> open(const std::string& path);

  Listener(Listener&& other) noexcept = default;
  Listener& operator=(Listener&&) = delete;
  Listener(const Listener&) = delete;
  Listener& operator=(const Listener&) = delete;
  ~Listener();

  [[nodiscard]] int fd() const { return fd_.get(); }
  // Whether the file is still this one.
  [[nodiscard]] bool in_place() const;

 private:
  Listener(UniqueFd fd, std::string path, dev_t device, ino_t inode)
      : fd_(std::move(fd)), path_(std::move(path)), device_(device), inode_(inode) {}

  UniqueFd fd_;
  std::string path_;
  dev_t device_ = 0;  // of the file that bind(2) made
  ino_t inode_ = 0;
};

}  // namespace ipguard::control
