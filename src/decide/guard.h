// Guard: may this target be blocked, and what exactly would be? Law 3 and the budget of wide bans, before a decision
// begins. (The writer checks again right before the kernel.)
#pragma once

#include <functional>
#include <vector>

#include "base/result.h"
#include "decide/allowlist.h"
#include "decide/policy.h"
#include "decide/protected_set.h"
#include "model/decision.h"
#include "net/prefix.h"
#include "net/prefix_set.h"

namespace ipguard::decide {

class Guard {
 public:
  // All are the engine's and outlive the guard. `holes`: allowlist prefixes and protected prefixes as the planner has
  // them; the caller has refreshed both sets.
  Guard(const Policy& policy, const Lookups& lookups, const Allowlist& allow, const ProtectedSet& protection,
        const net::PrefixSet& holes)
      : policy_(policy), lookups_(lookups), allow_(allow), protection_(protection), holes_(holes) {}

  // What a ban of the target covers: disjoint prefixes, routes of allowed AS and countries cut out; holes are not (the
  // planner cuts them, for they come and go). Errc::invalid with the reason when it must not be banned at all:
  // allowed, protected, too wide, nothing left, no prefixes known. A country's prefixes that are wider than allowed are
  // split, for it is not one network.
  [[nodiscard]] Result<std::vector<net::Prefix>> coverage(const model::Target& target) const;
  // Why a ban must not cover that much; success if it may. Who bans by hand can insist.
  [[nodiscard]] Result<> within_budget(const model::Target& target, const std::vector<net::Prefix>& prefixes) const;
  // What of an active decision's prefixes may still be covered under a new policy: as coverage().
  [[nodiscard]] Result<std::vector<net::Prefix>> still_allowed(const model::Target& target,
                                                               const std::vector<net::Prefix>& prefixes) const;
  // What the target is before anything is cut out, a country's prefixes split as for coverage(). Errc::invalid when it
  // is allowed as a whole or the database knows no prefixes of it.
  [[nodiscard]] Result<std::vector<net::Prefix>> networks_of(const model::Target& target) const;
  // Why the holes in `prefix` (or around it) are there.
  [[nodiscard]] std::string why_hole(const net::Prefix& prefix) const;

 private:
  [[nodiscard]] unsigned widest(const net::Prefix& prefix) const;
  [[nodiscard]] Result<> address_allowed(const net::Prefix& single) const;
  [[nodiscard]] Result<> narrow_enough(const std::vector<net::Prefix>& prefixes) const;
  [[nodiscard]] Result<std::vector<net::Prefix>> without_allowed_routes(const std::vector<net::Prefix>& prefixes) const;
  [[nodiscard]] Result<> something_left(const std::vector<net::Prefix>& prefixes) const;

  const Policy& policy_;
  const Lookups& lookups_;
  const Allowlist& allow_;
  const ProtectedSet& protection_;
  const net::PrefixSet& holes_;
};

}  // namespace ipguard::decide
