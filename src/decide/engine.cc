#include "decide/engine.h"

#include <algorithm>
#include <limits>

#include "decide/engine_impl.h"

namespace ipguard::decide {
namespace {

LadderConfig ladder_config(const Policy& policy) {
  return {.route = policy.route_ladder,
          .asn = policy.asn_ladder,
          .country = policy.country_ladder,
          .limits = policy.limits};
}

}  // namespace

model::Target normalised(const model::Target& target) {
  switch (target.scope) {
    case model::Scope::asn:
      return {.scope = model::Scope::asn, .prefix = {}, .asn = target.asn};
    case model::Scope::country:
      return {.scope = model::Scope::country, .prefix = {}, .asn = {}, .country = target.country};
    case model::Scope::address:
    case model::Scope::route:
      break;
  }
  return {.scope = target.prefix.is_single() ? model::Scope::address : model::Scope::route,
          .prefix = target.prefix,
          .asn = {}};
}

model::Target address_target(const net::Address& address) {
  return {.scope = model::Scope::address, .prefix = net::Prefix(address), .asn = {}};
}

Engine::Impl::Impl(Policy new_policy, Lookups new_lookups)
    : policy(std::move(new_policy)),
      lookups(std::move(new_lookups)),
      allow(policy.allow),
      protection(lookups.protected_prefixes),
      ledger(policy.limits),
      ladder(ladder_config(policy)),
      bans(policy.ban),
      good(policy.collateral),
      guard(policy, lookups, allow, protection, planner.holes()),
      collateral(policy, good, planner.holes()) {
  // Asked at once, so that nothing restored is ever planned without holes; the epoch makes the answer stale.
  protection.refresh_now(TimePoint{});
  apply_holes(TimePoint{});
}

void Engine::Impl::want(const Entry& entry) {
  for (const auto& prefix : entry.decision.prefixes) {
    planner.want(entry.decision.target.scope, prefix, entry.id, entry.decision.end());
  }
}

void Engine::Impl::replace_wants(const Entry& entry, const std::vector<net::Prefix>& before) {
  std::vector<net::Prefix> kept = entry.decision.prefixes;
  std::ranges::sort(kept);
  for (const auto& prefix : before) {
    if (!std::ranges::binary_search(kept, prefix)) {
      planner.drop(entry.decision.target.scope, prefix, entry.id);
    }
  }
  want(entry);
}

model::Decision Engine::Impl::end(const model::Target& target, Ending ending, TimePoint at, std::string_view note) {
  const Entry* entry = table.find(target);
  for (const auto& prefix : entry->decision.prefixes) {
    planner.drop(entry->decision.target.scope, prefix, entry->id);
  }
  return table.end(target, ending, at, note);
}

bool Engine::Impl::stands(const model::Decision& decision) const {
  return std::ranges::any_of(decision.prefixes,
                             [&](const net::Prefix& prefix) { return planner.stands(decision.target.scope, prefix); });
}

void Engine::Impl::expire(TimePoint now, size_t most) {
  if (recheck_due) {
    recheck_due = false;
    recheck(now);
  }
  const auto next = table.next_expiry();
  if (!next || *next > now) {
    return;
  }
  for (const auto& target : table.due(now, most)) {
    end_in_time(target);
  }
}

// Its time is over, or the time to confirm it.
void Engine::Impl::end_in_time(const model::Target& target) {
  const model::Decision& decision = table.find(target)->decision;
  const TimePoint at = *decision.end();
  if (decision.confirm_by == at && decision.until != at) {
    end(target, Ending::lifted, at, "nobody confirmed it in time");
  } else {
    end(target, Ending::expired, at);
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
    const Entry* entry = table.find(id);
    if (entry != nullptr && !stands(entry->decision)) {
      const auto why = guard.why_hole(entry->decision.prefixes.front());
      end(model::Target(entry->decision.target), Ending::lifted, now, why);
    }
  }
}

void Engine::Impl::refresh_protection(TimePoint now) {
  if (protection.refresh(now)) {
    apply_holes(now);
  }
}

void Engine::Impl::recheck(TimePoint now) {
  std::vector<Owner> ids;
  for (const Entry* entry : table.all()) {
    ids.push_back(entry->id);
  }
  for (const Owner id : ids) {
    const Entry* entry = table.find(id);
    auto left = guard.still_allowed(entry->decision);
    if (!left) {
      end(model::Target(entry->decision.target), Ending::lifted, now, left.error().message);
    } else if (*left != entry->decision.prefixes) {
      const auto before = entry->decision.prefixes;
      replace_wants(table.set_prefixes(id, std::move(*left)), before);
    }
  }
}

void Engine::Impl::reconfigure(Policy new_policy, TimePoint now) {
  policy = std::move(new_policy);
  allow = Allowlist(policy.allow);
  ledger.set_limits(policy.limits);
  ladder.reconfigure(ladder_config(policy));
  bans = BanPolicy(policy.ban);
  good.reconfigure(policy.collateral);
  refusals.forget_times();
  protection.refresh_now(now);
  apply_holes(now);
  recheck(now);
}

void Engine::Impl::on_report(const model::ApplyReport& report, TimePoint now) {
  bool any_refused = false;
  for (const auto& failure : report.failures) {
    any_refused |= failure.refused;
    if (!failure.refused) {
      planner.offer_again(failure.element);
    }
  }
  if (any_refused && protection.refresh_now(now)) {
    // The writer knew of something newly protected; with a hole there, the rest of the element can stand.
    apply_holes(now);
  }
  for (const auto& failure : report.failures) {
    if (!failure.refused) {
      continue;
    }
    for (const Owner id : planner.refuse(failure.element)) {
      const Entry* entry = table.find(id);
      const model::Target target = entry->decision.target;
      refusals.add(target, failure.reason, now);
      if (!stands(entry->decision)) {
        ++counters.refused;
        end(target, Ending::refused, now, failure.reason);
      }
    }
  }
}

Engine::Engine(Policy policy, Lookups lookups) : impl_(std::make_unique<Impl>(std::move(policy), std::move(lookups))) {}
Engine::~Engine() = default;

void Engine::on_hit(const model::Hit& hit, std::string_view path, TimePoint now) { impl_->on_hit(hit, path, now); }

void Engine::replay_hit(const model::Hit& hit, std::string_view path) { impl_->replay_hit(hit, path); }

Result<const model::Decision*> Engine::ban(const model::Target& target, std::optional<Seconds> duration,
                                           std::string reason, std::string issuer, TimePoint now, bool force,
                                           std::optional<Seconds> confirm_within) {
  return impl_->ban(normalised(target),
                    {.duration = duration,
                     .reason = std::move(reason),
                     .issuer = std::move(issuer),
                     .force = force,
                     .confirm_within = confirm_within},
                    now);
}

Result<const model::Decision*> Engine::confirm(const model::Target& target, TimePoint now) {
  return impl_->confirm(normalised(target), now);
}

Preview Engine::preview(const model::Target& target, bool force, TimePoint now) {
  return impl_->preview(normalised(target), {.duration = {}, .reason = {}, .issuer = "manual", .force = force}, now);
}

void Engine::on_login(const net::Address& address, TimePoint time, TimePoint now) {
  if (!impl_->table.covers(address)) {
    impl_->good.logged_in(address, std::min(time, now));
  }
}

void Engine::on_user(const net::Address& address, TimePoint time, TimePoint now) {
  if (!impl_->table.covers(address)) {
    impl_->good.used(address, std::min(time, now));
  }
}

void Engine::on_visit(const net::Address& address, bool good, TimePoint time, TimePoint now) {
  if (!impl_->table.covers(address)) {
    impl_->good.visited(address, good, std::min(time, now));
  }
}

GoodClients& Engine::good_clients() { return impl_->good; }

Result<model::Decision> Engine::unban(const model::Target& target, TimePoint now) {
  return impl_->unban(normalised(target), now);
}

void Engine::restore(model::Decision decision) { impl_->restore(std::move(decision)); }

void Engine::restore(std::vector<model::Decision> decisions) { impl_->restore(std::move(decisions)); }

void Engine::restore_history(const model::Target& target, uint32_t repeat, TimePoint last_end) {
  impl_->table.restore_past(normalised(target), repeat, last_end);
}

void Engine::expire(TimePoint now) { impl_->expire(now, std::numeric_limits<size_t>::max()); }

void Engine::expire_some(TimePoint now) { impl_->expire(now); }

std::optional<TimePoint> Engine::next_expiry() const { return impl_->table.next_expiry(); }

model::SetBatch Engine::take_batch() { return impl_->planner.take_batch(); }

std::vector<model::SetElement> Engine::desired() const { return impl_->planner.desired(); }

void Engine::on_report(const model::ApplyReport& report, TimePoint now) { impl_->on_report(report, now); }

std::vector<DecisionChange> Engine::take_changes() { return impl_->table.take_changes(); }

std::vector<const model::Decision*> Engine::decisions() const {
  std::vector<const model::Decision*> result;
  for (const auto* entry : impl_->table.all()) {
    result.push_back(&entry->decision);
  }
  return result;
}

std::vector<const model::Decision*> Engine::decisions_after(uint64_t& last, size_t most) const {
  std::vector<const model::Decision*> result;
  for (const auto* entry : impl_->table.after(last, most)) {
    result.push_back(&entry->decision);
    last = entry->id;
  }
  return result;
}

size_t Engine::count(model::Scope scope) const { return impl_->table.count(scope); }

const model::Decision* Engine::find(const model::Target& target) const {
  const auto* entry = impl_->table.find(normalised(target));
  return entry == nullptr ? nullptr : &entry->decision;
}

const std::string* Engine::refusal(const model::Target& target) const {
  return impl_->refusals.reason(normalised(target));
}

InForce Engine::in_force(const model::Decision& decision) const { return impl_->in_force(decision); }

Explanation Engine::explain(const net::Address& address, TimePoint now) const { return impl_->explain(address, now); }

const EngineCounters& Engine::counters() const {
  impl_->counters.offenders = impl_->ledger.size();
  impl_->counters.good_clients = impl_->good.size();
  impl_->counters.good_forgotten = impl_->good.forgotten();
  impl_->counters.offenders_evicted = impl_->ledger.evicted() + impl_->ladder.evicted();
  return impl_->counters;
}

uint64_t Engine::wanted() const { return impl_->planner.size(); }

void Engine::reconfigure(Policy policy, TimePoint now) { impl_->reconfigure(std::move(policy), now); }

void Engine::protection_changed(TimePoint now) {
  impl_->protection.refresh_now(now);
  impl_->apply_holes(now);
}

}  // namespace ipguard::decide
