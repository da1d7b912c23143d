// Questions about what the sets hold. They change nothing.
#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "base/result.h"
#include "enforce/enforcer.h"
#include "enforce/netlink_socket.h"
#include "model/set_batch.h"
#include "net/address.h"

namespace ipguard::writer {

// One interval of a set (one address for hash sets), both ends included.
struct KernelElement {
  net::Address first;
  net::Address last;
  std::optional<std::chrono::milliseconds> left;  // until the kernel drops it; nullopt = never
};
// All elements of set `index`, in order. Empty if there is no such set. The kernel walks the set anew for each 32 kB
// that it hands out: 100,000 elements take 0.6 s (hash) to 1.7 s (interval), ten times as many take a hundred times as
// long.
[[nodiscard]] Result<std::vector<KernelElement>> list_set(enforce::NetlinkSocket& socket, size_t index);
// The same, unless there are more than some `most` elements: then nullopt, after no longer than it takes to see that.
[[nodiscard]] Result<std::optional<std::vector<KernelElement>>> list_small_set(size_t index, size_t most);

// Whether set `index` has an element that covers `address`; false if there is no such set.
[[nodiscard]] Result<bool> set_holds(enforce::NetlinkSocket& socket, size_t index, const net::Address& address);

// What `elements` met, in that order; nullopt for what is not there, or has no counter. Some 4 us an element.
[[nodiscard]] Result<std::vector<std::optional<enforce::DropCounters>>> read_element_counters(
    enforce::NetlinkSocket& socket, std::span<const model::SetElement> elements);

// `address` as a set's key: 4 or 16 bytes in network order.
struct Key {
  std::array<uint8_t, 16> bytes{};
  uint32_t length = 0;
};
[[nodiscard]] Key key_of(const net::Address& address);

}  // namespace ipguard::writer
