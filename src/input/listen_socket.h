// Sockets that others send to: bound, told apart by what can go wrong, never waited for.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <variant>

#include "base/result.h"
#include "base/unique_fd.h"
#include "base/unix_socket.h"
#include "config/source.h"

namespace ipguard::input {

// Where a syslog listener takes messages, of any transport.
class ListenSocket {
 public:
  // `socket_mode`: of a Unix socket's file. A receive buffer for datagrams is made big, as far as the kernel lets us.
  [[nodiscard]] static Result<ListenSocket> open(const config::ListenEndpoint& endpoint, mode_t socket_mode);

  [[nodiscard]] int fd() const;
  // Whether the file of a Unix socket is there and still its own; true of the others.
  [[nodiscard]] bool in_place() const;
  // UDP, TCP: where it really listens.
  [[nodiscard]] std::optional<net::Endpoint> bound_to() const;
  // Datagrams that the kernel had no room for, since open().
  [[nodiscard]] uint64_t dropped() const;

 private:
  explicit ListenSocket(std::variant<UniqueFd, SocketFile> socket) : socket_(std::move(socket)) {}

  std::variant<UniqueFd, SocketFile> socket_;
};

}  // namespace ipguard::input
