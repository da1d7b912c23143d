// Cutting what must stay reachable out of what is to be blocked.
#pragma once

#include <vector>

#include "net/prefix.h"
#include "net/prefix_set.h"

namespace ipguard::decide {

// What of `prefix` lies outside of `holes` (which may nest): disjoint, sorted; empty if nothing is left. Costs by the
// number of holes inside, not by their total.
[[nodiscard]] std::vector<net::Prefix> cut(const net::Prefix& prefix, const net::PrefixSet& holes);

}  // namespace ipguard::decide
