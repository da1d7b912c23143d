#include "decide/engine.h"

#include <algorithm>
#include <limits>

#include "decide/engine_impl.h"

namespace ipguard::decide {

LadderConfig ladder_config(const Policy& policy) {
  return {.route = policy.route_ladder,
          .asn = policy.asn_ladder,
          .country = policy.country_ladder,
          .limits = policy.limits};
}

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
      table({.ended = policy.without_store ? 0 : TableLimits{}.ended}),
      good(policy.collateral, !policy.without_store),
      guard(policy, lookups, allow, protection, planner.holes()),
      collateral(policy, good, planner.holes()) {
  // Asked at once, so that nothing restored is ever planned without holes; the epoch makes the answer stale.
  protection.refresh_now(TimePoint{});
  apply_holes(TimePoint{});
}

void Engine::Impl::want(const ActiveBan& ban) {
  for (const auto& prefix : ban.prefixes()) {
    planner.want(ban.scope, prefix, ban.slot, ban.end().optional());
  }
}

void Engine::Impl::replace_wants(const ActiveBan& ban, const std::vector<net::Prefix>& before) {
  room_freed = room_freed || ban.scope != model::Scope::address;
  std::vector<net::Prefix> kept(ban.prefixes().begin(), ban.prefixes().end());
  std::ranges::sort(kept);
  for (const auto& prefix : before) {
    if (!std::ranges::binary_search(kept, prefix)) {
      planner.drop(ban.scope, prefix, ban.slot);
    }
  }
  want(ban);
}

void Engine::Impl::drop_wants(const ActiveBan& ban) {
  room_freed = room_freed || ban.scope != model::Scope::address;  // addresses cover next to nothing
  for (const auto& prefix : ban.prefixes()) {
    planner.drop(ban.scope, prefix, ban.slot);
  }
}

model::Decision Engine::Impl::end(const ActiveBan& ban, model::Ending ending, TimePoint at, std::string_view note) {
  drop_wants(ban);
  return table.end(complete(ban), ending, at, note);
}

bool Engine::Impl::stands(const ActiveBan& ban) const {
  return std::ranges::any_of(ban.prefixes(),
                             [&](const net::Prefix& prefix) { return planner.stands(ban.scope, prefix); });
}

std::vector<const ActiveBan*> Engine::Impl::covering(const net::Prefix& prefix) const {
  std::vector<const ActiveBan*> result;
  for (const Owner owner : planner.owners_covering(prefix)) {
    result.push_back(&table.at(owner));
  }
  return result;
}

const ActiveBan* Engine::Impl::own_ban(const net::Address& address) const {
  const ActiveBan* ban = table.find(address_target(address));
  return ban == nullptr || ban->prefixes().empty() ? nullptr : ban;
}

// In address scope nothing but single addresses are wanted, by their own bans.
bool Engine::Impl::in_wider_ban(const net::Address& address) const {
  const net::Prefix prefix(address);
  return planner.wants_all_of(model::Scope::route, prefix) || planner.wants_all_of(model::Scope::asn, prefix) ||
         planner.wants_all_of(model::Scope::country, prefix);
}

model::Decision Engine::Impl::complete(const ActiveBan& ban, Texts wanted) const {
  if (const model::Decision* reported = table.reported(ban)) {
    return *reported;
  }
  model::Decision decision = table.decision(ban);
  if (lookups.texts) {
    auto texts = lookups.texts(decision.target, wanted);
    decision.reason = std::move(texts.reason);
    decision.evidence = std::move(texts.evidence);
  }
  return decision;
}

Engine::Engine(Policy policy, Lookups lookups) : impl_(std::make_unique<Impl>(std::move(policy), std::move(lookups))) {}
Engine::~Engine() = default;

void Engine::on_hit(const model::Hit& hit, std::string_view path, TimePoint now) { impl_->on_hit(hit, path, now); }

void Engine::replay_hit(const model::Hit& hit, std::string_view path, TimePoint now) {
  impl_->replay_hit(hit, path, now);
}

Result<Banned> Engine::ban(const model::Target& target, std::optional<TimePoint::duration> duration, std::string reason,
                           std::string issuer, TimePoint now, bool force, std::optional<Seconds> confirm_within) {
  return impl_->ban(normalised(target),
                    {.duration = duration,
                     .reason = std::move(reason),
                     .issuer = std::move(issuer),
                     .force = force,
                     .confirm_within = confirm_within},
                    now);
}

Result<> Engine::confirm(const model::Target& target, TimePoint now) { return impl_->confirm(normalised(target), now); }

Preview Engine::preview(const model::Target& target, bool force, TimePoint now) {
  return impl_->preview(normalised(target),
                        {.duration = {}, .reason = {}, .issuer = std::string(model::manual_issuer), .force = force},
                        now);
}

void Engine::on_login(const net::Address& address, TimePoint time, TimePoint now) {
  impl_->last_standing.reset();
  if (!impl_->covers(address)) {
    impl_->good.logged_in(address, std::min(time, now));
  }
}

void Engine::on_user(const net::Address& address, TimePoint time, TimePoint now) {
  impl_->last_standing.reset();
  if (!impl_->covers(address)) {
    impl_->good.used(address, std::min(time, now));
  }
}

void Engine::on_visit(const net::Address& address, bool good, TimePoint time, TimePoint now) {
  impl_->last_standing.reset();
  if (!impl_->covers(address)) {
    impl_->good.visited(address, good, std::min(time, now));
  }
}

GoodClients& Engine::good_clients() {
  impl_->last_standing.reset();
  return impl_->good;
}

Result<model::Decision> Engine::unban(const model::Target& target, TimePoint now) {
  return impl_->unban(normalised(target), now);
}

void Engine::restore(model::Decision decision) { impl_->restore(decision); }

void Engine::finish_restoring() { impl_->finish_restoring(); }

void Engine::restore_history(const model::Target& target, uint32_t repeat, TimePoint last_end) {
  impl_->table.restore_past(normalised(target), repeat, last_end);
}

void Engine::expire(TimePoint now) { impl_->expire(now, std::numeric_limits<size_t>::max()); }

void Engine::expire_some(TimePoint now) { impl_->expire(now); }

std::optional<TimePoint> Engine::next_expiry() const { return impl_->table.next_expiry(); }

model::SetBatch Engine::take_batch(size_t most) { return impl_->planner.take_batch(most); }

size_t Engine::pending() const { return impl_->planner.pending(); }

std::vector<model::SetElement> Engine::desired() const { return impl_->planner.desired(); }

void Engine::on_report(const model::ApplyReport& report, TimePoint now) { impl_->on_report(report, now); }

std::vector<DecisionChange> Engine::take_changes() { return impl_->table.take_changes(); }
std::span<const DecisionChange> Engine::changes() const { return impl_->table.changes(); }

std::vector<net::Prefix> Engine::good_clients_of(const model::Decision& decision, TimePoint now) const {
  std::vector<net::Prefix> clients;
  if (decision.good_clients.all() > 0) {
    for (const auto& found : impl_->collateral.found_in(decision.prefixes, now)) {
      clients.push_back(found.client);
    }
  }
  return clients;
}

std::vector<model::Decision> Engine::decisions() const {
  TablePlace place;
  return decisions_after(place, impl_->table.size());
}

std::vector<model::Decision> Engine::decisions_after(TablePlace& place, size_t most, Texts wanted) const {
  std::vector<model::Decision> result;
  for (const ActiveBan* ban : impl_->table.after(place, most)) {
    result.push_back(impl_->complete(*ban, wanted));
  }
  return result;
}

size_t Engine::count(model::Scope scope) const { return impl_->table.count(scope); }

bool Engine::is_banned(const model::Target& target) const { return impl_->table.find(normalised(target)) != nullptr; }

std::optional<model::Decision> Engine::find(const model::Target& target) const {
  const ActiveBan* ban = impl_->table.find(normalised(target));
  return ban == nullptr ? std::nullopt : std::optional(impl_->complete(*ban));
}

bool Engine::concerns(const net::Prefix& prefix) const { return impl_->planner.wants_any_of(prefix); }

bool Engine::concerns(model::Scope scope, const net::Prefix& prefix) const {
  return impl_->planner.wants_any_of(scope, prefix);
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

RefusedElements Engine::refused_elements() const {
  RefusedElements result;
  for (const auto scope : model::all_scopes) {
    const auto& refused = impl_->planner.refused(scope);
    if (result.count == 0 && !refused.empty()) {
      const auto& [element, refusal] = *refused.members().begin();
      result.example = element.to_target() + ": " + *refusal.reason;
    }
    result.count += refused.size();
  }
  return result;
}

void Engine::reconfigure(Policy policy, TimePoint now, bool routes_replaced) {
  impl_->reconfigure(std::move(policy), now, routes_replaced);
}

void Engine::protection_changed(TimePoint now) {
  if (impl_->protection.refresh_now(now)) {
    impl_->apply_holes(now);
  }
}

}  // namespace ipguard::decide
