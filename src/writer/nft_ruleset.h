// The nft(8) scripts that declare and remove the table `inet ipguard`. Pure text, so that tests can hold it golden.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "config/config.h"

namespace ipguard::writer {

// Declares table, counters and sets where they are missing (elements that are there stay) and puts the chains in
// place of whatever chains of ours there were, in one transaction: at no moment is a packet let through. The table has
// no owner flag: it survives the daemon on purpose.
[[nodiscard]] std::string declaration_script(const config::EnforceConfig& config);
// Switches on a table that somebody made dormant. It must be a transaction of its own: chains of a dormant table
// cannot be replaced in the one that wakes it (EINVAL).
[[nodiscard]] std::string wake_script();
// Put before the declaration when there are chains in our table that we did not make (nobody else has anything to say
// there): deletes them, by the kernel's handles. It empties every chain first, because they may jump to each other.
[[nodiscard]] std::string eviction_script(const std::vector<uint64_t>& chain_handles);
// Put before the declaration when these sets are there in a shape of another configuration: chains and sets go first.
[[nodiscard]] std::string set_removal_script(const std::vector<std::string_view>& names);
// Whether it is a chain of ours, under any configuration.
[[nodiscard]] bool is_own_chain(std::string_view name);
// Deletes the table; no error if there is none.
[[nodiscard]] std::string removal_script();

// The chains that the configuration asks for.
[[nodiscard]] std::vector<std::string_view> chain_names(config::Hook hook);

}  // namespace ipguard::writer
