#include "net/endpoint.h"

#include <netinet/in.h>

#include <array>
#include <cstring>

#include "base/text.h"

namespace ipguard::net {

std::optional<Endpoint> Endpoint::parse(std::string_view text) {
  const auto colon = text.rfind(':');
  if (colon == std::string_view::npos) {
    return std::nullopt;
  }
  const auto port = parse_number(text.substr(colon + 1));
  auto host = text.substr(0, colon);
  const bool bracketed = host.size() > 2 && host.starts_with('[') && host.ends_with(']');
  if (bracketed) {
    host = host.substr(1, host.size() - 2);
  }
  const bool is_ipv6_text = host.find(':') != std::string_view::npos;
  const auto address = Address::parse(host);
  if (!port || *port > 65535 || bracketed != is_ipv6_text || !address) {
    return std::nullopt;
  }
  return Endpoint{.address = *address, .port = static_cast<uint16_t>(*port)};
}

std::string Endpoint::to_string() const {
  const auto host = address.to_string();
  return (address.is_ipv4() ? host : '[' + host + ']') + ':' + std::to_string(port);
}

bool is_loopback(const Address& address) {
  return address.is_ipv4() ? address.ipv4() >> 24U == 127 : address == Address::parse("::1");
}

SocketAddress::SocketAddress(const Endpoint& endpoint) {
  if (endpoint.address.is_ipv4()) {
    auto* ipv4 = reinterpret_cast<sockaddr_in*>(&storage);
    ipv4->sin_family = AF_INET;
    ipv4->sin_port = htons(endpoint.port);
    ipv4->sin_addr.s_addr = htonl(endpoint.address.ipv4());
    length = sizeof(sockaddr_in);
  } else {
    auto* ipv6 = reinterpret_cast<sockaddr_in6*>(&storage);
    ipv6->sin6_family = AF_INET6;
    ipv6->sin6_port = htons(endpoint.port);
    std::memcpy(&ipv6->sin6_addr, endpoint.address.bytes().data(), endpoint.address.bytes().size());
    length = sizeof(sockaddr_in6);
  }
}

std::optional<Endpoint> SocketAddress::endpoint() const {
  if (storage.ss_family == AF_INET) {
    const auto* ipv4 = reinterpret_cast<const sockaddr_in*>(&storage);
    return Endpoint{.address = Address::from_ipv4(ntohl(ipv4->sin_addr.s_addr)), .port = ntohs(ipv4->sin_port)};
  }
  if (storage.ss_family == AF_INET6) {
    const auto* ipv6 = reinterpret_cast<const sockaddr_in6*>(&storage);
    std::array<uint8_t, 16> bytes{};
    std::memcpy(bytes.data(), &ipv6->sin6_addr, bytes.size());
    return Endpoint{.address = Address::from_ipv6(bytes), .port = ntohs(ipv6->sin6_port)};
  }
  return std::nullopt;
}

}  // namespace ipguard::net
