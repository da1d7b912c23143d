// AsIndex: all address ranges of every AS, from one walk of the databases.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "base/result.h"
#include "enrich/mmdb.h"
#include "enrich/number.h"
#include "net/address.h"
#include "net/asn.h"
#include "net/prefix.h"

namespace ipguard::enrich {

// Addresses first..last of one AS; adjacent networks of it (that differ in country only) are one range.
template <typename Value>
struct AsRange {
  Value first;
  Value last;
  uint32_t asn;
};

// Immutable once built. About 12 bytes an IPv4 range and 48 an IPv6 range: 10 MB for 1.66 million networks.
class AsIndex {
 public:
  // No sane database has more; the full routing table has about a million routes.
  static constexpr size_t kMaximumRanges = 8'000'000;

  // Walks every database once. The order is that of precedence: of a later one only what lies outside of the earlier
  // ones' AS networks counts, as in RouteTable::lookup(). A damaged record has no AS; `damaged` counts networks with
  // one. Errc::corrupt for a damaged tree or too many ranges.
  [[nodiscard]] static Result<AsIndex> build(std::span<const Mmdb* const> databases);

  // The fewest prefixes that cover the AS, disjoint, sorted, IPv4 first; empty for an unknown AS.
  [[nodiscard]] std::vector<net::Prefix> prefixes_of(net::Asn asn) const;
  // The first address of its largest range, IPv4 if there is one; nullopt for an unknown AS.
  [[nodiscard]] std::optional<net::Address> address_of(net::Asn asn) const;
  // Number of networks with a record, by database.
  [[nodiscard]] const std::vector<uint64_t>& networks() const { return networks_; }
  [[nodiscard]] uint64_t damaged() const { return damaged_; }
  [[nodiscard]] size_t memory_bytes() const;

 private:
  std::vector<AsRange<uint32_t>> ipv4_;  // by AS, then by address
  std::vector<AsRange<Uint128>> ipv6_;
  std::vector<uint64_t> networks_;
  uint64_t damaged_ = 0;
};

}  // namespace ipguard::enrich
