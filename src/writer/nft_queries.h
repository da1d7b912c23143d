// Questions to nf_tables: what of our table is there. They change nothing.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "enforce/enforcer.h"
#include "enforce/netlink_socket.h"

namespace ipguard::writer {

// Number of the ruleset's last transaction, by whomever: a new number tells that somebody changed something.
[[nodiscard]] Result<uint32_t> ruleset_generation(enforce::NetlinkSocket& socket);

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
[[nodiscard]] Result<std::optional<TableState>> table_state(enforce::NetlinkSocket& socket);

// Errc::invalid, with what to do, if the table is another program's or has a set of ours in another shape. Yields the
// sets of ours whose elements have (or lack) counters of their own, other than configured: they can be made anew.
[[nodiscard]] Result<std::vector<size_t>> check_shapes(enforce::NetlinkSocket& socket, bool element_counters);

// The named counters of the table; zero where there is none. Sets are not touched.
[[nodiscard]] Result<enforce::SetCounters> read_counters(enforce::NetlinkSocket& socket);

}  // namespace ipguard::writer
