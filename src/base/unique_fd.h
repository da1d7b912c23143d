// An owned file descriptor: closed on destruction, movable, not copyable, safe to move onto itself.
#pragma once

#include <utility>

namespace ipguard {

class UniqueFd {
 public:
  UniqueFd() = default;
  explicit UniqueFd(int fd) : fd_(fd) {}
  UniqueFd(const UniqueFd&) = delete;
  UniqueFd& operator=(const UniqueFd&) = delete;
  UniqueFd(UniqueFd&& other) noexcept : fd_(other.release()) {}
  UniqueFd& operator=(UniqueFd&& other) noexcept {
    if (this != &other) {
      reset(other.release());
    }
    return *this;
  }
  ~UniqueFd() { reset(); }

  // The descriptor, still owned here; -1 when there is none. No implicit conversion on purpose.
  [[nodiscard]] int get() const { return fd_; }
  [[nodiscard]] bool valid() const { return fd_ >= 0; }
  // Gives the descriptor up; the caller closes it.
  [[nodiscard]] int release() { return std::exchange(fd_, -1); }
  // Closes what is held and takes `fd` instead. EINTR from close(2) is not retried: on Linux the fd is gone.
  void reset(int fd = -1);

 private:
  int fd_ = -1;
};

}  // namespace ipguard
