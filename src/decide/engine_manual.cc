// Engine: bans and lifts by people, and decisions from an earlier run.
#include <algorithm>

#include "base/text.h"
#include "decide/engine_impl.h"
#include "net/cover.h"

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

}  // namespace

Result<const model::Decision*> Engine::Impl::ban(const model::Target& target, std::optional<Seconds> duration,
                                                 std::string reason, std::string issuer, TimePoint now) {
  expire(now);
  if (duration && duration->count() <= 0) {
    return fail(Errc::invalid, "a ban must last longer than " + format_duration(*duration));
  }
  if (protection.refresh_now(now)) {
    apply_holes(now);
  }
  auto prefixes = guard.coverage(target);
  if (!prefixes) {
    ++counters.refused;
    refusals.add(target, prefixes.error().message, now);
    return std::unexpected(add_context(prefixes, target.to_string() + " cannot be banned"));
  }
  const std::optional<TimePoint> until = duration ? std::optional<TimePoint>(now + *duration) : std::nullopt;
  ++counters.decisions;
  if (const Entry* known = table.find(target)) {
    model::Decision decision = known->decision;
    const auto before = decision.prefixes;
    decision.addresses_covered = net::count_addresses(*prefixes);
    decision.prefixes = std::move(*prefixes);
    decision.rule.clear();
    decision.reason = std::move(reason);
    decision.issuer = std::move(issuer);
    decision.until = until;
    const Entry& entry = table.renew(std::move(decision), now);
    replace_wants(entry, before);
    return &entry.decision;
  }
  model::Decision decision;
  decision.target = target;
  decision.addresses_covered = net::count_addresses(*prefixes);
  decision.prefixes = std::move(*prefixes);
  if (target.scope == model::Scope::asn) {
    decision.route = lookups.any_route_of(target.asn).value_or(model::Route{});
    decision.route.asn = target.asn;
  } else {
    decision.route = lookups.route(target.prefix.address());
  }
  decision.reason = std::move(reason);
  decision.issuer = std::move(issuer);
  decision.since = now;
  decision.until = until;
  if (const TargetPast* past = table.past(target)) {
    decision.repeat = bans.repeats(past->bans, past->last_end, now);
  }
  const Entry& entry = table.begin(std::move(decision));
  want(entry);
  return &entry.decision;
}

Result<model::Decision> Engine::Impl::unban(const model::Target& target, TimePoint now) {
  expire(now);
  if (table.find(target) == nullptr) {
    return fail(Errc::not_found, not_banned(target));
  }
  model::Decision decision = end(target, Ending::lifted, now);
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
    decision.addresses_covered = net::count_addresses(decision.prefixes);
  }
  // What the ladder knew: decisions that evidence led to (those name a rule).
  if (!decision.rule.empty()) {
    const auto lines =
        decision.evidence.empty() ? decision.evidence : std::vector<model::EvidenceLine>{decision.evidence.back()};
    if (decision.target.scope == model::Scope::address) {
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
