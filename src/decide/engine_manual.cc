// Engine: bans and lifts by people, and decisions from an earlier run.
#include <algorithm>
#include <tuple>

#include "base/text.h"
#include "decide/engine_impl.h"
#include "decide/sentences.h"
#include "net/cover.h"
#include "net/site.h"

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

bool is_offender(const net::Prefix& network) { return net::host_unit(network.address()) == network; }

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
    return fail(Errc::invalid, "a ban must last longer than 0s");
  }
  if (order.confirm_within && order.confirm_within->count() <= 0) {
    return fail(Errc::invalid, "there must be time to confirm it");
  }
  if (order.duration && order.confirm_within && *order.confirm_within > *order.duration) {
    return fail(Errc::invalid, "its end comes before that of the time to confirm it: shorten --confirm-within");
  }
  return {};
}

Result<> Engine::Impl::has_room(const Order& order, const ActiveBan* known) const {
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

// Feeds are imported again and again: what a person or the evidence decided is not theirs to change.
std::optional<Banned> Engine::Impl::prolong(const ActiveBan& known, Order& order, TimePoint now) {
  const model::Until until = known.until;
  if (table.issuer(known) == model::adopted_issuer) {
    if (order.end(now) < until) {
      order.duration = until.ever() ? std::optional(until.time() - now) : std::nullopt;
    }
    return std::nullopt;  // nobody knew why it is banned
  }
  if (order.end(now) <= until) {
    return Banned{.how = Banned::How::already, .before = until};
  }
  if (table.issuer(known) == model::import_issuer) {
    return std::nullopt;
  }
  model::Decision decision = complete(known);
  decision.until = order.end(now).optional();
  want(table.renew(std::move(decision), now));
  return Banned{.how = Banned::How::renewed, .before = until};
}

// Whoever bans it again just so is told that it is banned, and nobody is notified of what is not new.
bool Engine::Impl::is_as_ordered(const ActiveBan& known, const Order& order, const Weighed& weighed,
                                 TimePoint now) const {
  return table.issuer(known) == order.issuer && order.end(now) == known.until && !known.confirm_by() &&
         std::ranges::equal(known.prefixes(), weighed.prefixes) &&
         complete(known, Texts::reason).reason == order.reason;  // asked last: it may be in the store alone
}

Result<Banned> Engine::Impl::ban(const model::Target& target, Order order, TimePoint now) {
  expire(now);
  if (auto sound = times_are_sound(order); !sound) {
    return std::unexpected(std::move(sound.error()));
  }
  if (protection.refresh_once(now)) {
    apply_holes(now);
  }
  const ActiveBan* known = active(target, now);
  const Banned result{.how = known == nullptr ? Banned::How::begun : Banned::How::renewed,
                      .before = known == nullptr ? std::nullopt : std::optional(known->until)};
  const auto room = has_room(order, known);
  if (room && known != nullptr && order.issuer == model::import_issuer) {
    if (const auto done = prolong(*known, order, now)) {
      return *done;
    }
  }
  auto weighed = room ? ordered_coverage(target, order, now) : std::unexpected(room.error());
  if (!weighed) {
    ++counters.refused;
    refusals.add(target, weighed.error().message, now, RefusalLog::Kind::by_hand);
    return std::unexpected(add_context(weighed, target.to_string() + " cannot be banned"));
  }
  if (known != nullptr && is_as_ordered(*known, order, *weighed, now)) {
    return Banned{.how = Banned::How::already, .before = known->until};
  }
  carry_out(target, known, std::move(order), std::move(*weighed), now);
  return result;
}

void Engine::Impl::carry_out(const model::Target& target, const ActiveBan* known, Order order, Weighed weighed,
                             TimePoint now) {
  model::Decision decision;
  if (known != nullptr) {
    // Its reason changes; lines there are only of what a rule led to.
    decision = table.rule(*known).empty() ? table.decision(*known) : complete(*known);
  }
  const auto before = decision.prefixes;
  decision.target = target;
  decision.cover(std::move(weighed.prefixes));
  decision.rule.clear();
  decision.reason = std::move(order.reason);
  decision.issuer = std::move(order.issuer);
  decision.until = order.end(now).optional();
  decision.confirm_by = order.confirm_within ? std::optional<TimePoint>(now + *order.confirm_within) : std::nullopt;
  decision.good_clients = weighed.hit;
  decision.left_out = std::move(weighed.left_out);
  ++counters.decisions;
  if (known != nullptr) {
    replace_wants(table.renew(std::move(decision), now), before);
    return;
  }
  describe_target(decision, now);
  want(table.begin(std::move(decision)));
}

Result<> Engine::Impl::confirm(const model::Target& target, TimePoint now) {
  expire(now);
  const ActiveBan* known = active(target, now);
  if (known == nullptr) {
    return fail(Errc::not_found, not_banned(target));
  }
  if (!known->confirm_by()) {
    return fail(Errc::invalid, "the ban of " + target.to_string() + " needs no confirmation");
  }
  model::Decision decision = complete(*known);
  decision.confirm_by.reset();
  want(table.renew(std::move(decision), now));
  return {};
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
  for (const ActiveBan* ban : table.all()) {
    result.inside +=
        ban->target() != target && model::is_network(ban->scope) && covers_all(result.decision, ban->prefix);
  }
  return result;
}

const ActiveBan* Engine::Impl::active(const model::Target& target, TimePoint now) {
  const ActiveBan* ban = table.find(target);
  if (ban != nullptr && !ban->active_at(now)) {
    end_in_time(*ban);
    return nullptr;
  }
  return ban;
}

Result<model::Decision> Engine::Impl::unban(const model::Target& target, TimePoint now) {
  expire(now);
  const ActiveBan* ban = active(target, now);
  if (ban == nullptr) {
    return fail(Errc::not_found, not_banned(target));
  }
  model::Decision decision = end(*ban, model::Ending::lifted, now, "by hand");
  forget_evidence(decision);
  return decision;
}

std::string Engine::Impl::not_banned(const model::Target& target) const {
  const std::string name = target.to_string();
  if (!model::is_network(target.scope)) {
    return name + " is not banned";
  }
  const auto around = covering(target.prefix);
  if (!around.empty()) {
    std::string where;
    for (const ActiveBan* ban : around) {
      where += (where.empty() ? "it lies in the banned " : " and in the banned ") + described(ban->target());
    }
    return name + " is not banned itself; " + where + ": unban " + (around.size() == 1 ? "that" : "those");
  }
  const auto inside = std::ranges::count_if(table.all(), [&](const ActiveBan* ban) {
    return model::is_network(ban->scope) && target.prefix.contains(ban->prefix);
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

void Engine::Impl::restore(model::Decision& decision) {
  decision.target = normalised(decision.target);
  if (decision.prefixes.empty()) {
    decision.prefixes = whole(decision.target);
  }
  if (const TargetPast* past = table.past(decision.target);
      past != nullptr && decision.issuer == model::adopted_issuer) {
    decision.repeat = bans.repeats(past->bans, past->last_end, decision.since);  // nobody remembered the ban itself
  }
  const ActiveBan* known = table.find(decision.target);
  if (known != nullptr && decision.issuer == model::adopted_issuer) {
    if (table.issuer(*known) != model::adopted_issuer) {
      return;
    }
    decision.until = std::max(known->until, model::Until(decision.until)).optional();
    std::vector<net::Prefix> all(known->prefixes().begin(), known->prefixes().end());
    std::ranges::copy(decision.prefixes, std::back_inserter(all));
    decision.cover(net::aggregate(std::move(all)));
  }
  if (known != nullptr) {
    drop_wants(*known);
  }
  restored.push_back(table.restore(decision, known).slot);
}

void Engine::Impl::finish_restoring() {
  TimePoint newest = TimePoint::min();
  for (const Slot slot : restored) {
    newest = std::max(newest, table.at(slot).since);
  }
  for (const Slot slot : restored) {
    remember_evidence(table.at(slot), newest);
  }
  // In the order of addresses the planner only ever appends.
  const auto place = [this](Slot slot) {
    const ActiveBan& ban = table.at(slot);
    return std::tie(ban.scope, ban.prefix, ban.number);
  };
  if (!std::ranges::is_sorted(restored, {}, place)) {
    std::ranges::sort(restored, {}, place);
  }
  restored.erase(std::ranges::unique(restored).begin(), restored.end());
  for (const Slot slot : restored) {
    want(table.at(slot));
  }
  restored = {};
  recheck_due = true;
}

// What the ladder knew: decisions that evidence led to (those name a rule), as long as they count.
void Engine::Impl::remember_evidence(const ActiveBan& ban, TimePoint newest) {
  const auto longest =
      std::max({window_of(model::Scope::route), window_of(model::Scope::asn), window_of(model::Scope::country)});
  if (table.rule(ban).empty() || newest - ban.since > longest) {
    return;
  }
  const model::Route route = table.route(ban);
  switch (ban.scope) {
    case model::Scope::route:
      if (ban.prefix == route.prefix) {
        if (route.asn) {
          ladder.remember(*route.asn, {.member = ban.prefix, .time = ban.since, .line = {}});
        }
        break;
      }
      [[fallthrough]];  // a /64 that offended from several addresses: one offender of its route
    case model::Scope::address:
      ladder.remember(route, {.member = ban.prefix.address(), .time = ban.since, .line = {}});
      break;
    case model::Scope::asn:
      if (const auto country = model::Country::parse(route.country_code)) {
        ladder.remember(*country, {.member = ban.target().asn, .time = ban.since, .line = {}});
      }
      break;
    case model::Scope::country:
      break;
  }
}

}  // namespace ipguard::decide
