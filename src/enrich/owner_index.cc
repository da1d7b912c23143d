#include "enrich/owner_index.h"

#include <algorithm>
#include <iterator>
#include <string>
#include <unordered_map>
#include <utility>

#include "enrich/schema.h"
#include "model/country.h"

namespace ipguard::enrich {
namespace {

// A range with whose it is, while the index is built.
template <typename Value>
struct OwnedRange {
  Value first;
  Value last;
  uint32_t owner;
};
template <typename Value>
using Ranges = std::vector<OwnedRange<Value>>;

// ::ffff:0:0/96: its addresses are IPv4 addresses, an IPv6 network that surrounds them does not have them.
constexpr Uint128 first_mapped = Uint128{0xffff} << 32U;
constexpr Uint128 last_mapped = first_mapped | 0xffffffffU;

// `range` starts after everything in `ranges`.
template <typename Value>
void append(Ranges<Value>& ranges, const OwnedRange<Value>& range) {
  if (!ranges.empty() && ranges.back().owner == range.owner && ranges.back().last + 1 == range.first) {
    ranges.back().last = range.last;
  } else {
    ranges.push_back(range);
  }
}

// What of `range` no range of `base` covers; all before `from` end before it.
template <typename Value>
void append_outside(Ranges<Value>& result, OwnedRange<Value> range, const Ranges<Value>& base, size_t from) {
  for (size_t i = from; i < base.size() && base[i].first <= range.last; ++i) {
    if (base[i].last < range.first) {
      continue;
    }
    if (base[i].first > range.first) {
      append(result, {range.first, static_cast<Value>(base[i].first - 1), range.owner});
    }
    if (base[i].last >= range.last) {
      return;
    }
    range.first = static_cast<Value>(base[i].last + 1);
  }
  append(result, range);
}

// `base` and what of `later` lies outside of it; both, and the result, are disjoint and in address order.
template <typename Value>
Ranges<Value> overlay(Ranges<Value> base, Ranges<Value> later) {
  if (base.empty() || later.empty()) {
    return base.empty() ? std::move(later) : std::move(base);
  }
  Ranges<Value> outside;
  size_t from = 0;
  for (const auto& range : later) {
    while (from < base.size() && base[from].last < range.first) {
      ++from;
    }
    append_outside(outside, range, base, from);
  }
  const auto by_address = [](const OwnedRange<Value>& a, const OwnedRange<Value>& b) { return a.first < b.first; };
  Ranges<Value> merged;
  merged.reserve(base.size() + outside.size());
  std::ranges::merge(base, outside, std::back_inserter(merged), by_address);
  Ranges<Value> result;
  for (const auto& range : merged) {
    append(result, range);
  }
  return result;
}

// The ranges of one database, in address order.
struct Layer {
  Ranges<uint32_t> ipv4;
  Ranges<Uint128> ipv6;
  uint64_t networks = 0;
  uint64_t damaged = 0;

  void add(const net::Prefix& network, uint32_t owner) {
    if (network.family() == net::Family::ipv4) {
      append(ipv4, {network.address().ipv4(), network.last().ipv4(), owner});
      return;
    }
    static const Ranges<Uint128> mapped{{first_mapped, last_mapped, 0}};
    append_outside(ipv6, {to_number(network.address()), to_number(network.last()), owner}, mapped, 0);
  }
};

struct RecordOwner {
  uint32_t number = 0;  // 0 = none
  bool damaged = false;
};

RecordOwner read_owner(OwnerKind kind, const Mmdb& mmdb, uint32_t record) {
  const auto facts = read_facts(mmdb, record);
  if (!facts) {
    return {.damaged = true};
  }
  if (kind == OwnerKind::asn) {
    return {.number = facts->asn ? facts->asn->number : 0};
  }
  const auto country = model::Country::parse(facts->country_code);
  return {.number = country ? country->number() : 0};
}

Result<Layer> read_layer(OwnerKind kind, const Mmdb& mmdb) {
  // The 1.66 million networks of a full database share some 128 thousand records: each is read once.
  std::unordered_map<uint32_t, RecordOwner> records;
  Layer layer;
  bool full = false;
  auto walked = mmdb.walk([&](const net::Prefix& network, uint32_t record) {
    ++layer.networks;
    const auto [known, is_new] = records.try_emplace(record);
    if (is_new) {
      known->second = read_owner(kind, mmdb, record);
    }
    if (known->second.damaged) {
      ++layer.damaged;
    }
    if (known->second.number != 0) {
      layer.add(network, known->second.number);
      full = layer.ipv4.size() + layer.ipv6.size() > OwnerIndex::most_ranges;
    }
    return !full;
  });
  if (walked && full) {
    walked = fail(Errc::corrupt, "more than " + std::to_string(OwnerIndex::most_ranges) + " ranges");
  }
  if (!walked) {
    return std::unexpected(add_context(walked, mmdb.path()));
  }
  return layer;
}

template <typename Value>
void sort_by_owner(Ranges<Value>& ranges) {
  std::ranges::sort(ranges, {}, [](const OwnedRange<Value>& range) { return std::pair(range.owner, range.first); });
}

template <typename Value>
uint32_t count_prefixes(Value first, Value last) {
  uint32_t count = 0;
  for_each_prefix(first, last, [&](Value, unsigned) { ++count; });
  return count;
}

template <typename Value>
void append_prefixes(std::vector<net::Prefix>& result, std::span<const OwnerRange<Value>> ranges) {
  for (const auto& range : ranges) {
    for_each_prefix(range.first, range.last, [&](Value first, unsigned host_bits) {
      const auto address = to_address(first);
      result.emplace_back(address, address.bits() - host_bits);
    });
  }
}

template <typename Value>
std::optional<net::Address> start_of_largest(std::span<const OwnerRange<Value>> ranges) {
  if (ranges.empty()) {
    return std::nullopt;
  }
  const auto size = [](const OwnerRange<Value>& range) { return range.last - range.first; };
  return to_address(std::ranges::max_element(ranges, {}, size)->first);
}

template <typename Value>
std::optional<std::pair<net::Address, net::Address>> range_with(std::span<const OwnerRange<Value>> ranges,
                                                                Value address) {
  const auto after = std::ranges::upper_bound(ranges, address, {}, &OwnerRange<Value>::first);
  if (after == ranges.begin() || std::prev(after)->last < address) {
    return std::nullopt;
  }
  return std::pair{to_address(std::prev(after)->first), to_address(std::prev(after)->last)};
}

// The ranges of `owner` from `at` on move to `result`, and are counted.
void take_ranges(Owner& owner, const Ranges<uint32_t>& ranges, size_t& at, std::vector<OwnerRange<uint32_t>>& result) {
  owner.begin4 = static_cast<uint32_t>(result.size());
  for (; at < ranges.size() && ranges[at].owner == owner.number; ++at) {
    const auto& range = ranges[at];
    owner.size.ipv4_addresses += uint64_t{range.last - range.first} + 1;
    owner.prefixes += count_prefixes(range.first, range.last);
    result.push_back({range.first, range.last});
  }
}

void take_ranges(Owner& owner, const Ranges<Uint128>& ranges, size_t& at, std::vector<OwnerRange<Uint128>>& result) {
  owner.begin6 = static_cast<uint32_t>(result.size());
  Uint128 counted = 0;  // the /64 networks below this number
  for (; at < ranges.size() && ranges[at].owner == owner.number; ++at) {
    const auto& range = ranges[at];
    const Uint128 begin = std::max(range.first >> 64U, counted);
    const Uint128 end = (range.last >> 64U) + 1;
    if (end > begin) {
      const Uint128 total = owner.size.ipv6_64s + (end - begin);
      owner.size.ipv6_64s = total > UINT64_MAX ? UINT64_MAX : static_cast<uint64_t>(total);
      counted = end;
    }
    owner.prefixes += count_prefixes(range.first, range.last);
    result.push_back({range.first, range.last});
  }
}

}  // namespace

Result<OwnerIndex> OwnerIndex::build(OwnerKind kind, std::span<const Mmdb* const> databases) {
  OwnerIndex index;
  Ranges<uint32_t> ipv4;
  Ranges<Uint128> ipv6;
  for (const Mmdb* mmdb : databases) {
    auto layer = read_layer(kind, *mmdb);
    if (!layer) {
      return std::unexpected(std::move(layer.error()));
    }
    index.networks_.push_back(layer->networks);
    index.damaged_ += layer->damaged;
    ipv4 = overlay(std::move(ipv4), std::move(layer->ipv4));
    ipv6 = overlay(std::move(ipv6), std::move(layer->ipv6));
  }
  sort_by_owner(ipv4);
  sort_by_owner(ipv6);
  index.ipv4_.reserve(ipv4.size());
  index.ipv6_.reserve(ipv6.size());
  index.owners_.clear();
  constexpr uint64_t end = UINT64_MAX;
  for (size_t at4 = 0, at6 = 0; at4 < ipv4.size() || at6 < ipv6.size();) {
    const uint64_t next =
        std::min(at4 < ipv4.size() ? ipv4[at4].owner : end, at6 < ipv6.size() ? ipv6[at6].owner : end);
    Owner& owner = index.owners_.emplace_back();
    owner.number = static_cast<uint32_t>(next);
    take_ranges(owner, ipv4, at4, index.ipv4_);
    take_ranges(owner, ipv6, at6, index.ipv6_);
  }
  Owner& behind = index.owners_.emplace_back();
  behind.begin4 = static_cast<uint32_t>(index.ipv4_.size());
  behind.begin6 = static_cast<uint32_t>(index.ipv6_.size());
  index.owners_.shrink_to_fit();
  return index;
}

const Owner* OwnerIndex::find(uint32_t number) const {
  const auto all = owners();
  const auto found = std::ranges::lower_bound(all, number, {}, &Owner::number);
  return found != all.end() && found->number == number ? &*found : nullptr;
}

std::span<const OwnerRange<uint32_t>> OwnerIndex::ipv4_of(const Owner& owner) const {
  return std::span(ipv4_).subspan(owner.begin4, (&owner + 1)->begin4 - owner.begin4);
}

std::span<const OwnerRange<Uint128>> OwnerIndex::ipv6_of(const Owner& owner) const {
  return std::span(ipv6_).subspan(owner.begin6, (&owner + 1)->begin6 - owner.begin6);
}

std::vector<net::Prefix> OwnerIndex::prefixes_of(uint32_t number) const {
  std::vector<net::Prefix> result;
  if (const Owner* owner = find(number)) {
    result.reserve(owner->prefixes);
    append_prefixes(result, ipv4_of(*owner));
    append_prefixes(result, ipv6_of(*owner));
  }
  return result;
}

std::optional<net::Address> OwnerIndex::address_of(uint32_t number) const {
  const Owner* owner = find(number);
  if (owner == nullptr) {
    return std::nullopt;
  }
  const auto address = start_of_largest(ipv4_of(*owner));
  return address ? address : start_of_largest(ipv6_of(*owner));
}

std::optional<std::pair<net::Address, net::Address>> OwnerIndex::range_around(const Owner& owner,
                                                                              const net::Address& address) const {
  return address.is_ipv4() ? range_with(ipv4_of(owner), address.ipv4())
                           : range_with(ipv6_of(owner), to_number(address));
}

size_t OwnerIndex::memory_bytes() const {
  return owners_.capacity() * sizeof(Owner) + ipv4_.capacity() * sizeof(OwnerRange<uint32_t>) +
         ipv6_.capacity() * sizeof(OwnerRange<Uint128>);
}

}  // namespace ipguard::enrich
