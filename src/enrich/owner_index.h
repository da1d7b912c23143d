// OwnerIndex: all address ranges of every AS, or of every country, from one walk of the databases.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include "base/result.h"
#include "enrich/mmdb.h"
#include "enrich/number.h"
#include "model/coverage.h"
#include "net/address.h"
#include "net/prefix.h"

namespace ipguard::enrich {

enum class OwnerKind : uint8_t { asn, country };

// Addresses first..last of one owner; adjacent networks of it (an AS' in several countries, say) are one range.
template <typename Value>
struct OwnerRange {
  Value first;
  Value last;
};

struct Owner {
  uint32_t number = 0;    // the AS number, or model::Country::number()
  uint32_t prefixes = 0;  // the fewest that cover it
  uint32_t begin4 = 0;    // its ranges; they end where the next owner's begin
  uint32_t begin6 = 0;
  model::Coverage size;
};

// Immutable once built. Of 1.66 million networks, 10 MB: 8 bytes an IPv4 range, 32 an IPv6 range and 32 an owner.
class OwnerIndex {
 public:
  // No sane database has more; the full routing table has about a million routes.
  static constexpr size_t most_ranges = 8'000'000;

  OwnerIndex() = default;  // empty
  // Walks every database once. The order is that of precedence: of a later one only what lies outside of the earlier
  // ones' networks with an owner counts, as in RouteTable::lookup(). A damaged record has no owner; `damaged` counts
  // networks with one. Errc::corrupt for a damaged tree or too many ranges.
  [[nodiscard]] static Result<OwnerIndex> build(OwnerKind kind, std::span<const Mmdb* const> databases);

  // Sorted by number.
  [[nodiscard]] std::span<const Owner> owners() const { return {owners_.data(), owners_.size() - 1}; }
  // Null for an unknown owner. Valid as long as the index.
  [[nodiscard]] const Owner* find(uint32_t number) const;
  // The fewest prefixes that cover it, disjoint, sorted, IPv4 first; empty for an unknown owner.
  [[nodiscard]] std::vector<net::Prefix> prefixes_of(uint32_t number) const;
  // The first address of its largest range, IPv4 if there is one; nullopt for an unknown owner.
  [[nodiscard]] std::optional<net::Address> address_of(uint32_t number) const;
  // First and last address of its range around `address`: the maximal run of adjacent networks. nullopt if the address
  // is not the owner's.
  [[nodiscard]] std::optional<std::pair<net::Address, net::Address>> range_around(const Owner& owner,
                                                                                  const net::Address& address) const;
  // Number of networks with a record, by database.
  [[nodiscard]] const std::vector<uint64_t>& networks() const { return networks_; }
  [[nodiscard]] uint64_t damaged() const { return damaged_; }
  [[nodiscard]] size_t memory_bytes() const;

 private:
  [[nodiscard]] std::span<const OwnerRange<uint32_t>> ipv4_of(const Owner& owner) const;
  [[nodiscard]] std::span<const OwnerRange<Uint128>> ipv6_of(const Owner& owner) const;

  std::vector<Owner> owners_ = std::vector<Owner>(1);  // and one more, which only says where the last one ends
  std::vector<OwnerRange<uint32_t>> ipv4_;             // by owner, then by address
  std::vector<OwnerRange<Uint128>> ipv6_;
  std::vector<uint64_t> networks_;
  uint64_t damaged_ = 0;
};

}  // namespace ipguard::enrich
