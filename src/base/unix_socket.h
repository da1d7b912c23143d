// Unix sockets by path, unix(7): addresses, and socket files that are made, guarded and removed.
#pragma once

#include <sys/types.h>
#include <sys/un.h>

#include <string>
#include <string_view>

#include "base/result.h"
#include "base/unique_fd.h"

namespace ipguard {

// The address for `path`; Errc::invalid when it is empty or longer than unix(7) allows (107 bytes). `what` it is, for
// errors: "control socket".
[[nodiscard]] Result<sockaddr_un> unix_address(const std::string& path, std::string_view what);

// A non-blocking, close-on-exec socket of `type` (SOCK_STREAM, SOCK_DGRAM).
[[nodiscard]] Result<UniqueFd> open_unix_socket(int type);

// connect(2); 0 or errno. EAGAIN means that somebody listens and has a full queue.
[[nodiscard]] int connect_to(int fd, const sockaddr_un& address);

// Whether the folders that lead to a file are made where they are missing (0755), or expected to be there.
enum class Folders : bool { expected, made };

// A bound socket with its file, which is removed on destruction if it is still this one.
class SocketFile {
 public:
  // Replaces a stale socket file; one that somebody answers on is Errc::busy, a file that is no socket is
  // Errc::invalid, a missing folder that is expected is Errc::not_found. `mode` is the file's, whatever the umask.
  [[nodiscard]] static Result<SocketFile> bind(const std::string& path, int type, mode_t mode, std::string_view what,
                                               Folders folders = Folders::expected);

  SocketFile(SocketFile&& other) noexcept = default;
  SocketFile& operator=(SocketFile&&) = delete;
  SocketFile(const SocketFile&) = delete;
  SocketFile& operator=(const SocketFile&) = delete;
  ~SocketFile();

  [[nodiscard]] int fd() const { return fd_.get(); }
  // Whether the file is still this one.
  [[nodiscard]] bool in_place() const;

 private:
  SocketFile(UniqueFd fd, std::string path, dev_t device, ino_t inode)
      : fd_(std::move(fd)), path_(std::move(path)), device_(device), inode_(inode) {}

  UniqueFd fd_;
  std::string path_;
  dev_t device_ = 0;  // of the file that bind(2) made
  ino_t inode_ = 0;
};

}  // namespace ipguard
