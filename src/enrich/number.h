// Addresses as numbers, for arithmetic on ranges. IPv4 addresses keep their place at ::ffff:0:0/96.
#pragma once

#include <array>
#include <cstdint>

#include "net/address.h"

namespace ipguard::enrich {

// A libmaxminddb-free value; g++ and clang have it on every 64-bit platform.
__extension__ using Uint128 = unsigned __int128;

[[nodiscard]] inline Uint128 to_number(const net::Address& address) {
  Uint128 result = 0;
  for (const uint8_t byte : address.bytes()) {
    result = result << 8U | byte;
  }
  return result;
}

[[nodiscard]] inline net::Address to_address(Uint128 value) {
  std::array<uint8_t, 16> bytes{};
  for (size_t i = 0; i < bytes.size(); ++i) {
    bytes[i] = static_cast<uint8_t>(value >> (120 - 8 * i));
  }
  return net::Address::from_ipv6(bytes);
}

}  // namespace ipguard::enrich
