#include "decide/decision_table.h"

#include <algorithm>
#include <functional>
#include <ranges>
#include <tuple>

namespace ipguard::decide {

bool DecisionTable::OwnerLess::operator()(const model::Route& a, const model::Route& b) const {
  const auto tied = [](const model::Route& route) {
    return std::tie(route.asn, route.found, route.country_code, route.as_name, route.as_domain, route.country,
                    route.continent, route.continent_code);
  };
  return tied(a) < tied(b);
}

const ActiveBan* DecisionTable::find(const model::Target& target) const {
  const Slot slot = by_target_.find(target);
  return slot == no_slot ? nullptr : &pool_[slot];
}

std::vector<const ActiveBan*> DecisionTable::aimed_at(const net::Address& address, const model::Route& route) const {
  std::vector<const ActiveBan*> result;
  const auto add = [&](const model::Target& target) {
    if (const ActiveBan* ban = find(target)) {
      result.push_back(ban);
    }
  };
  add({.scope = model::Scope::address, .prefix = net::Prefix(address), .asn = {}});
  for (unsigned length = address.bits(); length-- > 0;) {
    add({.scope = model::Scope::route, .prefix = net::Prefix(address, length), .asn = {}});
  }
  if (route.asn) {
    add({.scope = model::Scope::asn, .prefix = {}, .asn = *route.asn});
  }
  if (const auto country = model::Country::parse(route.country_code)) {
    add({.scope = model::Scope::country, .prefix = {}, .asn = {}, .country = *country});
  }
  return result;
}

std::vector<const ActiveBan*> DecisionTable::all() const {
  TablePlace place;
  return after(place, size());
}

std::vector<const ActiveBan*> DecisionTable::after(TablePlace& place, size_t most) const {
  Slot slot = first_;
  if (place.slot < pool_.limit() && pool_[place.slot].id == place.id) {
    slot = pool_[place.slot].behind;
  } else {
    while (slot != no_slot && pool_[slot].id <= place.id) {  // that one ended meanwhile
      slot = pool_[slot].behind;
    }
  }
  std::vector<const ActiveBan*> result;
  for (; slot != no_slot && result.size() < most; slot = pool_[slot].behind) {
    result.push_back(&pool_[slot]);
    place = {.id = pool_[slot].id, .slot = slot};
  }
  return result;
}

model::Route DecisionTable::route(const ActiveBan& ban) const {
  model::Route route = owners_[ban.owner];
  route.prefix = ban.route_length == ActiveBan::route_elsewhere ? ban.more->route
                                                                : net::Prefix(ban.prefix.address(), ban.route_length);
  return route;
}

model::Decision DecisionTable::decision(const ActiveBan& ban) const {
  model::Decision decision;
  decision.target = ban.target();
  decision.cover({ban.prefixes().begin(), ban.prefixes().end()});
  decision.route = route(ban);
  decision.rule = rule(ban);
  decision.issuer = issuer(ban);
  decision.since = ban.since;
  decision.until = ban.until.optional();
  decision.repeat = ban.repeat;
  if (ban.more) {
    decision.confirm_by = ban.more->confirm_by;
    decision.good_clients = ban.more->good_clients;
    decision.left_out = ban.more->left_out;
  }
  return decision;
}

const model::Decision* DecisionTable::reported(const ActiveBan& ban) const {
  const uint32_t index = ban.change - first_change_;
  if (index >= changes_.size() || changes_[index].ending || changes_[index].decision.target != ban.target()) {
    return nullptr;
  }
  return &changes_[index].decision;
}

// What the decision says; not where it stands among the others.
void DecisionTable::fill(ActiveBan& ban, const model::Decision& decision) {
  ++version_;
  const model::Target& target = decision.target;
  const auto& route = decision.route.prefix;
  ban.prefix = target.prefix;
  ban.scope = target.scope;
  ban.number = target.scope == model::Scope::asn ? target.asn.number : target.country.number();
  ban.origin = origins_.add({.rule = decision.rule, .issuer = decision.issuer});
  ban.owner = owners_.add(decision.route);
  ban.repeat = decision.repeat;
  ban.since = decision.since;
  ban.until = decision.until;
  const bool holds = model::is_network(target.scope) && route.contains(target.prefix);
  ban.route_length = holds ? static_cast<uint8_t>(route.length()) : ActiveBan::route_elsewhere;
  const auto& good = decision.good_clients;
  const bool plain = holds && decision.prefixes.size() == 1 && decision.prefixes.front() == target.prefix &&
                     !decision.confirm_by && good.logins + good.users + good.visitors == 0 && decision.left_out.empty();
  ban.more.reset();
  if (!plain) {
    ban.more = std::make_unique<ActiveBan::Particulars>(ActiveBan::Particulars{.prefixes = decision.prefixes,
                                                                               .route = route,
                                                                               .confirm_by = decision.confirm_by,
                                                                               .good_clients = good,
                                                                               .left_out = decision.left_out});
  }
}

ActiveBan& DecisionTable::insert(const model::Decision& decision) {
  ActiveBan& ban = pool_.add();
  fill(ban, decision);
  ban.id = next_id_++;
  ban.before = last_;
  (last_ == no_slot ? first_ : pool_[last_].behind) = ban.slot;
  last_ = ban.slot;
  by_target_.add(ban.slot);
  by_end_.add(ban.slot);
  ++counts_.at(static_cast<size_t>(ban.scope));
  return ban;
}

void DecisionTable::remove(ActiveBan& ban) {
  ++version_;
  by_target_.remove(ban.slot);
  by_end_.remove(ban.slot);
  (ban.before == no_slot ? first_ : pool_[ban.before].behind) = ban.behind;
  (ban.behind == no_slot ? last_ : pool_[ban.behind].before) = ban.before;
  origins_.drop(ban.origin);
  owners_.drop(ban.owner);
  --counts_.at(static_cast<size_t>(ban.scope));
  pool_.remove(ban);
}

ActiveBan& DecisionTable::replace(ActiveBan& ban, const model::Decision& decision) {
  by_end_.remove(ban.slot);
  const uint32_t origin = ban.origin;
  const uint32_t owner = ban.owner;
  fill(ban, decision);
  origins_.drop(origin);
  owners_.drop(owner);
  by_end_.add(ban.slot);
  return ban;
}

void DecisionTable::report(ActiveBan& ban, model::Decision decision, TimePoint at) {
  ban.change = first_change_ + static_cast<uint32_t>(changes_.size());
  changes_.push_back({.decision = std::move(decision), .ending = std::nullopt, .at = at});
}

const ActiveBan& DecisionTable::begin(model::Decision decision) {
  ActiveBan& ban = insert(decision);
  report(ban, std::move(decision), ban.since);
  return ban;
}

const ActiveBan& DecisionTable::renew(model::Decision decision, TimePoint at) {
  ActiveBan& ban = replace(pool_[by_target_.find(decision.target)], decision);
  report(ban, std::move(decision), at);
  return ban;
}

const ActiveBan& DecisionTable::restore(const model::Decision& decision, const ActiveBan* known) {
  return known == nullptr ? insert(decision) : replace(pool_[known->slot], decision);
}

void DecisionTable::set_prefixes(const ActiveBan& ban, std::vector<net::Prefix> prefixes) {
  model::Decision changed = decision(ban);
  changed.cover(std::move(prefixes));
  replace(pool_[ban.slot], changed);
}

const model::Decision& DecisionTable::end(model::Decision decision, model::Ending ending, TimePoint at,
                                          std::string_view note) {
  remove(pool_[by_target_.find(decision.target)]);
  if (!note.empty()) {
    decision.reason += "; " + std::string(model::to_string(ending)) + ": " + std::string(note);
  }
  remember(decision, ending, at, note);
  return changes_.back().decision;
}

void DecisionTable::pass(model::Decision decision) {
  changes_.push_back({.decision = decision, .ending = std::nullopt, .at = decision.since});
  remember(decision, model::Ending::expired, *decision.until, {});
}

void DecisionTable::refuse(model::Decision decision, TimePoint at) {
  changes_.push_back({.decision = std::move(decision), .ending = model::Ending::refused, .at = at});
}

void DecisionTable::remember(const model::Decision& decision, model::Ending ending, TimePoint at,
                             std::string_view note) {
  changes_.push_back({.decision = decision, .ending = ending, .at = at, .note = std::string(note)});
  if (limits_.ended > 0) {
    ended_.push_back(changes_.back());
  }
  if (ended_.size() > limits_.ended) {
    ended_.pop_front();
  }
  if (ending == model::Ending::refused) {
    return;  // it blocked nobody, so it is no earlier ban
  }
  const uint32_t bans = std::max(decision.repeat, decision.repeat + 1);  // what was made up for since stays forgiven
  const TimePoint since = ending == model::Ending::expired ? decision.since : at;
  set_past(decision.target, {.bans = bans, .since = since, .last_end = at});
}

uint32_t DecisionTable::past_place(const model::Target& target) const {
  return past_by_target_.find(std::hash<model::Target>{}(target),
                              [&](uint32_t place) { return past_[place].first == target; });
}

void DecisionTable::set_past(const model::Target& target, const TargetPast& past) {
  ++version_;
  uint32_t place = past_place(target);
  if (place == HashIndex::none) {
    if (free_past_.empty()) {
      free_past_.push_back(static_cast<uint32_t>(past_.size()));
      past_.emplace_back();
    }
    place = free_past_.back();
    free_past_.pop_back();
    past_[place].first = target;
    past_by_target_.add(std::hash<model::Target>{}(target), place);
  }
  past_[place].second = past;
  push_past(past.last_end, place);
  while (past_by_target_.size() > limits_.past && !past_by_end_.empty()) {
    forget_first_past();
  }
}

// What a target said before of itself stays in the heap, until that is mostly of such.
void DecisionTable::push_past(TimePoint end, uint32_t place) {
  constexpr size_t few = 64;
  past_by_end_.emplace_back(end, place);
  std::ranges::push_heap(past_by_end_, std::ranges::greater{});
  if (past_by_end_.size() > few + 2 * past_by_target_.size()) {
    std::erase_if(past_by_end_, [this](const auto& each) { return past_[each.second].second.last_end != each.first; });
    std::ranges::sort(past_by_end_);
    const auto repeated = std::ranges::unique(past_by_end_);
    past_by_end_.erase(repeated.begin(), repeated.end());  // sorted is a heap, too
  }
}

void DecisionTable::forget_first_past() {
  const auto [end, place] = past_by_end_.front();
  std::ranges::pop_heap(past_by_end_, std::ranges::greater{});
  past_by_end_.pop_back();
  auto& [target, past] = past_[place];
  if (past.last_end == end) {
    past_by_target_.remove(std::hash<model::Target>{}(target), place);
    past.last_end = TimePoint::min();  // nothing in the heap is its own
    free_past_.push_back(place);
  }
}

std::optional<TimePoint> DecisionTable::next_expiry() const {
  const Slot first = by_end_.first();
  return first == no_slot ? std::nullopt : pool_[first].end().optional();
}

const ActiveBan* DecisionTable::due(TimePoint now) const {
  const Slot first = by_end_.first();
  return first == no_slot || pool_[first].active_at(now) ? nullptr : &pool_[first];
}

void DecisionTable::restore_past(const model::Target& target, uint32_t bans, TimePoint last_end) {
  set_past(target, {.bans = bans, .since = last_end, .last_end = last_end});
}

const TargetPast* DecisionTable::past(const model::Target& target) const {
  const uint32_t place = past_place(target);
  return place == HashIndex::none ? nullptr : &past_[place].second;
}

bool DecisionTable::was_banned(const model::Target& target, TimePoint time) const {
  const TargetPast* before = past(target);
  return before != nullptr && before->since <= time && time < before->last_end;
}

std::vector<DecisionChange> DecisionTable::ended(const model::Target& target) const {
  std::vector<DecisionChange> result;
  for (const auto& change : ended_ | std::views::reverse) {
    if (change.decision.target == target) {
      result.push_back(change);
    }
  }
  return result;
}

std::vector<DecisionChange> DecisionTable::take_changes() {
  first_change_ += static_cast<uint32_t>(changes_.size());
  return std::exchange(changes_, {});
}

}  // namespace ipguard::decide
