// Collateral: whom a wide ban would hit besides attackers, and what is done about them.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "decide/good_clients.h"
#include "decide/policy.h"
#include "model/decision.h"
#include "net/prefix.h"
#include "net/prefix_set.h"

namespace ipguard::decide {

// What a wide ban covers once its good clients have been looked at.
struct Weighed {
  std::vector<net::Prefix> prefixes;  // disjoint
  model::GoodCounts good;             // known in what was asked about …
  model::GoodCounts hit;              // … and of these in `prefixes` …
  std::vector<net::Prefix> left_out;  // … and those that `prefixes` was narrowed by,
  model::GoodCounts spared;           // counted
};

class Collateral {
 public:
  // All are the engine's and outlive it. `holes`: what the planner cuts out anyway.
  Collateral(const Policy& policy, const GoodClients& clients, const net::PrefixSet& holes)
      : policy_(policy), clients_(clients), holes_(holes) {}

  // Within the scope's budgets of good clients the prefixes stay as they are. Over that of logins and users, all of
  // these are left out; over that of visitors, all visitors; if they are no more than collateral.leave_out and
  // something else is left; else Errc::invalid with the reason. `insist`: whoever is hit is hit.
  [[nodiscard]] Result<Weighed> weigh(const model::Target& target, std::vector<net::Prefix> prefixes, TimePoint now,
                                      bool insist = false) const;
  // The good clients that a ban of the prefixes would hit, in order.
  [[nodiscard]] std::vector<GoodClients::Found> found_in(const std::vector<net::Prefix>& prefixes, TimePoint now) const;
  // Why an address is left out of wide bans: "good client: logged in 2026-…"; nullopt if it is not.
  [[nodiscard]] std::optional<std::string> why_good(const net::Address& address, TimePoint now) const;

 private:
  const Policy& policy_;
  const GoodClients& clients_;
  const net::PrefixSet& holes_;
};

}  // namespace ipguard::decide
