#include "enforce/address_share.h"

#include <cmath>

#include "net/site.h"

namespace ipguard::enforce {

namespace {

constexpr double ipv4_space = 4294967296.0;           // 2^32
constexpr double ipv6_space = 2305843009213693952.0;  // 2^61 networks of /64 in 2000::/3

}  // namespace

double AddressShare::size(const net::Prefix& prefix) {
  const auto unit = static_cast<int>(net::host_length(prefix.family()));
  return std::ldexp(1.0, unit - static_cast<int>(prefix.length()));
}

bool AddressShare::exceeds(net::Family family, uint8_t most) const {
  return covered(family) * 100 > (family == net::Family::ipv4 ? ipv4_space : ipv6_space) * most;
}

std::optional<std::string> AddressShare::refusal(net::Family family, double size, uint8_t most) const {
  AddressShare after = *this;
  after.add(family, size);
  if (!after.exceeds(family, most)) {
    return std::nullopt;
  }
  return "with it all bans together would cover more than " + std::to_string(most) + " % of the " +
         (family == net::Family::ipv4 ? "IPv4" : "IPv6") + " address space (protect.largest_share)";
}

}  // namespace ipguard::enforce
