// Arithmetic on sets of prefixes: smallest covers, differences, sizes. Pure functions.
#pragma once

#include <string>
#include <vector>

#include "net/prefix.h"

namespace ipguard::net {

// The fewest prefixes that cover exactly the same addresses: disjoint, sorted, v4 before v6.
[[nodiscard]] std::vector<Prefix> aggregate(std::vector<Prefix> prefixes);

// What of `prefix` lies outside all `holes`: disjoint, sorted. Holes outside of `prefix` are ignored.
[[nodiscard]] std::vector<Prefix> subtract(const Prefix& prefix, const std::vector<Prefix>& holes);

// The fewest prefixes that cover first..last (same family, first <= last).
[[nodiscard]] std::vector<Prefix> range_to_prefixes(const Address& first, const Address& last);

// Number of addresses in disjoint prefixes; exact up to 2^64 - 1 and saturating there.
[[nodiscard]] uint64_t count_addresses(const std::vector<Prefix>& prefixes);
[[nodiscard]] uint64_t count_addresses(const Prefix& prefix);

}  // namespace ipguard::net
