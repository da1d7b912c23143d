// AddressShare: how much of the address space elements cover, and whether one more would be too much. However many
// networks a feed names: who bans most of the internet has made a mistake.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "net/prefix.h"

namespace ipguard::enforce {

// Plain value. What several sets cover counts for each of them. IPv6 is counted in /64 networks of 2000::/3, which is
// all that is given out (RFC 4291 2.4).
class AddressShare {
 public:
  void add(const net::Prefix& prefix) { covered(prefix) += size(prefix); }
  void remove(const net::Prefix& prefix) { covered(prefix) -= size(prefix); }
  // Why `prefix` may not be added to what is covered, if `most` per cent of its family may be.
  [[nodiscard]] std::optional<std::string> refusal(const net::Prefix& prefix, uint8_t most) const;

 private:
  // Exact up to 2^53, which no sum comes near that would pass any limit's decimals.
  static double size(const net::Prefix& prefix);
  double& covered(const net::Prefix& prefix) { return prefix.family() == net::Family::ipv4 ? ipv4_ : ipv6_64s_; }

  double ipv4_ = 0;
  double ipv6_64s_ = 0;
};

}  // namespace ipguard::enforce
