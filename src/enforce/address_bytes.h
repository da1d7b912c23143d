// Addresses as netlink and proc(5) have them: 4 or 16 bytes in network order.
#pragma once

#include <cstddef>
#include <optional>

#include "net/address.h"

namespace ipguard::enforce {

// nullopt for any other length.
[[nodiscard]] std::optional<net::Address> address_of(const void* bytes, size_t length);

}  // namespace ipguard::enforce
