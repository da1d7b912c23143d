#include "enrich/as_index.h"

#include <algorithm>
#include <iterator>
#include <string>
#include <unordered_map>
#include <utility>

#include "enrich/schema.h"
#include "net/cover.h"

namespace ipguard::enrich {
namespace {

template <typename Value>
using Ranges = std::vector<AsRange<Value>>;

// ::ffff:0:0/96: its addresses are IPv4 addresses, an IPv6 network that surrounds them does not have them.
constexpr Uint128 kMappedFirst = Uint128{0xffff} << 32U;
constexpr Uint128 kMappedLast = kMappedFirst | 0xffffffffU;

using enrich::to_address;
net::Address to_address(uint32_t value) { return net::Address::from_ipv4(value); }

// `range` starts after everything in `ranges`.
template <typename Value>
void append(Ranges<Value>& ranges, const AsRange<Value>& range) {
  if (!ranges.empty() && ranges.back().asn == range.asn && ranges.back().last + 1 == range.first) {
    ranges.back().last = range.last;
  } else {
    ranges.push_back(range);
  }
}

// What of `range` no range of `base` covers; all before `from` end before it.
template <typename Value>
void append_outside(Ranges<Value>& result, AsRange<Value> range, const Ranges<Value>& base, size_t from) {
  for (size_t i = from; i < base.size() && base[i].first <= range.last; ++i) {
    if (base[i].last < range.first) {
      continue;
    }
    if (base[i].first > range.first) {
      append(result, {range.first, static_cast<Value>(base[i].first - 1), range.asn});
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
  const auto by_address = [](const AsRange<Value>& a, const AsRange<Value>& b) { return a.first < b.first; };
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

  void add(const net::Prefix& network, uint32_t asn) {
    if (network.family() == net::Family::ipv4) {
      append(ipv4, {network.address().ipv4(), network.last().ipv4(), asn});
      return;
    }
    static const Ranges<Uint128> mapped{{kMappedFirst, kMappedLast, 0}};
    append_outside(ipv6, {to_number(network.address()), to_number(network.last()), asn}, mapped, 0);
  }
};

struct RecordAs {
  uint32_t asn = 0;  // 0 = none
  bool damaged = false;
};

RecordAs read_as(const Mmdb& mmdb, uint32_t record) {
  const auto facts = read_facts(mmdb, record);
  return {.asn = facts && facts->asn ? facts->asn->number : 0, .damaged = !facts};
}

Result<Layer> read_layer(const Mmdb& mmdb) {
  // The 1.66 million networks of a full database share some 128 thousand records: each is read once.
  std::unordered_map<uint32_t, RecordAs> records;
  Layer layer;
  bool full = false;
  auto walked = mmdb.walk([&](const net::Prefix& network, uint32_t record) {
    ++layer.networks;
    const auto [known, is_new] = records.try_emplace(record);
    if (is_new) {
      known->second = read_as(mmdb, record);
    }
    if (known->second.damaged) {
      ++layer.damaged;
    }
    if (known->second.asn != 0) {
      layer.add(network, known->second.asn);
      full = layer.ipv4.size() + layer.ipv6.size() > AsIndex::kMaximumRanges;
    }
    return !full;
  });
  if (walked && full) {
    walked = fail(Errc::corrupt, "more than " + std::to_string(AsIndex::kMaximumRanges) + " AS ranges");
  }
  if (!walked) {
    return std::unexpected(add_context(walked, mmdb.path()));
  }
  return layer;
}

template <typename Value>
std::span<const AsRange<Value>> ranges_of(const Ranges<Value>& ranges, uint32_t asn) {
  const auto found = std::ranges::equal_range(ranges, asn, {}, &AsRange<Value>::asn);
  return {found.begin(), found.end()};
}

template <typename Value>
void sort_by_asn(Ranges<Value>& ranges) {
  ranges.shrink_to_fit();
  std::ranges::sort(ranges, {}, [](const AsRange<Value>& range) { return std::pair(range.asn, range.first); });
}

template <typename Value>
void append_prefixes(std::vector<net::Prefix>& result, std::span<const AsRange<Value>> ranges) {
  for (const auto& range : ranges) {
    const auto prefixes = net::range_to_prefixes(to_address(range.first), to_address(range.last));
    result.insert(result.end(), prefixes.begin(), prefixes.end());
  }
}

template <typename Value>
std::optional<net::Address> start_of_largest(std::span<const AsRange<Value>> ranges) {
  if (ranges.empty()) {
    return std::nullopt;
  }
  const auto size = [](const AsRange<Value>& range) { return range.last - range.first; };
  return to_address(std::ranges::max_element(ranges, {}, size)->first);
}

}  // namespace

Result<AsIndex> AsIndex::build(std::span<const Mmdb* const> databases) {
  AsIndex index;
  for (const Mmdb* mmdb : databases) {
    auto layer = read_layer(*mmdb);
    if (!layer) {
      return std::unexpected(std::move(layer.error()));
    }
    index.networks_.push_back(layer->networks);
    index.damaged_ += layer->damaged;
    index.ipv4_ = overlay(std::move(index.ipv4_), std::move(layer->ipv4));
    index.ipv6_ = overlay(std::move(index.ipv6_), std::move(layer->ipv6));
  }
  sort_by_asn(index.ipv4_);
  sort_by_asn(index.ipv6_);
  return index;
}

std::vector<net::Prefix> AsIndex::prefixes_of(net::Asn asn) const {
  std::vector<net::Prefix> result;
  append_prefixes(result, ranges_of(ipv4_, asn.number));
  append_prefixes(result, ranges_of(ipv6_, asn.number));
  return result;
}

std::optional<net::Address> AsIndex::address_of(net::Asn asn) const {
  if (auto address = start_of_largest(ranges_of(ipv4_, asn.number))) {
    return address;
  }
  return start_of_largest(ranges_of(ipv6_, asn.number));
}

size_t AsIndex::memory_bytes() const {
  return ipv4_.capacity() * sizeof(AsRange<uint32_t>) + ipv6_.capacity() * sizeof(AsRange<Uint128>);
}

}  // namespace ipguard::enrich
