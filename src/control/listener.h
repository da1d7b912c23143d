// The listening control socket.
#pragma once

#include <sys/types.h>

#include <optional>
#include <string>
#include <utility>

#include "base/result.h"
#include "base/unix_socket.h"

namespace ipguard::control {

// A listening Unix socket with its file (mode 0660).
class Listener {
 public:
  // As SocketFile::bind(), and makes missing folders (/run/ipguard, by hand). The file is given to the group `readers`,
  // if there is one and the process may.
  [[nodiscard]] static Result<Listener> open(const std::string& path, std::optional<gid_t> readers = {});

  [[nodiscard]] int fd() const { return file_.fd(); }
  // Whether the file is still this one.
  [[nodiscard]] bool in_place() const { return file_.in_place(); }

 private:
  explicit Listener(SocketFile file) : file_(std::move(file)) {}

  SocketFile file_;
};

}  // namespace ipguard::control
