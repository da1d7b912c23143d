#include "net/address.h"

#include <arpa/inet.h>
#include <netinet/in.h>

#include <algorithm>

#include "base/text.h"

namespace ipguard::net {
namespace {

// Dotted quad exactly as inet_pton(AF_INET) takes it. Own code because it runs for every parsed line.
std::optional<uint32_t> parse_ipv4(std::string_view text) {
  uint32_t value = 0;
  size_t position = 0;
  for (int octet = 0; octet < 4; ++octet) {
    if (octet > 0) {
      if (position >= text.size() || text[position] != '.') {
        return std::nullopt;
      }
      ++position;
    }
    const size_t begin = position;
    uint32_t part = 0;
    while (position < text.size() && text[position] >= '0' && text[position] <= '9' && position - begin < 3) {
      part = part * 10 + static_cast<uint32_t>(text[position] - '0');
      ++position;
    }
    if (position == begin || part > 255 || (position - begin > 1 && text[begin] == '0')) {
      return std::nullopt;
    }
    value = value << 8 | part;
  }
  return position == text.size() ? std::optional(value) : std::nullopt;
}

std::optional<Address> parse_ipv6(std::string_view text) {
  if (const auto zone = text.find('%'); zone != std::string_view::npos) {
    // RFC 4007: a zone index follows; an empty one is malformed.
    if (zone + 1 == text.size()) {
      return std::nullopt;
    }
    text = text.substr(0, zone);
  }
  std::array<char, INET6_ADDRSTRLEN> buffer{};
  if (text.size() >= buffer.size() || text.find('\0') != std::string_view::npos) {
    return std::nullopt;
  }
  std::ranges::copy(text, buffer.begin());
  std::array<uint8_t, 16> bytes{};
  if (::inet_pton(AF_INET6, buffer.data(), bytes.data()) != 1) {
    return std::nullopt;
  }
  return Address::from_ipv6(bytes);
}

bool is_port(std::string_view text) {
  const auto number = parse_number(text);
  return number && *number <= 65535 && text.size() <= 5;
}

}  // namespace

std::optional<Address> Address::parse(std::string_view text) {
  if (const auto quad = parse_ipv4(text)) {
    return from_ipv4(*quad);
  }
  return text.find(':') == std::string_view::npos ? std::nullopt : parse_ipv6(text);
}

std::optional<Address> Address::parse_logged(std::string_view text) {
  if (text.starts_with('[')) {
    const auto end = text.find(']');
    if (end == std::string_view::npos) {
      return std::nullopt;
    }
    const auto rest = text.substr(end + 1);
    if (!rest.empty() && (rest[0] != ':' || !is_port(rest.substr(1)))) {
      return std::nullopt;
    }
    return parse_ipv6(text.substr(1, end - 1));
  }
  const auto colon = text.find(':');
  if (colon != std::string_view::npos && colon == text.rfind(':')) {
    const auto quad = parse_ipv4(text.substr(0, colon));
    return quad && is_port(text.substr(colon + 1)) ? std::optional(from_ipv4(*quad)) : std::nullopt;
  }
  return parse(text);
}

std::string Address::to_string() const {
  std::string text;
  append_to(text);
  return text;
}

void Address::append_to(std::string& text) const {
  std::array<char, INET6_ADDRSTRLEN> buffer{};
  if (!is_ipv4()) {
    ::inet_ntop(AF_INET6, bytes_.data(), buffer.data(), buffer.size());
    text += buffer.data();
    return;
  }
  // Own code because it runs for every line of bulk output.
  char* end = buffer.data();
  for (size_t i = 12; i < bytes_.size(); ++i) {
    const unsigned octet = bytes_[i];
    if (octet >= 100) {
      *end++ = static_cast<char>('0' + octet / 100);
    }
    if (octet >= 10) {
      *end++ = static_cast<char>('0' + octet / 10 % 10);
    }
    *end++ = static_cast<char>('0' + octet % 10);
    *end++ = '.';
  }
  text.append(buffer.data(), end - 1);
}

// By number the mapped IPv4 addresses lie among the IPv6 ones; among IPv6 addresses these two are neighbours.
constexpr std::array<uint8_t, 16> before_mapped = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xfe, 0xff, 0xff, 0xff, 0xff};
constexpr std::array<uint8_t, 16> after_mapped = {0, 0, 0, 0, 0, 0, 0, 0, 0, 1};

std::optional<Address> next(const Address& address) {
  if (address.is_ipv4()) {
    const uint32_t value = address.ipv4();
    return value == UINT32_MAX ? std::nullopt : std::optional(Address::from_ipv4(value + 1));
  }
  auto bytes = address.bytes();
  if (bytes == before_mapped) {
    return Address::from_ipv6(after_mapped);
  }
  for (size_t i = bytes.size(); i-- > 0;) {
    if (++bytes[i] != 0) {
      return Address::from_ipv6(bytes);
    }
  }
  return std::nullopt;
}

std::optional<Address> previous(const Address& address) {
  if (address.is_ipv4()) {
    const uint32_t value = address.ipv4();
    return value == 0 ? std::nullopt : std::optional(Address::from_ipv4(value - 1));
  }
  auto bytes = address.bytes();
  if (bytes == after_mapped) {
    return Address::from_ipv6(before_mapped);
  }
  for (size_t i = bytes.size(); i-- > 0;) {
    if (bytes[i]-- != 0) {
      return Address::from_ipv6(bytes);
    }
  }
  return std::nullopt;
}

}  // namespace ipguard::net
