// Engine: everything there is to say about an address, and about a decision.
#include <algorithm>

#include "decide/engine_impl.h"
#include "decide/holes.h"

namespace ipguard::decide {

void Engine::Impl::explain_decisions(Explanation& result, TimePoint now) const {
  const net::Prefix single(result.address);
  auto bans_there = covering(single);
  for (const ActiveBan* ban : table.aimed_at(result.address, result.route)) {
    if (std::ranges::find(bans_there, ban) == bans_there.end()) {
      bans_there.push_back(ban);
    }
  }
  for (const ActiveBan* ban : bans_there) {
    if (!ban->active_at(now)) {
      continue;
    }
    const bool wanted =
        std::ranges::any_of(ban->prefixes(), [&](const net::Prefix& prefix) { return prefix.contains(single); });
    const bool blocks = wanted && planner.stands(ban->scope, single);
    (blocks ? result.decisions : result.covered_by).push_back(complete(*ban));
  }
}

Explanation Engine::Impl::explain(const net::Address& address, TimePoint now) const {
  Explanation result;
  result.address = address;
  result.route = lookups.route(address);
  explain_decisions(result, now);
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
  result.good = collateral.why_good(address, now);
  result.route_threshold = ladder.offenders_needed(result.route.prefix);
  result.asn_threshold = policy.asn_ladder.routes;
  result.route_offenders = ladder.offenders(result.route.prefix, now);
  if (result.route.asn) {
    result.asn_routes = ladder.banned_routes(*result.route.asn, now);
  }
  result.country_threshold = policy.country_ladder.asns;
  if (const auto country = model::Country::parse(result.route.country_code)) {
    result.country_asns = ladder.banned_asns(*country, now);
  }
  result.ended = table.ended(address_target(address));
  result.refusals = refusals.about(address, result.route);
  return result;
}

InForce Engine::Impl::in_force(const model::Decision& decision) const {
  InForce result;
  for (const auto& prefix : decision.prefixes) {
    const auto standing = planner.standing(decision.target.scope, prefix);
    if (standing.size() != 1 || standing.front() != prefix) {
      add_holes(prefix, &planner.refused(decision.target.scope), result);
    }
    std::ranges::copy(standing, std::back_inserter(result.prefixes));
  }
  finish(decision, result);
  return result;
}

InForce Engine::Impl::would_be_in_force(const model::Decision& decision) const {
  InForce result;
  for (const auto& prefix : decision.prefixes) {
    const auto left = cut(prefix, planner.holes());
    if (left.size() != 1 || left.front() != prefix) {
      add_holes(prefix, nullptr, result);
    }
    std::ranges::copy(left, std::back_inserter(result.prefixes));
  }
  finish(decision, result);
  return result;
}

// What was cut out before the decision began, and the sums.
void Engine::Impl::finish(const model::Decision& decision, InForce& result) const {
  for (const auto& client : decision.left_out) {
    result.cut_out.push_back({.prefix = client, .reason = "a good client"});
  }
  if (allow.needs_routes() && decision.target.scope != model::Scope::address) {
    add_allowed(decision, result);
  }
  if (result.cut_out.size() > InForce::most_cut_out) {
    result.more_cut_out = result.cut_out.size() - InForce::most_cut_out;
    result.cut_out.resize(InForce::most_cut_out);
  }
  result.covered = model::Coverage::of(result.prefixes);
}

std::vector<net::Prefix> Engine::Impl::whole(const model::Target& target) const {
  switch (target.scope) {
    case model::Scope::asn:
      return lookups.prefixes_of(target.asn);
    case model::Scope::country:
      return lookups.prefixes_in(target.country);
    case model::Scope::address:
    case model::Scope::route:
      break;
  }
  return {target.prefix};
}

// The holes of the planner inside `prefix`, and what the writer refused.
void Engine::Impl::add_holes(const net::Prefix& prefix, const net::PrefixMap<RefusedElement>* refused,
                             InForce& result) const {
  const net::Prefix* last = nullptr;
  for (const auto* hole : planner.holes().inside(prefix)) {
    if (last != nullptr && last->contains(hole->first)) {
      continue;  // a covering one sorts before what it covers
    }
    last = &hole->first;
    result.cut_out.push_back({.prefix = hole->first, .reason = guard.why_hole(hole->first)});
  }
  if (planner.holes().widest_covering(prefix) != nullptr) {
    result.cut_out.push_back({.prefix = prefix, .reason = guard.why_hole(prefix)});
    return;
  }
  if (refused == nullptr) {
    return;
  }
  if (const auto* around = refused->longest_covering(prefix)) {
    result.cut_out.push_back({.prefix = prefix, .reason = *around->second.reason});
    return;
  }
  for (const auto* part : refused->inside(prefix)) {
    result.cut_out.push_back({.prefix = part->first, .reason = *part->second.reason});
  }
}

// What the allowed AS and countries took out of the target before the decision began.
void Engine::Impl::add_allowed(const model::Decision& decision, InForce& result) const {
  net::PrefixSet covered;
  for (const auto& prefix : decision.prefixes) {
    covered[prefix];
  }
  for (const auto& prefix : whole(decision.target)) {
    for (const auto& part : cut(prefix, covered)) {
      if (auto why = allow.reason(lookups.route(part.address()))) {
        result.cut_out.push_back({.prefix = part, .reason = std::move(*why)});
      }
    }
  }
}

}  // namespace ipguard::decide
