#include "input/listen_socket.h"

#include <linux/sock_diag.h>
#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <utility>

#include "net/listen.h"

namespace ipguard::input {
namespace {

using Transport = config::ListenEndpoint::Transport;

// Some 20,000 messages: the kernel doubles it, and counts three quarters of a KiB for a short one.
constexpr int receive_buffer = 8 << 20;

// Over net.core.rmem_max with CAP_NET_ADMIN, otherwise up to it (socket(7)).
void widen_receive_buffer(int fd) {
  if (::setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &receive_buffer, sizeof receive_buffer) != 0) {
    static_cast<void>(::setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &receive_buffer, sizeof receive_buffer));
  }
}

Result<std::variant<UniqueFd, SocketFile>> bind_any(const config::ListenEndpoint& endpoint, mode_t socket_mode) {
  if (endpoint.is_unix()) {
    const int type = endpoint.transport == Transport::unix_datagram ? SOCK_DGRAM : SOCK_STREAM;
    auto file = SocketFile::bind(endpoint.path, type, socket_mode, "socket");
    if (!file) {
      return std::unexpected(std::move(file.error()));
    }
    return std::move(*file);
  }
  const int type = endpoint.transport == Transport::udp ? SOCK_DGRAM : SOCK_STREAM;
  auto fd = net::bind_internet(endpoint.endpoint, type, endpoint.to_string());
  if (!fd) {
    return std::unexpected(std::move(fd.error()));
  }
  return std::move(*fd);
}

}  // namespace

Result<ListenSocket> ListenSocket::open(const config::ListenEndpoint& endpoint, mode_t socket_mode) {
  auto bound = bind_any(endpoint, socket_mode);
  if (!bound) {
    return std::unexpected(std::move(bound.error()));
  }
  ListenSocket socket(std::move(*bound));
  const bool stream = endpoint.transport == Transport::tcp || endpoint.transport == Transport::unix_stream;
  if (!stream) {
    widen_receive_buffer(socket.fd());
  } else if (::listen(socket.fd(), SOMAXCONN) != 0) {
    return fail_errno("cannot listen on " + endpoint.to_string(), errno);
  }
  return socket;
}

int ListenSocket::fd() const {
  const auto* file = std::get_if<SocketFile>(&socket_);
  return file != nullptr ? file->fd() : std::get<UniqueFd>(socket_).get();
}

bool ListenSocket::in_place() const {
  const auto* file = std::get_if<SocketFile>(&socket_);
  return file == nullptr || file->in_place();
}

std::optional<net::Endpoint> ListenSocket::bound_to() const {
  net::SocketAddress own;
  return ::getsockname(fd(), own.get(), &own.length) == 0 ? own.endpoint() : std::nullopt;
}

uint64_t ListenSocket::dropped() const {
  std::array<uint32_t, SK_MEMINFO_VARS> memory{};
  socklen_t size = sizeof memory;
  return ::getsockopt(fd(), SOL_SOCKET, SO_MEMINFO, memory.data(), &size) == 0 ? memory[SK_MEMINFO_DROPS] : 0;
}

}  // namespace ipguard::input
