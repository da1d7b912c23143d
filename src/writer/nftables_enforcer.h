// The enforcer that changes nftables.
#pragma once

#include <memory>

#include "config/config.h"
#include "enforce/enforcer.h"
#include "enforce/protection.h"

namespace ipguard::writer {

// libnftables for table, chains and sets, libnftnl and libmnl for elements. `protection` outlives it.
[[nodiscard]] std::unique_ptr<enforce::Enforcer> make_nftables_enforcer(const config::EnforceConfig& config,
                                                                        enforce::Protection& protection);

}  // namespace ipguard::writer
