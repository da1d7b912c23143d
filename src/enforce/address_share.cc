#include "enforce/address_share.h"

#include <algorithm>
#include <cmath>

namespace ipguard::enforce {

namespace {

constexpr double ipv4_space = 4294967296.0;           // 2^32
constexpr double ipv6_space = 2305843009213693952.0;  // 2^61 networks of /64 in 2000::/3
constexpr unsigned ipv6_network = 64;

}  // namespace

double AddressShare::size(const net::Prefix& prefix) {
  const unsigned bits = prefix.family() == net::Family::ipv4 ? 32 : ipv6_network;
  return std::ldexp(1.0, static_cast<int>(bits) - static_cast<int>(std::min(bits, prefix.length())));
}

std::optional<std::string> AddressShare::refusal(const net::Prefix& prefix, uint8_t most) const {
  const bool is_ipv4 = prefix.family() == net::Family::ipv4;
  const double space = is_ipv4 ? ipv4_space : ipv6_space;
  const double after = (is_ipv4 ? ipv4_ : ipv6_64s_) + size(prefix);
  if (after * 100 <= space * most) {
    return std::nullopt;
  }
  return "with it all bans together would cover more than " + std::to_string(most) + " % of the " +
         (is_ipv4 ? "IPv4" : "IPv6") + " address space (protect.largest_share)";
}

}  // namespace ipguard::enforce
