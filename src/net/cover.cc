#include "net/cover.h"

#include <algorithm>

namespace ipguard::net {
namespace {

void subtract_into(const Prefix& prefix, std::vector<Prefix> holes, std::vector<Prefix>& result) {
  std::erase_if(holes, [&](const Prefix& hole) { return !hole.overlaps(prefix); });
  if (holes.empty()) {
    result.push_back(prefix);
    return;
  }
  if (std::ranges::any_of(holes, [&](const Prefix& hole) { return hole.contains(prefix); })) {
    return;
  }
  // Every remaining hole is strictly inside, so there are two halves; the depth is at most 128.
  subtract_into(prefix.child(false), holes, result);
  // (The upper half of ::fffe:0:0/95 is where IPv4 is mapped: no IPv6 address is there.)
  if (const Prefix upper = prefix.child(true); upper.family() == prefix.family()) {
    subtract_into(upper, std::move(holes), result);
  }
}

}  // namespace

std::vector<Prefix> aggregate(std::vector<Prefix> prefixes) {
  std::ranges::sort(prefixes);
  std::vector<Prefix> result;
  for (const auto& prefix : prefixes) {
    if (!result.empty() && result.back().contains(prefix)) {
      continue;
    }
    result.push_back(prefix);
    // Two halves of one parent become the parent, as often as possible.
    while (result.size() >= 2) {
      const auto& upper = result[result.size() - 1];
      const auto& lower = result[result.size() - 2];
      if (upper.length() != lower.length() || upper.length() == 0 || upper.family() != lower.family() ||
          !lower.parent().contains(upper)) {
        break;
      }
      const Prefix merged = lower.parent();
      result.resize(result.size() - 2);
      result.push_back(merged);
    }
  }
  return result;
}

std::vector<Prefix> subtract(const Prefix& prefix, const std::vector<Prefix>& holes) {
  std::vector<Prefix> result;
  subtract_into(prefix, holes, result);
  return result;
}

std::vector<Prefix> range_to_prefixes(const Address& first, const Address& last) {
  std::vector<Prefix> result;
  Address start = first;
  while (start <= last) {
    Prefix widest(start);
    while (widest.length() > 0) {
      const Prefix wider = widest.parent();
      if (wider.address() != start || wider.last() > last) {
        break;
      }
      widest = wider;
    }
    result.push_back(widest);
    const auto following = next(widest.last());
    if (!following) {
      break;
    }
    start = *following;
  }
  return result;
}

uint64_t count_addresses(const Prefix& prefix) {
  const unsigned host_bits = prefix.address().bits() - prefix.length();
  return host_bits >= 64 ? UINT64_MAX : 1ULL << host_bits;
}

uint64_t count_addresses(const std::vector<Prefix>& prefixes) {
  uint64_t total = 0;
  for (const auto& prefix : prefixes) {
    const uint64_t count = count_addresses(prefix);
    total = total > UINT64_MAX - count ? UINT64_MAX : total + count;
  }
  return total;
}

}  // namespace ipguard::net
