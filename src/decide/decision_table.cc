#include "decide/decision_table.h"

#include <algorithm>
#include <cassert>
#include <ranges>

namespace ipguard::decide {

std::string_view to_string(Ending ending) {
  switch (ending) {
    case Ending::expired:
      return "expired";
    case Ending::lifted:
      return "lifted";
    case Ending::refused:
      return "refused";
  }
  return "expired";
}

const DecisionTable::Entry* DecisionTable::find(const model::Target& target) const {
  const auto it = by_target_.find(target);
  return it == by_target_.end() ? nullptr : it->second.get();
}

const DecisionTable::Entry* DecisionTable::find(Owner id) const {
  const auto it = by_id_.find(id);
  return it == by_id_.end() ? nullptr : it->second;
}

bool DecisionTable::covers(const net::Address& address) const {
  const net::Prefix single(address);
  return find({.scope = model::Scope::address, .prefix = single, .asn = {}}) != nullptr ||
         (!wide_.empty() && wide_.longest_covering(single) != nullptr);
}

std::vector<const DecisionTable::Entry*> DecisionTable::covering(const net::Prefix& prefix) const {
  std::vector<const Entry*> result;
  if (const Entry* single = find({.scope = model::Scope::address, .prefix = prefix, .asn = {}})) {
    result.push_back(single);
  }
  const auto* member = wide_.longest_covering(prefix);
  while (member != nullptr) {
    result.insert(result.end(), member->second.begin(), member->second.end());
    member = member->first.length() == 0 ? nullptr : wide_.longest_covering(member->first.parent());
  }
  // Stable: within a scope the walk above went from the narrowest network to the widest.
  std::ranges::stable_sort(result, {}, [](const Entry* entry) { return entry->decision.target.scope; });
  return result;
}

std::vector<const DecisionTable::Entry*> DecisionTable::aimed_at(const net::Address& address,
                                                                 const model::Route& route) const {
  std::vector<const Entry*> result;
  const auto add = [&](const model::Target& target) {
    if (const Entry* entry = find(target)) {
      result.push_back(entry);
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

std::vector<const DecisionTable::Entry*> DecisionTable::all() const {
  std::vector<const Entry*> result;
  result.reserve(by_id_.size());
  for (const auto& [id, entry] : by_id_) {
    result.push_back(entry);
  }
  return result;
}

std::vector<const DecisionTable::Entry*> DecisionTable::after(Owner id, size_t most) const {
  std::vector<const Entry*> result;
  for (auto it = by_id_.upper_bound(id); it != by_id_.end() && result.size() < most; ++it) {
    result.push_back(it->second);
  }
  return result;
}

const DecisionTable::Entry& DecisionTable::insert(model::Decision decision, Owner id) {
  auto entry = std::make_unique<Entry>(Entry{.decision = std::move(decision), .id = id});
  const Entry& result = *entry;
  by_id_.emplace(id, entry.get());
  if (const auto end = result.decision.end()) {
    by_end_.emplace(*end, id);
  }
  ++counts_.at(static_cast<size_t>(result.decision.target.scope));
  index_wide(result);
  by_target_[result.decision.target] = std::move(entry);
  return result;
}

model::Decision DecisionTable::remove(const model::Target& target) {
  const auto it = by_target_.find(target);
  assert(it != by_target_.end());
  const Entry& entry = *it->second;
  unindex_wide(entry);
  if (const auto end = entry.decision.end()) {
    by_end_.erase({*end, entry.id});
  }
  --counts_.at(static_cast<size_t>(entry.decision.target.scope));
  by_id_.erase(entry.id);
  model::Decision decision = std::move(it->second->decision);
  by_target_.erase(it);
  return decision;
}

void DecisionTable::index_wide(const Entry& entry) {
  if (entry.decision.target.scope == model::Scope::address) {
    return;
  }
  for (const auto& prefix : entry.decision.prefixes) {
    wide_[prefix].push_back(&entry);
  }
}

void DecisionTable::unindex_wide(const Entry& entry) {
  if (entry.decision.target.scope == model::Scope::address) {
    return;
  }
  for (const auto& prefix : entry.decision.prefixes) {
    auto* entries = wide_.find(prefix);
    std::erase(*entries, &entry);
    if (entries->empty()) {
      wide_.erase(prefix);
    }
  }
}

const DecisionTable::Entry& DecisionTable::begin(model::Decision decision) {
  const Entry& entry = insert(std::move(decision), next_id_++);
  changes_.push_back({.decision = entry.decision, .ending = std::nullopt, .at = entry.decision.since});
  return entry;
}

const DecisionTable::Entry& DecisionTable::renew(model::Decision decision, TimePoint at) {
  const Owner id = find(decision.target)->id;
  remove(decision.target);
  const Entry& entry = insert(std::move(decision), id);
  changes_.push_back({.decision = entry.decision, .ending = std::nullopt, .at = at});
  return entry;
}

const DecisionTable::Entry& DecisionTable::restore(model::Decision decision) {
  if (const Entry* known = find(decision.target)) {
    const Owner id = known->id;
    remove(decision.target);
    return insert(std::move(decision), id);
  }
  return insert(std::move(decision), next_id_++);
}

const DecisionTable::Entry& DecisionTable::set_prefixes(Owner id, std::vector<net::Prefix> prefixes) {
  model::Decision decision = remove(find(id)->decision.target);
  decision.cover(std::move(prefixes));
  return insert(std::move(decision), id);
}

model::Decision DecisionTable::end(const model::Target& target, Ending ending, TimePoint at, std::string_view note) {
  model::Decision decision = remove(target);
  if (!note.empty()) {
    decision.reason += "; " + std::string(to_string(ending)) + ": " + std::string(note);
  }
  remember(decision, ending, at, note);
  return decision;
}

void DecisionTable::pass(model::Decision decision) {
  changes_.push_back({.decision = decision, .ending = std::nullopt, .at = decision.since});
  remember(decision, Ending::expired, *decision.until, {});
}

void DecisionTable::refuse(model::Decision decision, TimePoint at) {
  changes_.push_back({.decision = std::move(decision), .ending = Ending::refused, .at = at});
}

void DecisionTable::remember(const model::Decision& decision, Ending ending, TimePoint at, std::string_view note) {
  changes_.push_back({.decision = decision, .ending = ending, .at = at, .note = std::string(note)});
  ended_.push_back(changes_.back());
  if (ended_.size() > limits_.ended) {
    ended_.pop_front();
  }
  if (ending == Ending::refused) {
    return;  // it blocked nobody, so it is no earlier ban
  }
  const uint32_t bans = std::max(decision.repeat, decision.repeat + 1);  // what was made up for since stays forgiven
  const TimePoint since = ending == Ending::expired ? decision.since : at;
  set_past(decision.target, {.bans = bans, .since = since, .last_end = at});
}

void DecisionTable::set_past(const model::Target& target, const TargetPast& past) {
  const auto [it, is_new] = past_.try_emplace(target, past);
  if (!is_new) {
    const auto [first, last] = past_by_end_.equal_range(it->second.last_end);
    past_by_end_.erase(std::find_if(first, last, [&](const auto& member) { return member.second == target; }));
    it->second = past;
  }
  past_by_end_.emplace(past.last_end, target);
  while (past_.size() > limits_.past) {
    past_.erase(past_by_end_.begin()->second);
    past_by_end_.erase(past_by_end_.begin());
  }
}

std::optional<TimePoint> DecisionTable::next_expiry() const {
  return by_end_.empty() ? std::nullopt : std::optional(by_end_.begin()->first);
}

std::vector<model::Target> DecisionTable::due(TimePoint now, size_t most) const {
  std::vector<model::Target> result;
  for (auto it = by_end_.begin(); it != by_end_.end() && it->first <= now && result.size() < most; ++it) {
    result.push_back(find(it->second)->decision.target);
  }
  return result;
}

void DecisionTable::restore_past(const model::Target& target, uint32_t bans, TimePoint last_end) {
  set_past(target, {.bans = bans, .since = last_end, .last_end = last_end});
}

const TargetPast* DecisionTable::past(const model::Target& target) const {
  const auto it = past_.find(target);
  return it == past_.end() ? nullptr : &it->second;
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

}  // namespace ipguard::decide
