// IPv4 and IPv6 addresses as one value type.
#pragma once

#include <array>
#include <bit>
#include <compare>
#include <cstdint>
#include <cstring>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace ipguard::net {

enum class Family : uint8_t { ipv4, ipv6 };

// Bits in an address of the family: 32 or 128.
[[nodiscard]] constexpr unsigned address_bits(Family family) { return family == Family::ipv4 ? 32 : 128; }

// Sixteen bytes in network order. IPv4 is held as ::ffff:a.b.c.d (RFC 4291 2.5.5.2), so that a v4-mapped IPv6 address
// *is* the IPv4 address: an attacker cannot have two identities. Ordered by family, then numerically.
class Address {
 public:
  constexpr Address() = default;  // ::
  [[nodiscard]] static constexpr Address from_ipv4(uint32_t host_order);
  // `bytes` in network order; a v4-mapped value becomes IPv4.
  [[nodiscard]] static constexpr Address from_ipv6(const std::array<uint8_t, 16>& bytes);

  // Exactly what inet_pton(3) accepts (no leading zeros, no short forms); v4-mapped IPv6 yields IPv4.
  // With a zone index ("fe80::1%eth0") the zone is dropped. Never resolves a name. nullopt for anything else.
  [[nodiscard]] static std::optional<Address> parse(std::string_view text);
  // As parse(), and also the forms that logs use: "[2001:db8::1]", "192.0.2.1:443", "[2001:db8::1]:443".
  [[nodiscard]] static std::optional<Address> parse_logged(std::string_view text);

  [[nodiscard]] constexpr Family family() const;
  [[nodiscard]] constexpr bool is_ipv4() const { return family() == Family::ipv4; }
  [[nodiscard]] constexpr unsigned bits() const { return address_bits(family()); }
  // IPv4 only: the address in host order.
  [[nodiscard]] constexpr uint32_t ipv4() const;
  // Network order, v4-mapped for IPv4.
  [[nodiscard]] constexpr const std::array<uint8_t, 16>& bytes() const { return bytes_; }
  // Bit `index` counted from the most significant bit *of the family's address* (0..bits()-1).
  [[nodiscard]] constexpr bool bit(unsigned index) const;
  // Of two addresses of a family: how many bits are the same, from the most significant one on.
  [[nodiscard]] constexpr unsigned common_bits(const Address& other) const;
  // The same with every bit from `length` (at most bits()) on cleared, or set.
  [[nodiscard]] constexpr Address with_host_bits(unsigned length, bool set) const;

  // RFC 5952 text.
  [[nodiscard]] std::string to_string() const;
  void append_to(std::string& text) const;  // the same, at the end of `text`

  friend constexpr bool operator==(const Address& a, const Address& b) { return a.halves() == b.halves(); }
  friend constexpr std::strong_ordering operator<=>(const Address& a, const Address& b);

 private:
  // As two numbers in host order: maps compare addresses all the time, and memcmp(3) of 16 bytes is a call.
  struct Halves {
    uint64_t high = 0;
    uint64_t low = 0;
    friend constexpr auto operator<=>(const Halves&, const Halves&) = default;
  };
  [[nodiscard]] constexpr Halves halves() const;
  [[nodiscard]] static constexpr Address from_halves(const Halves& halves);

  std::array<uint8_t, 16> bytes_{};
};

// The next address; nullopt after the family's last one.
[[nodiscard]] std::optional<Address> next(const Address& address);
// The address before; nullopt before the family's first one.
[[nodiscard]] std::optional<Address> previous(const Address& address);

constexpr Address Address::from_ipv4(uint32_t host_order) {
  Address result;
  result.bytes_[10] = 0xff;
  result.bytes_[11] = 0xff;
  result.bytes_[12] = static_cast<uint8_t>(host_order >> 24);
  result.bytes_[13] = static_cast<uint8_t>(host_order >> 16);
  result.bytes_[14] = static_cast<uint8_t>(host_order >> 8);
  result.bytes_[15] = static_cast<uint8_t>(host_order);
  return result;
}

constexpr Address Address::from_ipv6(const std::array<uint8_t, 16>& bytes) {
  Address result;
  result.bytes_ = bytes;
  return result;
}

constexpr Address::Halves Address::halves() const {
  const auto both = std::bit_cast<std::array<uint64_t, 2>>(bytes_);
  if constexpr (std::endian::native == std::endian::big) {
    return {both[0], both[1]};
  }
  return {std::byteswap(both[0]), std::byteswap(both[1])};
}

constexpr Address Address::from_halves(const Halves& halves) {
  constexpr bool big = std::endian::native == std::endian::big;
  Address result;
  result.bytes_ = std::bit_cast<std::array<uint8_t, 16>>(
      big ? std::array{halves.high, halves.low} : std::array{std::byteswap(halves.high), std::byteswap(halves.low)});
  return result;
}

constexpr Family Address::family() const {
  const Halves both = halves();
  return both.high == 0 && both.low >> 32 == 0xffff ? Family::ipv4 : Family::ipv6;
}

constexpr uint32_t Address::ipv4() const {
  return static_cast<uint32_t>(bytes_[12]) << 24 | static_cast<uint32_t>(bytes_[13]) << 16 |
         static_cast<uint32_t>(bytes_[14]) << 8 | bytes_[15];
}

constexpr bool Address::bit(unsigned index) const {
  const unsigned position = index + (128 - bits());
  return ((bytes_[position / 8] >> (7 - position % 8)) & 1) != 0;
}

constexpr unsigned Address::common_bits(const Address& other) const {
  const Halves mine = halves();
  const Halves theirs = other.halves();
  const int common = mine.high != theirs.high ? std::countl_zero(mine.high ^ theirs.high)
                                              : 64 + std::countl_zero(mine.low ^ theirs.low);
  return static_cast<unsigned>(common) - (128 - bits());
}

constexpr Address Address::with_host_bits(unsigned length, bool set) const {
  const unsigned first = length + (128 - bits());
  const uint64_t high = first < 64 ? ~uint64_t{0} >> first : 0;
  const uint64_t low = first <= 64 ? ~uint64_t{0} : first < 128 ? ~uint64_t{0} >> (first - 64) : 0;
  const Halves both = halves();
  return from_halves(set ? Halves{both.high | high, both.low | low} : Halves{both.high & ~high, both.low & ~low});
}

constexpr std::strong_ordering operator<=>(const Address& a, const Address& b) {
  if (a.family() != b.family()) {
    return a.family() <=> b.family();
  }
  return a.halves() <=> b.halves();
}

}  // namespace ipguard::net

template <>
struct std::hash<ipguard::net::Address> {
  size_t operator()(const ipguard::net::Address& address) const noexcept {
    uint64_t high = 0;
    uint64_t low = 0;
    std::memcpy(&high, address.bytes().data(), 8);
    std::memcpy(&low, address.bytes().data() + 8, 8);
    // Two rounds of a 64-bit mix (constants of splitmix64): attackers choose the low bits of IPv6 addresses.
    uint64_t x = high * 0x9e3779b97f4a7c15ULL ^ low;
    x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9ULL;
    x = (x ^ (x >> 27)) * 0x94d049bb133111ebULL;
    return static_cast<size_t>(x ^ (x >> 31));
  }
};
