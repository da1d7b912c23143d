#include "enforce/address_bytes.h"

#include <arpa/inet.h>

#include <array>
#include <cstdint>
#include <cstring>

namespace ipguard::enforce {

std::optional<net::Address> address_of(const void* bytes, size_t length) {
  if (length == 4) {
    uint32_t number = 0;
    std::memcpy(&number, bytes, sizeof number);
    return net::Address::from_ipv4(ntohl(number));
  }
  if (length == 16) {
    std::array<uint8_t, 16> all{};
    std::memcpy(all.data(), bytes, all.size());
    return net::Address::from_ipv6(all);
  }
  return std::nullopt;
}

}  // namespace ipguard::enforce
