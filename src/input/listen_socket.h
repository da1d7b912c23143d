// Sockets that others send to: bound, told apart by what can go wrong, never waited for.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <variant>

#include "base/result.h"
#include "base/unique_fd.h"
#include "base/unix_socket.h"
#include "config/source.h"
#include "net/endpoint.h"
#include "net/listen.h"

namespace ipguard::input {

using net::listen_tcp;

// Of a listening socket; nullopt when there is none.
struct Accepted {
  UniqueFd fd;
  net::SocketAddress peer;
};
// The next connection, non-blocking and close-on-exec; one that is gone again is passed over. nullopt with `error`
// EAGAIN when there is none, or the reason why it stays in the queue (no descriptors).
[[nodiscard]] std::optional<Accepted> accept_next(int listener, int& error);
inline constexpr size_t accepted_at_once = 64;  // then others have their turn
// Without descriptors the connection stays in the queue and would wake the loop again and again.
inline constexpr std::chrono::seconds pause_without_descriptors{1};

// Where a syslog listener takes messages, of any transport.
class ListenSocket {
 public:
  // `socket_mode`: of a Unix socket's file. A receive buffer for datagrams is made big, as far as the kernel lets us.
  [[nodiscard]] static Result<ListenSocket> open(const config::ListenEndpoint& endpoint, mode_t socket_mode);

  [[nodiscard]] int fd() const;
  // UDP, TCP: where it really listens.
  [[nodiscard]] std::optional<net::Endpoint> bound_to() const;
  // Datagrams that the kernel had no room for, since open().
  [[nodiscard]] uint64_t dropped() const;

 private:
  explicit ListenSocket(std::variant<UniqueFd, SocketFile> socket) : socket_(std::move(socket)) {}

  std::variant<UniqueFd, SocketFile> socket_;
};

}  // namespace ipguard::input
