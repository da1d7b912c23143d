// What groups are called inside of their tables: short, fixed forms of addresses, routes and numbers.
#pragma once

#include <array>
#include <cstdint>
#include <cstring>
#include <string_view>

#include "net/address.h"
#include "net/prefix.h"

namespace ipguard::report {

class AddressKey {
 public:
  explicit AddressKey(const net::Address& address) {
    std::memcpy(bytes_.data(), address.bytes().data(), bytes_.size());
  }
  [[nodiscard]] std::string_view text() const { return {bytes_.data(), bytes_.size()}; }
  [[nodiscard]] static net::Address read(std::string_view key) {
    std::array<uint8_t, 16> bytes{};
    std::memcpy(bytes.data(), key.data(), bytes.size());
    return net::Address::from_ipv6(bytes);
  }

 private:
  std::array<char, 16> bytes_;
};

class RouteKey {
 public:
  explicit RouteKey(const net::Prefix& route) {
    std::memcpy(bytes_.data(), route.address().bytes().data(), 16);
    bytes_[16] = static_cast<char>(route.length());
  }
  [[nodiscard]] std::string_view text() const { return {bytes_.data(), bytes_.size()}; }
  [[nodiscard]] static net::Prefix read(std::string_view key) {
    return {AddressKey::read(key), static_cast<unsigned char>(key[16])};
  }

 private:
  std::array<char, 17> bytes_;
};

// Of a number that fits 32 bits. In order of the numbers, so that rows with equal counts are.
class NumberKey {
 public:
  explicit NumberKey(uint32_t number)
      : bytes_{static_cast<char>(number >> 24U), static_cast<char>(number >> 16U), static_cast<char>(number >> 8U),
               static_cast<char>(number)} {}
  [[nodiscard]] std::string_view text() const { return {bytes_.data(), bytes_.size()}; }
  [[nodiscard]] static uint32_t read(std::string_view key) {
    uint32_t number = 0;
    for (const char byte : key) {
      number = number << 8U | static_cast<unsigned char>(byte);
    }
    return number;
  }

 private:
  std::array<char, 4> bytes_;
};

}  // namespace ipguard::report
