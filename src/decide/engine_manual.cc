// Engine: bans and lifts by people, and decisions from an earlier run.
#include <algorithm>

#include "base/text.h"
#include "decide/engine_impl.h"
#include "decide/offender.h"

namespace ipguard::decide {
namespace {

std::string described(const model::Target& target) {
  switch (target.scope) {
    case model::Scope::address:
      return "address " + target.to_string();
    case model::Scope::route:
      return "route " + target.to_string();
    case model::Scope::asn:
      break;
  }
  return target.to_string();
}

bool is_offender(const net::Prefix& network) { return offender_unit(network.address()) == network; }

}  // namespace

Result<std::vector<net::Prefix>> Engine::Impl::ordered_coverage(const model::Target& target, Order& order) const {
  auto prefixes = guard.coverage(target);
  if (!prefixes) {
    return prefixes;
  }
  if (auto fits = guard.within_budget(target, *prefixes); !fits) {
    if (!order.force) {
      return fail(Errc::invalid, fits.error().message + "; --force bans it nevertheless");
    }
    order.reason += " (forced: " + fits.error().message + ")";
  }
  return prefixes;
}

Result<const model::Decision*> Engine::Impl::ban(const model::Target& target, Order order, TimePoint now) {
  expire(now);
  if (order.duration && order.duration->count() <= 0) {
    return fail(Errc::invalid, "a ban must last longer than " + format_duration(*order.duration));
  }
  if (protection.refresh_once(now)) {
    apply_holes(now);
  }
  const Entry* known = active(target, now);
  auto prefixes = known == nullptr && table.full()
                      ? fail(Errc::invalid, group_digits(table.size()) + " decisions are active, there is no room")
                      : ordered_coverage(target, order);
  if (!prefixes) {
    ++counters.refused;
    refusals.add(target, prefixes.error().message, now, true);
    return std::unexpected(add_context(prefixes, target.to_string() + " cannot be banned"));
  }
  model::Decision decision = known == nullptr ? model::Decision{} : known->decision;
  const auto before = decision.prefixes;
  decision.target = target;
  decision.cover(std::move(*prefixes));
  decision.rule.clear();
  decision.reason = std::move(order.reason);
  decision.issuer = std::move(order.issuer);
  decision.until = order.duration ? std::optional<TimePoint>(now + *order.duration) : std::nullopt;
  ++counters.decisions;
  if (known != nullptr) {
    const Entry& entry = table.renew(std::move(decision), now);
    replace_wants(entry, before);
    return &entry.decision;
  }
  if (target.scope == model::Scope::asn) {
    decision.route = lookups.any_route_of(target.asn).value_or(model::Route{});
    decision.route.asn = target.asn;
  } else {
    decision.route = lookups.route(target.prefix.address());
  }
  decision.since = now;
  if (const TargetPast* past = table.past(target)) {
    decision.repeat = bans.repeats(past->bans, past->last_end, now);
  }
  const Entry& entry = table.begin(std::move(decision));
  want(entry);
  return &entry.decision;
}

const Engine::Impl::Entry* Engine::Impl::active(const model::Target& target, TimePoint now) {
  const Entry* entry = table.find(target);
  if (entry != nullptr && !entry->decision.active_at(now)) {
    end(model::Target(target), Ending::expired, *entry->decision.until);
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
  if (target.scope == model::Scope::asn) {
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
    return entry->decision.target.scope != model::Scope::asn && target.prefix.contains(entry->decision.target.prefix);
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
      break;
  }
}

void Engine::Impl::restore(model::Decision decision) {
  decision.target = normalised(decision.target);
  if (decision.prefixes.empty()) {
    decision.prefixes = decision.target.scope == model::Scope::asn ? lookups.prefixes_of(decision.target.asn)
                                                                   : std::vector{decision.target.prefix};
  }
  decision.cover(std::move(decision.prefixes));
  // What the ladder knew: decisions that evidence led to (those name a rule).
  if (!decision.rule.empty()) {
    const auto lines =
        decision.evidence.empty() ? decision.evidence : std::vector<model::EvidenceLine>{decision.evidence.back()};
    if (decision.target.scope == model::Scope::address) {
      ladder.remember(decision.route,
                      {.member = decision.target.prefix.address(), .time = decision.since, .line = lines});
    } else if (decision.target.scope == model::Scope::route && decision.target.prefix != decision.route.prefix) {
      // A /64 that offended from several addresses: one offender of its route.
      ladder.remember(decision.route,
                      {.member = decision.target.prefix.address(), .time = decision.since, .line = lines});
    } else if (decision.target.scope == model::Scope::route && decision.route.asn) {
      ladder.remember(*decision.route.asn, {.member = decision.target.prefix, .time = decision.since, .line = lines});
    }
  }
  std::vector<net::Prefix> before;
  if (const Entry* known = table.find(decision.target)) {
    before = known->decision.prefixes;
  }
  replace_wants(table.restore(std::move(decision)), before);
  recheck_due = true;
}

}  // namespace ipguard::decide
