// Endpoint: an address with a port, as people write it and as sockets(7) have it.
#pragma once

#include <sys/socket.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "net/address.h"

namespace ipguard::net {

struct Endpoint {
  Address address;
  uint16_t port = 0;

  // "127.0.0.1:5514", "[::1]:5514": an IPv6 address in brackets, and only that; a port from 0 to 65535.
  [[nodiscard]] static std::optional<Endpoint> parse(std::string_view text);
  [[nodiscard]] std::string to_string() const;

  friend bool operator==(const Endpoint&, const Endpoint&) = default;
};

// 127.0.0.0/8 or ::1.
[[nodiscard]] bool is_loopback(const Address& address);

// What bind(2), accept(2) and recvmsg(2) take and fill.
struct SocketAddress {
  SocketAddress() = default;  // room for any
  explicit SocketAddress(const Endpoint& endpoint);

  [[nodiscard]] const sockaddr* get() const { return reinterpret_cast<const sockaddr*>(&storage); }
  [[nodiscard]] sockaddr* get() { return reinterpret_cast<sockaddr*>(&storage); }
  // nullopt for a family other than AF_INET and AF_INET6.
  [[nodiscard]] std::optional<Endpoint> endpoint() const;

  sockaddr_storage storage{};
  socklen_t length = sizeof(sockaddr_storage);
};

}  // namespace ipguard::net
