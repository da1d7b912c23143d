// A CIDR prefix: an address and a length, host bits zero.
#pragma once

#include <algorithm>
#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "net/address.h"

namespace ipguard::net {

// Ordered by first address (family first), then by length: a covering prefix sorts before what it covers.
class Prefix {
 public:
  Prefix() = default;  // ::/0
  // The prefix of `length` bits (of the family: at most 32 or 128) that holds `address`; host bits are cleared.
  Prefix(const Address& address, unsigned length)
      : address_(address.with_host_bits(std::min(length, address.bits()), false)),
        length_(static_cast<uint8_t>(std::min(length, address.bits()))) {}
  // The single address as a prefix, /32 or /128.
  explicit Prefix(const Address& address) : address_(address), length_(static_cast<uint8_t>(address.bits())) {}

  // "192.0.2.0/24" or a bare address. Host bits that are set are an error that names the prefix meant. A v4-mapped
  // prefix ("::ffff:192.0.2.0/120") of 96 bits or more becomes IPv4.
  [[nodiscard]] static Result<Prefix> parse(std::string_view text);

  [[nodiscard]] const Address& address() const { return address_; }  // the first address
  [[nodiscard]] unsigned length() const { return length_; }
  [[nodiscard]] Family family() const { return address_.family(); }
  [[nodiscard]] Address last() const;
  [[nodiscard]] bool is_single() const { return length_ == address_.bits(); }
  [[nodiscard]] bool contains(const Address& address) const {
    return address.family() == family() && address.with_host_bits(length_, false) == address_;
  }
  [[nodiscard]] bool contains(const Prefix& other) const {
    return other.length_ >= length_ && contains(other.address_);
  }
  [[nodiscard]] bool overlaps(const Prefix& other) const { return contains(other) || other.contains(*this); }
  // The covering prefix one bit shorter; the caller knows that length() > 0.
  [[nodiscard]] Prefix parent() const { return {address_, length_ - 1U}; }
  // The half that starts at address() (false) or the other (true); the caller knows that length() < bits.
  [[nodiscard]] Prefix child(bool upper) const;

  // "192.0.2.0/24"; always with the length.
  [[nodiscard]] std::string to_string() const;
  void append_to(std::string& text) const;  // the same, at the end of `text`
  // As to_string(), but a single address is written without its length.
  [[nodiscard]] std::string to_target() const;

  friend bool operator==(const Prefix&, const Prefix&) = default;
  friend std::strong_ordering operator<=>(const Prefix& a, const Prefix& b) = default;

 private:
  Address address_;
  uint8_t length_ = 0;
};

}  // namespace ipguard::net

template <>
struct std::hash<ipguard::net::Prefix> {
  size_t operator()(const ipguard::net::Prefix& prefix) const noexcept {
    return std::hash<ipguard::net::Address>{}(prefix.address()) * 131 + prefix.length();
  }
};
