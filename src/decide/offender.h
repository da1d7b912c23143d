// Who is counted as one offender.
#pragma once

#include "net/prefix.h"

namespace ipguard::decide {

// An IPv4 address; of IPv6 the /64, for that is the least a site gets (RFC 4291 2.5.1) and whoever has one has 2^64
// addresses to change between.
[[nodiscard]] inline net::Prefix offender_unit(const net::Address& address) {
  return {address, address.is_ipv4() ? address.bits() : 64U};
}

}  // namespace ipguard::decide
