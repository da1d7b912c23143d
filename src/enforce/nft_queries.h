// Questions to nf_tables through libnftnl: what of our table is there, and what its sets hold. They change nothing.
#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "enforce/enforcer.h"
#include "enforce/netlink_socket.h"
#include "enforce/nft_sets.h"
#include "net/address.h"

namespace ipguard::enforce {

// Number of the ruleset's last transaction, by whomever: a new number tells that somebody changed something.
[[nodiscard]] Result<uint32_t> ruleset_generation(NetlinkSocket& socket);

// What makes our table block. The kernel never hands out a handle twice: somebody who deletes or flushes the table, a
// chain or a rule changes them. Who replaces a rule keeps its handle, so what it does counts as well. Elements do not.
struct ChainState {
  uint64_t handle = 0;
  uint32_t policy = 0;  // NF_DROP or NF_ACCEPT; may be changed without a new handle
  std::string name;     // the kernel's bytes: an administrator may have written anything

  friend auto operator<=>(const ChainState&, const ChainState&) = default;
};
struct RuleState {
  uint64_t handle = 0;
  std::string
      expressions;  // the kernel's bytes, of rules in our own chains (ours have no counter of their own in them)

  friend auto operator<=>(const RuleState&, const RuleState&) = default;
};
struct TableState {
  uint64_t handle = 0;
  uint32_t flags = 0;
  std::vector<ChainState> chains;  // sorted
  std::vector<RuleState> rules;    // sorted

  friend bool operator==(const TableState&, const TableState&) = default;
};
// nullopt if there is no table.
[[nodiscard]] Result<std::optional<TableState>> table_state(NetlinkSocket& socket);

// Errc::invalid, with what to do, if the table is another program's or has a set of ours in another shape.
[[nodiscard]] Result<> check_shapes(NetlinkSocket& socket);

// One interval of a set (one address for hash sets), both ends included.
struct KernelElement {
  net::Address first;
  net::Address last;
  std::optional<std::chrono::milliseconds> left;  // until the kernel drops it; nullopt = never
};
// All elements of set `index`, in order. Empty if there is no such set.
[[nodiscard]] Result<std::vector<KernelElement>> list_set(NetlinkSocket& socket, size_t index);

// Whether set `index` has an element that covers `address`; false if there is no such set.
[[nodiscard]] Result<bool> set_holds(NetlinkSocket& socket, size_t index, const net::Address& address);

// The named counters of the table; zero where there is none. Sets are not touched.
[[nodiscard]] Result<std::array<DropCounters, model::scope_count>> read_counters(NetlinkSocket& socket);

// `address` as a set's key: 4 or 16 bytes in network order.
struct Key {
  std::array<uint8_t, 16> bytes{};
  uint32_t length = 0;
};
[[nodiscard]] Key key_of(const net::Address& address);
[[nodiscard]] std::optional<net::Address> address_of(const void* bytes, size_t length);

}  // namespace ipguard::enforce
