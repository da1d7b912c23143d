// Element transactions: additions to and removals from the sets as one nf_tables batch, built with libmnl and libnftnl.
//
// libnftables would read a whole interval set back before it adds one element to it (2 s at 100,000 elements); the
// netlink messages themselves cost microseconds.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "enforce/netlink_socket.h"
#include "net/prefix.h"

namespace ipguard::writer {

// What the kernel's time-out adds to a ban's own end. ipguard lifts a ban itself, on time; the kernel's time-out is
// there in case nobody is left to do it. Were both due at the same moment, a removal would often meet an element that
// has just expired, and the kernel fails the whole transaction for it.
inline constexpr Seconds kernel_backstop{60};

struct ElementOp {
  size_t set = 0;  // set_index()
  net::Address first;
  net::Address last;                                 // equal to `first` in the address sets
  std::optional<std::chrono::milliseconds> timeout;  // additions only; nullopt = none
  uint32_t tag = no_tag;                             // the caller's number for it

  static constexpr uint32_t no_tag = UINT32_MAX;
};

// The kernel's time-out for an element that is wanted until `until`.
[[nodiscard]] std::optional<std::chrono::milliseconds> kernel_timeout(std::optional<TimePoint> until, TimePoint now);

struct OpFailure {
  uint32_t tag = 0;
  std::string reason;  // the kernel's words
};

// Empties the sets `flushed` (by set_index()), then applies removals, then additions, in one transaction. What fails
// alone is taken out and reported, and the rest goes in: the transaction is sent again without it (the kernel commits
// all or nothing). A removal of what is not there has succeeded; an addition of what is there already replaces it
// (removal and addition: kernels up to 6.11 ignore a new time-out otherwise). An error means that nothing was changed;
// Errc::not_found that the table or a set is gone. `commits` counts committed transactions (each moves the ruleset's
// generation by one).
[[nodiscard]] Result<std::vector<OpFailure>> apply_elements(enforce::NetlinkSocket& socket,
                                                            std::vector<ElementOp> removals,
                                                            std::vector<ElementOp> additions, uint32_t& commits,
                                                            const std::vector<size_t>& flushed = {});

}  // namespace ipguard::writer
