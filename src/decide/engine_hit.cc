// Engine: from a hit to the decisions it leads to.
#include <algorithm>
#include <chrono>

#include "base/text.h"
#include "decide/engine_impl.h"
#include "decide/holes.h"
#include "decide/sentences.h"
#include "net/site.h"

namespace ipguard::decide {
namespace {

// A ban must not start in the future.
TimePoint sane_time(TimePoint time, TimePoint now) { return time - model::most_clock_ahead > now ? now : time; }

LineReference reference(const model::Hit& hit, std::string_view path) {
  return {.path = path, .offset = hit.line.offset, .text = hit.line.text};
}

model::Target network_target(const net::Prefix& network) {
  return {.scope = model::Scope::route, .prefix = network, .asn = {}};
}

// The last line of an offence, for the ladder; none where no lines are kept.
std::vector<model::EvidenceLine> last_line(const std::vector<model::EvidenceLine>& lines) {
  return lines.empty() ? lines : std::vector{lines.back()};
}

}  // namespace

void Engine::Impl::on_hit(const model::Hit& hit, std::string_view path, TimePoint now) {
  ++counters.hits;
  expire(now);
  const TimePoint time = sane_time(hit.time, now);
  const Standing& of_address = standing(hit.address, time);
  if (of_address.allowed) {
    ++counters.hits_allowed;
    return;
  }
  if (of_address.settled) {
    ++counters.hits_banned;
    return;
  }
  if (const auto offence = ledger.hit(hit, time, reference(hit, path))) {
    ++counters.offences;
    // Lines may come a little out of order: a ban is no older than what led to it.
    decide(*hit.rule, *offence, std::max(time, offence->last), now);
  }
}

const Engine::Impl::Standing& Engine::Impl::standing(const net::Address& address, TimePoint time) {
  if (!last_standing || last_standing->address != address || last_standing->time != time) {
    last_standing = {.address = address, .time = time, .version = 0, .allowed = allow.covers(address)};
    if (!last_standing->allowed) {
      good.hit(address, time);
    }
  } else if (last_standing->version == table.version()) {
    return *last_standing;
  }
  last_standing->version = table.version();
  last_standing->settled = !last_standing->allowed && is_settled(address, time);
  return *last_standing;
}

bool Engine::Impl::is_settled(const net::Address& address, TimePoint time) const {
  const ActiveBan* own = own_ban(address);
  return (own != nullptr && table.issuer(*own) != model::adopted_issuer) || was_banned(address, time) ||
         (in_wider_ban(address) && !only_adopted(address));
}

bool Engine::Impl::was_banned(const net::Address& address, TimePoint time) const {
  return table.was_banned(address_target(address), time) ||
         (!address.is_ipv4() && table.was_banned(network_target(net::host_unit(address)), time));
}

void Engine::Impl::replay_hit(const model::Hit& hit, std::string_view path, TimePoint now) {
  const TimePoint time = sane_time(hit.time, now);
  if (allow.covers(hit.address) || was_banned(hit.address, time)) {
    return;
  }
  // A hit at the very time a ban began may be the one that led to it, and then the count starts afresh with it.
  const auto around = covering(net::Prefix(hit.address));
  if (std::ranges::any_of(around, [&](const ActiveBan* ban) { return ban->since < time; })) {
    return;
  }
  const auto offence = ledger.hit(hit, time, reference(hit, path));
  if (!offence) {
    return;
  }
  const model::Route route = lookups.route(hit.address);
  if (!allow.reason(route)) {
    ladder.remember(route, {.member = hit.address, .time = time, .line = last_line(offence->lines)});
  }
}

void Engine::Impl::decide(const model::Rule& rule, const model::Offence& offence, TimePoint time, TimePoint now) {
  refresh_protection(now);
  const model::Target target = address_target(offence.address);
  if (auto allowed = guard.coverage(target); !allowed) {
    counters.hits_allowed += offence.count;
    if (!refusals.refused_lately(target, time, rule.window)) {
      ++counters.refused;
      refusals.add(target, std::move(allowed.error().message), time);
    }
    return;
  }
  good.offended(offence.address, time);
  const model::Route route = lookups.route(offence.address);
  const Occasion occasion{.rule = rule, .offence = offence, .route = route, .time = time, .now = now};
  const auto step =
      ladder.offended(route, rule, {.member = offence.address, .time = time, .line = last_line(offence.lines)});

  // A rule of wide scope acts widely at once, and narrowly only where it may not.
  bool covered = false;
  if (step && rule.scope == model::Scope::country) {
    covered = ban_country(occasion, {.traces = {}, .window = {}, .by_rule = true});
  }
  if (step && !covered && !model::is_network(rule.scope) && route.asn) {
    covered = ban_asn(occasion, {.traces = {}, .window = {}, .by_rule = true});
  }
  if (step && step->by_rule && !covered) {
    covered = ban_route(occasion, *step);
  }
  const auto blamed = ladder.blamed(offence.address, route, time, !offence.network.is_single());
  if (!covered && (blamed.is_single() || !ban_network(occasion, blamed))) {
    ban_address(occasion);
  }
  if (step && !step->by_rule) {
    ban_route(occasion, *step);
  }
}

bool Engine::Impl::ban_network(const Occasion& occasion, const net::Prefix& network) {
  const model::Target target = network_target(network);
  if (banned_already(occasion, target)) {
    return true;
  }
  auto prefixes = guard.coverage(target);
  if (!prefixes || table.full()) {
    return false;
  }
  auto reason = offence_sentence(occasion.offence, occasion.rule.window);
  if (occasion.offence.network.is_single()) {
    reason += "; another address of " + network.to_string() + " offended shortly before";
  }
  ban_offender(occasion, target, std::move(*prefixes), std::move(reason));
  return true;
}

void Engine::Impl::ban_address(const Occasion& occasion) {
  const model::Target target = address_target(occasion.offence.address);
  if (table.full()) {
    ++counters.refused;
    refusals.add(target, group_digits(table.size()) + " decisions are active, there is no room for more",
                 occasion.time);
    return;
  }
  ban_offender(occasion, target, {target.prefix}, offence_sentence(occasion.offence, occasion.rule.window));
}

void Engine::Impl::ban_offender(const Occasion& occasion, const model::Target& target,
                                std::vector<net::Prefix> prefixes, std::string reason) {
  model::Decision decision;
  decision.target = target;
  decision.prefixes = std::move(prefixes);
  decision.route = occasion.route;
  decision.rule = occasion.rule.id;
  decision.reason = std::move(reason);
  decision.issuer = model::ledger_issuer;
  decision.since = occasion.time;
  decision.evidence = occasion.offence.lines;
  begin_by_evidence(occasion, std::move(decision), occasion.rule.ban);
}

bool Engine::Impl::ban_route(const Occasion& occasion, const Ladder::RouteStep& step) {
  const model::Route& route = occasion.route;
  const model::Target target{.scope = model::Scope::route, .prefix = route.prefix, .asn = {}};
  if (route.prefix.is_single()) {
    return false;  // its ban is the address's
  }
  if (banned_already(occasion, target)) {
    return true;
  }
  const auto sentence = [&](const auto& prefixes) { return route_sentence(route.prefix, step, prefixes); };
  if (!ban_widely(occasion, step, target, policy.route_ladder.ban, sentence)) {
    return false;
  }
  if (route.asn) {
    const auto next =
        ladder.route_banned(*route.asn, occasion.rule,
                            {.member = route.prefix, .time = occasion.time, .line = last_line(occasion.offence.lines)});
    if (next) {
      ban_asn(occasion, *next);
    }
  }
  return true;
}

bool Engine::Impl::ban_asn(const Occasion& occasion, const Ladder::AsnStep& step) {
  const net::Asn asn = *occasion.route.asn;
  const model::Target target{.scope = model::Scope::asn, .prefix = {}, .asn = asn};
  if (banned_already(occasion, target)) {
    return true;
  }
  if (!step.by_rule && !ladder.dense(step, lookups.prefixes_of(asn))) {
    refusals.add(target,
                 group_digits(step.traces.size()) + " of its routes were banned, but less than 1 in " +
                     group_digits(policy.asn_ladder.one_in) + " of its addresses lies in them (ladder.asn.one_in)",
                 occasion.time, RefusalLog::Kind::for_now);
    return false;
  }
  const auto sentence = [&](const auto& prefixes) { return asn_sentence(asn, step, prefixes); };
  if (!ban_widely(occasion, step, target, policy.asn_ladder.ban, sentence)) {
    return false;
  }
  if (const auto country = model::Country::parse(occasion.route.country_code)) {
    const auto next = ladder.asn_banned(
        *country, occasion.rule, {.member = asn, .time = occasion.time, .line = last_line(occasion.offence.lines)});
    if (next) {
      ban_country(occasion, *next);
    }
  }
  return true;
}

bool Engine::Impl::ban_country(const Occasion& occasion, const Ladder::CountryStep& step) {
  const auto country = model::Country::parse(occasion.route.country_code);
  if (!country) {
    return false;
  }
  const model::Target target{.scope = model::Scope::country, .prefix = {}, .asn = {}, .country = *country};
  if (banned_already(occasion, target)) {
    return true;
  }
  const auto sentence = [&](const auto& prefixes) { return country_sentence(*country, step, prefixes); };
  return ban_widely(occasion, step, target, policy.country_ladder.ban, sentence);
}

bool Engine::Impl::banned_already(const Occasion& occasion, const model::Target& target) const {
  return (table.find(target) != nullptr && !is_adopted(target)) || table.was_banned(target, occasion.time);
}

// Whether nobody remembers why the target is banned. The daemon may have been killed between the kernel and the store:
// then the lines that led to the ban are read again and tell it.
bool Engine::Impl::is_adopted(const model::Target& target) const {
  const ActiveBan* ban = table.find(target);
  return ban != nullptr && table.issuer(*ban) == model::adopted_issuer;
}

bool Engine::Impl::only_adopted(const net::Address& address) const {
  return std::ranges::all_of(covering(net::Prefix(address)),
                             [this](const ActiveBan* ban) { return table.issuer(*ban) == model::adopted_issuer; });
}

const ActiveBan* Engine::Impl::ban_of(const net::Address& offender) const {
  const ActiveBan* ban = table.find(address_target(offender));
  return ban != nullptr || offender.is_ipv4() ? ban : table.find(network_target(net::host_unit(offender)));
}

const ActiveBan* Engine::Impl::ban_of(const net::Prefix& route) const { return table.find(network_target(route)); }

const ActiveBan* Engine::Impl::ban_of(net::Asn asn) const {
  return table.find({.scope = model::Scope::asn, .prefix = {}, .asn = asn});
}

template <typename Traces>
std::vector<model::EvidenceLine> Engine::Impl::evidence_of(const Traces& traces) {
  std::vector<model::EvidenceLine> result;
  for (auto it = traces.rbegin(); it != traces.rend() && result.size() < policy.limits.evidence_lines; ++it) {
    if (!it->line.empty()) {
      result.push_back(it->line.front());
    } else if (const ActiveBan* ban = ban_of(it->member)) {  // remembered from an earlier run
      auto lines = complete(*ban).evidence;
      if (!lines.empty()) {
        result.push_back(std::move(lines.back()));
      }
    }
  }
  std::ranges::reverse(result);
  return result;
}

template <typename Step, typename Sentence>
bool Engine::Impl::ban_widely(const Occasion& occasion, const Step& step, const model::Target& target,
                              Seconds by_ladder, const Sentence& sentence) {
  auto weighed = wide_coverage(occasion, target);
  if (!weighed) {
    return false;
  }
  const auto covered = outside_of_holes(weighed->prefixes);
  auto reason = step.by_rule ? first_offence_sentence(target, occasion.rule, occasion.offence.address, covered)
                             : sentence(covered);
  model::Decision decision;
  decision.target = target;
  decision.prefixes = std::move(weighed->prefixes);
  decision.route = occasion.route;
  decision.rule = occasion.rule.id;
  decision.reason = std::move(reason) + left_out_sentence(weighed->left_out, weighed->spared);
  decision.good_clients = weighed->hit;
  decision.left_out = std::move(weighed->left_out);
  decision.issuer = model::ladder_issuer;
  decision.since = occasion.time;
  decision.evidence = step.by_rule ? occasion.offence.lines : evidence_of(step.traces);
  begin_by_evidence(occasion, std::move(decision), step.by_rule ? occasion.rule.ban : by_ladder);
  return true;
}

std::vector<net::Prefix> Engine::Impl::outside_of_holes(const std::vector<net::Prefix>& prefixes) const {
  std::vector<net::Prefix> left;
  for (const auto& prefix : prefixes) {
    std::ranges::copy(cut(prefix, planner.holes()), std::back_inserter(left));
  }
  return left;
}

std::optional<Weighed> Engine::Impl::wide_coverage(const Occasion& occasion, const model::Target& target) {
  if (refusals.refused_lately(target, occasion.time, window_of(target.scope))) {
    return std::nullopt;
  }
  auto prefixes = guard.coverage(target);
  if (prefixes) {
    if (auto fits = guard.within_budget(target, *prefixes); !fits) {
      prefixes = std::unexpected(std::move(fits.error()));
    }
  }
  auto weighed = prefixes ? collateral.weigh(target, std::move(*prefixes), occasion.now)
                          : std::unexpected(std::move(prefixes.error()));
  if (weighed) {
    return std::move(*weighed);
  }
  ++counters.refused;
  refusals.add(target, weighed.error().message, occasion.time);
  model::Decision refused;
  refused.target = target;
  if (target.scope == model::Scope::route) {
    refused.cover({target.prefix});
  }
  refused.route = occasion.route;
  refused.rule = occasion.rule.id;
  refused.reason = weighed.error().message;
  refused.issuer = model::ladder_issuer;
  refused.since = occasion.time;
  refused.evidence = occasion.offence.lines;
  table.refuse(std::move(refused), occasion.time);
  return std::nullopt;
}

void Engine::Impl::begin_by_evidence(const Occasion& occasion, model::Decision decision, Seconds ban) {
  if (const TargetPast* past = table.past(decision.target)) {
    decision.repeat = bans.repeats(past->bans, past->last_end, decision.since);
  }
  if (const auto duration = bans.duration(ban, decision.repeat)) {
    decision.until = decision.since + *duration;
  }
  decision.cover(std::move(decision.prefixes));
  ++counters.decisions;
  if (const ActiveBan* adopted = table.find(decision.target)) {
    decision.until = std::max(adopted->until, model::Until(decision.until)).optional();
    const std::vector<net::Prefix> before(adopted->prefixes().begin(), adopted->prefixes().end());
    replace_wants(table.renew(std::move(decision), occasion.time), before);
    return;
  }
  if (!decision.active_at(occasion.now)) {
    table.pass(std::move(decision));
    return;
  }
  want(table.begin(std::move(decision)));
}

Seconds Engine::Impl::window_of(model::Scope scope) const {
  switch (scope) {
    case model::Scope::country:
      return policy.country_ladder.window;
    case model::Scope::asn:
      return policy.asn_ladder.window;
    case model::Scope::address:
    case model::Scope::route:
      break;
  }
  return policy.route_ladder.window;
}

}  // namespace ipguard::decide
