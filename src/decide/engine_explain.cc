// Engine: everything there is to say about an address.
#include "decide/engine_impl.h"

namespace ipguard::decide {

Explanation Engine::Impl::explain(const net::Address& address, TimePoint now) const {
  Explanation result;
  result.address = address;
  result.route = lookups.route(address);
  for (const Entry* entry : table.covering(net::Prefix(address))) {
    if (entry->decision.active_at(now)) {
      result.decisions.push_back(entry->decision);
    }
  }
  if (auto why = allow.reason(address)) {
    result.protections.push_back(std::move(*why));
  }
  if (auto why = allow.reason(result.route)) {
    result.protections.push_back(std::move(*why));
  }
  // Asked anew: the answer is for a person, and what was known at the last decision may be old.
  for (const auto& [prefix, why] : lookups.protected_prefixes()) {
    if (prefix.contains(address)) {
      result.protections.push_back("protected: " + why);
    }
  }
  result.counting = ledger.counting(address, now);
  result.route_threshold = policy.route_ladder.addresses;
  result.asn_threshold = policy.asn_ladder.routes;
  result.route_offenders = ladder.offenders(result.route.prefix, now);
  if (result.route.asn) {
    result.asn_routes = ladder.banned_routes(*result.route.asn, now);
  }
  result.ended = table.ended(address_target(address));
  result.refusals = refusals.about(address, result.route);
  return result;
}

}  // namespace ipguard::decide
