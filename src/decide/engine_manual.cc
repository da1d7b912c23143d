// Engine: bans and lifts by people, and decisions from an earlier run.
#include <algorithm>

#include "base/text.h"
#include "decide/engine_impl.h"
#include "decide/offender.h"
#include "decide/sentences.h"

namespace ipguard::decide {
namespace {

std::string described(const model::Target& target) {
  switch (target.scope) {
    case model::Scope::address:
      return "address " + target.to_string();
    case model::Scope::route:
      return "route " + target.to_string();
    case model::Scope::country:
      return "country " + target.to_string();
    case model::Scope::asn:
      break;
  }
  return target.to_string();
}

bool covers_all(const model::Decision& decision, const net::Prefix& prefix) {
  return std::ranges::any_of(decision.prefixes, [&](const net::Prefix& part) { return part.contains(prefix); });
}

bool is_offender(const net::Prefix& network) { return offender_unit(network.address()) == network; }

}  // namespace

Result<Weighed> Engine::Impl::ordered_coverage(const model::Target& target, Order& order, TimePoint now) const {
  auto prefixes = guard.coverage(target);
  if (!prefixes) {
    return std::unexpected(std::move(prefixes.error()));
  }
  if (target.scope == model::Scope::address) {
    return Weighed{.prefixes = std::move(*prefixes), .good = {}, .hit = {}, .left_out = {}, .spared = {}};
  }
  if (auto fits = guard.within_budget(target, *prefixes); !fits) {
    if (!order.force) {
      return fail(Errc::invalid, fits.error().message + "; --force bans it nevertheless");
    }
    order.reason += " (forced: " + fits.error().message + ")";
  }
  auto weighed = collateral.weigh(target, std::move(*prefixes), now, order.force);
  if (!weighed) {
    return fail(Errc::invalid, weighed.error().message + "; --force bans it nevertheless");
  }
  const auto& budget = budget_of(policy, target.scope);
  if (order.force &&
      (weighed->hit.logins + weighed->hit.users > budget.good_clients || weighed->hit.visitors > budget.visitors)) {
    order.reason += " (forced: hits " + good_sentence(weighed->hit) + ")";
  }
  order.reason += left_out_sentence(weighed->left_out, weighed->spared);
  return weighed;
}

Result<> Engine::Impl::times_are_sound(const Order& order) {
  if (order.duration && order.duration->count() < 0) {
    return fail(Errc::invalid, "its end has passed");
  }
  if (order.duration && order.duration->count() == 0) {
    return fail(Errc::invalid, "a ban must last longer than " + format_duration(*order.duration));
  }
  if (order.confirm_within && order.confirm_within->count() <= 0) {
    return fail(Errc::invalid, "there must be time to confirm it");
  }
  return {};
}

Result<> Engine::Impl::has_room(const Order& order, const Entry* known) const {
  if (order.confirm_within && known != nullptr) {
    return fail(Errc::invalid, "it is banned already: lift that ban first, or renew it without --confirm-within");
  }
  if (known == nullptr && table.full()) {
    return fail(Errc::invalid, group_digits(table.size()) + " decisions are active, there is no room");
  }
  return {};
}

void Engine::Impl::describe_target(model::Decision& decision, TimePoint now) const {
  const model::Target& target = decision.target;
  if (target.scope == model::Scope::asn) {
    decision.route = lookups.any_route_of(target.asn).value_or(model::Route{});
    decision.route.asn = target.asn;
  } else if (target.scope == model::Scope::country) {
    decision.route.country_code = target.country.to_string();
  } else {
    decision.route = lookups.route(target.prefix.address());
  }
  decision.since = now;
  if (const TargetPast* past = table.past(target)) {
    decision.repeat = bans.repeats(past->bans, past->last_end, now);
  }
}

Result<const model::Decision*> Engine::Impl::ban(const model::Target& target, Order order, TimePoint now) {
  expire(now);
  if (auto sound = times_are_sound(order); !sound) {
    return std::unexpected(std::move(sound.error()));
  }
  if (protection.refresh_once(now)) {
    apply_holes(now);
  }
  const Entry* known = active(target, now);
  const auto room = has_room(order, known);
  auto weighed = room ? ordered_coverage(target, order, now) : std::unexpected(room.error());
  if (!weighed) {
    ++counters.refused;
    refusals.add(target, weighed.error().message, now, RefusalLog::Kind::by_hand);
    return std::unexpected(add_context(weighed, target.to_string() + " cannot be banned"));
  }
  model::Decision decision = known == nullptr ? model::Decision{} : known->decision;
  const auto before = decision.prefixes;
  decision.target = target;
  decision.cover(std::move(weighed->prefixes));
  decision.rule.clear();
  decision.reason = std::move(order.reason);
  decision.issuer = std::move(order.issuer);
  decision.until = order.duration ? std::optional<TimePoint>(now + *order.duration) : std::nullopt;
  decision.confirm_by = order.confirm_within ? std::optional<TimePoint>(now + *order.confirm_within) : std::nullopt;
  decision.good_clients = weighed->hit;
  decision.left_out = std::move(weighed->left_out);
  ++counters.decisions;
  if (known != nullptr) {
    const Entry& entry = table.renew(std::move(decision), now);
    replace_wants(entry, before);
    return &entry.decision;
  }
  describe_target(decision, now);
  const Entry& entry = table.begin(std::move(decision));
  want(entry);
  return &entry.decision;
}

Result<const model::Decision*> Engine::Impl::confirm(const model::Target& target, TimePoint now) {
  expire(now);
  const Entry* known = active(target, now);
  if (known == nullptr) {
    return fail(Errc::not_found, not_banned(target));
  }
  if (!known->decision.confirm_by) {
    return fail(Errc::invalid, "the ban of " + target.to_string() + " needs no confirmation");
  }
  model::Decision decision = known->decision;
  decision.confirm_by.reset();
  const Entry& entry = table.renew(std::move(decision), now);
  want(entry);
  return &entry.decision;
}

Preview Engine::Impl::preview(const model::Target& target, Order order, TimePoint now) {
  if (protection.refresh_once(now)) {
    apply_holes(now);
  }
  Preview result;
  result.banned = active(target, now) != nullptr;
  result.remember = good.remember();
  result.decision.target = target;
  result.decision.issuer = order.issuer;
  describe_target(result.decision, now);
  auto weighed = ordered_coverage(target, order, now);
  if (!weighed) {
    result.refusal = std::move(weighed.error().message);
    // What it would have hit is what one wants to know all the same.
    order.force = true;
    weighed = ordered_coverage(target, order, now);
  }
  if (weighed) {
    result.good = weighed->good;
    result.decision.good_clients = weighed->hit;
    result.decision.left_out = std::move(weighed->left_out);
    result.decision.cover(std::move(weighed->prefixes));
    result.in_force = would_be_in_force(result.decision);
  }
  for (const Entry* entry : table.all()) {
    const model::Target& other = entry->decision.target;
    result.inside += other != target && model::is_network(other.scope) && covers_all(result.decision, other.prefix);
  }
  return result;
}

const Engine::Impl::Entry* Engine::Impl::active(const model::Target& target, TimePoint now) {
  const Entry* entry = table.find(target);
  if (entry != nullptr && !entry->decision.active_at(now)) {
    end_in_time(model::Target(target));
    return nullptr;
  }
  return entry;
}

Result<model::Decision> Engine::Impl::unban(const model::Target& target, TimePoint now) {
  expire(now);
  if (active(target, now) == nullptr) {
    return fail(Errc::not_found, not_banned(target));
  }
  model::Decision decision = end(target, Ending::lifted, now, "by hand");
  forget_evidence(decision);
  return decision;
}

std::string Engine::Impl::not_banned(const model::Target& target) const {
  const std::string name = target.to_string();
  if (!model::is_network(target.scope)) {
    return name + " is not banned";
  }
  const auto covering = table.covering(target.prefix);
  if (!covering.empty()) {
    std::string where;
    for (const Entry* entry : covering) {
      where += (where.empty() ? "it lies in the banned " : " and in the banned ") + described(entry->decision.target);
    }
    return name + " is not banned itself; " + where + ": unban " + (covering.size() == 1 ? "that" : "those");
  }
  const auto inside = std::ranges::count_if(table.all(), [&](const Entry* entry) {
    return model::is_network(entry->decision.target.scope) && target.prefix.contains(entry->decision.target.prefix);
  });
  if (inside > 0) {
    return name + " is not banned itself; narrower bans lie in it (" + group_digits(static_cast<uint64_t>(inside)) +
           "): unban " + (inside == 1 ? "that" : "those");
  }
  return name + " is not banned";
}

// Who lifts a ban judges its evidence: what led to it must not ban again with the next hit, nor climb the ladder.
void Engine::Impl::forget_evidence(const model::Decision& decision) {
  switch (decision.target.scope) {
    case model::Scope::address: {
      const net::Address& address = decision.target.prefix.address();
      ledger.forget(address);
      ladder.forget(decision.route.prefix, address);
      break;
    }
    case model::Scope::route:
      if (is_offender(decision.target.prefix)) {
        ledger.forget(decision.target.prefix.address());
        ladder.forget(decision.route.prefix, decision.target.prefix.address());
      }
      ladder.forget(decision.target.prefix);
      if (decision.route.asn) {
        ladder.forget(*decision.route.asn, decision.target.prefix);
      }
      break;
    case model::Scope::asn:
      ladder.forget(decision.target.asn);
      if (const auto country = model::Country::parse(decision.route.country_code)) {
        ladder.forget(*country, decision.target.asn);
      }
      break;
    case model::Scope::country:
      ladder.forget(decision.target.country);
      break;
  }
}

void Engine::Impl::restore(std::vector<model::Decision> decisions) {
  std::vector<model::Target> targets;
  targets.reserve(decisions.size());
  for (auto& decision : decisions) {
    if (const Entry* known = table.find(normalised(decision.target))) {
      for (const auto& prefix : known->decision.prefixes) {
        planner.drop(known->decision.target.scope, prefix, known->id);
      }
    }
    targets.push_back(restore_to_table(std::move(decision)));
  }
  // In the order of addresses the planner finds each neighbour where it has just been.
  std::ranges::sort(targets);
  targets.erase(std::ranges::unique(targets).begin(), targets.end());
  for (const auto& target : targets) {
    want(*table.find(target));
  }
  recheck_due = true;
}

void Engine::Impl::restore(model::Decision decision) {
  std::vector<model::Decision> one;
  one.push_back(std::move(decision));
  restore(std::move(one));
}

// Its target.
model::Target Engine::Impl::restore_to_table(model::Decision decision) {
  decision.target = normalised(decision.target);
  if (decision.prefixes.empty()) {
    decision.prefixes = whole(decision.target);
  }
  decision.cover(std::move(decision.prefixes));
  if (const TargetPast* past = table.past(decision.target); past != nullptr && decision.issuer == adopted_issuer) {
    decision.repeat = bans.repeats(past->bans, past->last_end, decision.since);  // nobody remembered the ban itself
  }
  remember_evidence(decision);
  return table.restore(std::move(decision)).decision.target;
}

// What the ladder knew: decisions that evidence led to (those name a rule).
void Engine::Impl::remember_evidence(const model::Decision& decision) {
  if (decision.rule.empty()) {
    return;
  }
  const auto lines =
      decision.evidence.empty() ? decision.evidence : std::vector<model::EvidenceLine>{decision.evidence.back()};
  switch (decision.target.scope) {
    case model::Scope::route:
      if (decision.target.prefix == decision.route.prefix) {
        if (decision.route.asn) {
          ladder.remember(*decision.route.asn,
                          {.member = decision.target.prefix, .time = decision.since, .line = lines});
        }
        break;
      }
      [[fallthrough]];  // a /64 that offended from several addresses: one offender of its route
    case model::Scope::address:
      ladder.remember(decision.route,
                      {.member = decision.target.prefix.address(), .time = decision.since, .line = lines});
      break;
    case model::Scope::asn:
      if (const auto country = model::Country::parse(decision.route.country_code)) {
        ladder.remember(*country, {.member = decision.target.asn, .time = decision.since, .line = lines});
      }
      break;
    case model::Scope::country:
      break;
  }
}

}  // namespace ipguard::decide
