// Addresses as numbers, for arithmetic on ranges. IPv4 addresses keep their place at ::ffff:0:0/96.
#pragma once

#include <algorithm>
#include <array>
#include <bit>
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

[[nodiscard]] inline net::Address to_address(uint32_t ipv4) { return net::Address::from_ipv4(ipv4); }

// Zero bits below the lowest one; all of them for 0.
[[nodiscard]] inline unsigned trailing_zeros(uint32_t value) { return static_cast<unsigned>(std::countr_zero(value)); }
[[nodiscard]] inline unsigned trailing_zeros(Uint128 value) {
  const auto low = static_cast<uint64_t>(value);
  return static_cast<unsigned>(low != 0 ? std::countr_zero(low)
                                        : 64 + std::countr_zero(static_cast<uint64_t>(value >> 64U)));
}

// The most host bits of a network that holds at most rest + 1 addresses.
[[nodiscard]] inline unsigned widest_within(uint32_t rest) {
  return static_cast<unsigned>(std::bit_width(uint64_t{rest} + 1)) - 1;
}
[[nodiscard]] inline unsigned widest_within(Uint128 rest) {
  const Uint128 count = rest + 1;
  if (count == 0) {
    return 128;
  }
  const auto high = static_cast<uint64_t>(count >> 64U);
  return static_cast<unsigned>(high != 0 ? 63 + std::bit_width(high)
                                         : std::bit_width(static_cast<uint64_t>(count)) - 1);
}

// Calls visit(first, host_bits) for the fewest networks that cover first..last, in order: each is the widest one that
// begins where the last one ended and lies inside. (The same as net::range_to_prefixes(), for a great many.)
template <typename Value, typename Visit>
void for_each_prefix(Value first, Value last, const Visit& visit) {
  for (;;) {
    const auto rest = static_cast<Value>(last - first);
    const unsigned host_bits = std::min(trailing_zeros(first), widest_within(rest));
    visit(first, host_bits);
    const Value size = host_bits == 8 * sizeof(Value) ? ~Value{0} : static_cast<Value>((Value{1} << host_bits) - 1);
    if (size == rest) {
      return;
    }
    first = static_cast<Value>(first + size + 1);
  }
}

}  // namespace ipguard::enrich
