// AddressShare: how much of the address space elements cover, and whether more would be too much. However many
// networks a feed names: who bans most of the internet has made a mistake.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "net/prefix.h"

namespace ipguard::enforce {

// Plain value: two sums. Who adds says how much of a prefix is not covered already (ElementMirror knows). IPv4 is
// counted in addresses, IPv6 in /64 networks (parts of one for what is longer) of 2000::/3, which is all that is given
// out (RFC 4291 2.4).
class AddressShare {
 public:
  [[nodiscard]] static double size(const net::Prefix& prefix);

  void add(net::Family family, double size) { covered(family) += size; }
  void remove(net::Family family, double size) { covered(family) -= size; }
  [[nodiscard]] double covered(net::Family family) const { return family == net::Family::ipv4 ? ipv4_ : ipv6_64s_; }
  // Whether that is more than `most` per cent of the family's space.
  [[nodiscard]] bool exceeds(net::Family family, uint8_t most) const;
  // Why `size` may not be added to what is covered, if `most` per cent may be.
  [[nodiscard]] std::optional<std::string> refusal(net::Family family, double size, uint8_t most) const;

 private:
  // Of IPv4 exact; of IPv6 up to 53 bits, which is far more than a per cent's decimals.
  double& covered(net::Family family) { return family == net::Family::ipv4 ? ipv4_ : ipv6_64s_; }

  double ipv4_ = 0;
  double ipv6_64s_ = 0;
};

}  // namespace ipguard::enforce
