// Engine: what time, the enforcer, the configuration and the host make of the decisions that are there.
#include <algorithm>
#include <iterator>

#include "decide/engine_impl.h"
#include "decide/holes.h"

namespace ipguard::decide {

void Engine::Impl::expire(TimePoint now, size_t most) {
  if (recheck_due) {
    recheck_due = false;
    recheck(now, true);
  }
  const ActiveBan* due = table.due(now);
  for (; due != nullptr && most > 0; --most, due = table.due(now)) {
    end_in_time(*due);
  }
}

// Its time is over, or the time to confirm it.
void Engine::Impl::end_in_time(const ActiveBan& ban) {
  const TimePoint at = ban.end().time();
  if (ban.confirm_by() == at && ban.until != model::Until(at)) {
    end(ban, model::Ending::lifted, at, "nobody confirmed it in time");
  } else {
    end(ban, model::Ending::expired, at);
  }
}

void Engine::Impl::apply_holes(TimePoint now) {
  std::vector<net::Prefix> holes;
  for (const auto& [prefix, nothing] : allow.prefixes().members()) {
    holes.push_back(prefix);
  }
  for (const auto& [prefix, why] : protection.members()) {
    holes.push_back(prefix);
  }
  for (const Owner id : planner.set_holes(holes)) {
    // A decision that blocks nobody any more is over: what is shown is what is in force.
    const ActiveBan& ban = table.at(id);
    if (!stands(ban)) {
      end(ban, model::Ending::lifted, now, guard.why_hole(ban.prefixes().front()));
    }
  }
}

void Engine::Impl::refresh_protection(TimePoint now) {
  if (protection.refresh(now)) {
    apply_holes(now);
  }
}

void Engine::Impl::recheck(TimePoint now, bool anew) {
  for (const ActiveBan* ban : table.all()) {
    // Of single addresses the planner knows it already, unless it is a question of routes.
    if (ban->scope != model::Scope::address || allow.needs_routes() || !stands(*ban)) {
      recheck(*ban, now, anew);
    }
  }
}

// What a ban is before routes of allowed AS and countries are cut out of it. What the kernel alone remembered is no
// more than what it held: nobody knows that it was meant to be more.
std::vector<net::Prefix> Engine::Impl::extent(const ActiveBan& ban) const {
  std::vector<net::Prefix> before(ban.prefixes().begin(), ban.prefixes().end());
  if (ban.scope == model::Scope::address || table.issuer(ban) == model::adopted_issuer) {
    return before;
  }
  auto whole = guard.networks_of(ban.target());
  if (!whole) {
    return before;  // the database does not know it by now
  }
  if (!ban.more || ban.more->left_out.empty()) {
    return std::move(*whole);
  }
  net::PrefixSet clients;
  for (const auto& client : ban.more->left_out) {
    clients[client];
  }
  std::vector<net::Prefix> left;
  for (const auto& prefix : *whole) {
    std::ranges::copy(cut(prefix, clients), std::back_inserter(left));
  }
  return left;
}

void Engine::Impl::recheck(const ActiveBan& ban, TimePoint now, bool anew) {
  const std::vector<net::Prefix> before(ban.prefixes().begin(), ban.prefixes().end());
  auto left = guard.still_allowed(ban.target(), anew ? extent(ban) : before);
  if (!left) {
    end(ban, model::Ending::lifted, now, left.error().message);
  } else if (*left != before) {
    table.set_prefixes(ban, std::move(*left));
    replace_wants(ban, before);
  }
}

void Engine::Impl::reconfigure(Policy new_policy, TimePoint now, bool routes_replaced) {
  const bool anew = routes_replaced || new_policy.allow.asns != policy.allow.asns ||
                    new_policy.allow.countries != policy.allow.countries;
  policy = std::move(new_policy);
  last_standing.reset();
  allow = Allowlist(policy.allow);
  ledger.set_limits(policy.limits);
  ladder.reconfigure(ladder_config(policy));
  bans = BanPolicy(policy.ban);
  good.reconfigure(policy.collateral);
  refusals.forget_times();
  protection.refresh_now(now);
  apply_holes(now);
  recheck(now, anew);
  planner.offer_refused();  // perhaps more of the address space may be covered now
}

void Engine::Impl::refuse(const model::ElementFailure& failure, TimePoint now) {
  for (const Owner id : planner.refuse(failure)) {
    const ActiveBan& ban = table.at(id);
    const bool in_part = stands(ban);
    refusals.add(ban.target(), failure.reason, now, in_part ? RefusalLog::Kind::part : RefusalLog::Kind::evidence);
    if (!in_part) {
      ++counters.refused;
      end(ban, model::Ending::refused, now, failure.reason);
    }
  }
}

void Engine::Impl::on_report(const model::ApplyReport& report, TimePoint now) {
  bool any_refused = false;
  size_t failed = 0;
  for (const auto& failure : report.failures) {
    any_refused |= failure.refused;
    if (!failure.refused) {
      ++failed;
      planner.offer_again(failure.element);
    }
  }
  if (any_refused && protection.refresh_now(now)) {
    // The writer knew of something newly protected; with a hole there, the rest of the element can stand.
    apply_holes(now);
  }
  for (const auto& failure : report.failures) {
    if (failure.refused) {
      refuse(failure, now);
    }
  }
  // Only when all that goes is gone: before, there is no room yet.
  if (room_freed && report.removed > 0 && planner.pending() <= failed) {
    room_freed = false;
    planner.offer_refused();
  }
}

}  // namespace ipguard::decide
