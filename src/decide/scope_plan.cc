#include "decide/scope_plan.h"

#include <algorithm>
#include <utility>

#include "decide/holes.h"

namespace ipguard::decide {

model::Until ScopePlan::latest(const net::Prefix& prefix) const {
  model::Until result = wanted_.find(prefix)->until;
  if (const auto more = more_wants_.find(prefix); more != more_wants_.end()) {
    for (const auto& want : more->second) {
      result = std::max(result, want.until);
    }
  }
  return result;
}

model::Until ScopePlan::last_end(const net::Prefix& element, model::Until bound) const {
  auto around = wanted_.longest_covering(element);
  model::Until result = latest(*around);
  while (around->length() > 0 && (around = wanted_.longest_covering(around->parent()))) {
    result = std::max(result, latest(*around));
  }
  if (scope_ == model::Scope::address) {
    return result;  // nothing is nested there
  }
  wanted_.each_inside_while(element, [&](const net::Prefix& nested, const Want& want) {
    result = std::max(result, more_wants_.empty() ? want.until : latest(nested));
    return result < bound;
  });
  return result;
}

std::vector<net::Prefix> ScopePlan::elements_at(const net::Prefix& prefix) const {
  if (const auto around = planned_.longest_covering(prefix)) {
    return {*around};
  }
  return standing(prefix);
}

void ScopePlan::extend(const net::Prefix& nested, model::Until until) {
  for (const auto& element : elements_at(nested)) {
    if (*planned_.find(element) < until) {
      note(element);
      planned_.put(element, until);
    }
  }
}

void ScopePlan::shorten(const net::Prefix& nested, model::Until before) {
  for (const auto& element : elements_at(nested)) {
    const model::Until known = *planned_.find(element);
    if (known != before) {
      continue;  // something else lasts longer
    }
    if (const auto until = last_end(element, known); until != known) {
      note(element);
      planned_.put(element, until);
    }
  }
}

void ScopePlan::add_owners(const net::Prefix& prefix, std::vector<Owner>& owners) const {
  owners.push_back(wanted_.find(prefix)->owner);
  if (const auto more = more_wants_.find(prefix); more != more_wants_.end()) {
    std::ranges::transform(more->second, std::back_inserter(owners), &Want::owner);
  }
}

bool ScopePlan::is_outermost(const net::Prefix& prefix) const { return wanted_.widest_covering(prefix) == prefix; }

void ScopePlan::want(const net::Prefix& prefix, Owner owner, std::optional<TimePoint> until) {
  const Want fresh{.until = until, .owner = owner};
  Want* known = wanted_.find(prefix);
  if (known == nullptr) {
    wanted_.put(prefix, fresh);
    if (is_outermost(prefix)) {
      // What was outermost in here is nested now.
      clear_inside(prefix);
      plan(prefix);
    } else {
      extend(prefix, until);
    }
    return;
  }
  const auto before = latest(prefix);
  if (known->owner == owner) {
    known->until = fresh.until;
  } else {
    auto& more = more_wants_[prefix];
    const auto other = std::ranges::find(more, owner, &Want::owner);
    if (other == more.end()) {
      more.push_back(fresh);
    } else {
      other->until = fresh.until;
    }
  }
  const auto after = latest(prefix);
  if (after == before) {
    return;
  }
  if (is_outermost(prefix)) {
    plan(prefix);
  } else if (before < after) {
    extend(prefix, after);
  } else {
    shorten(prefix, before);
  }
}

bool ScopePlan::forget_want(const net::Prefix& prefix, Owner owner) {
  Want* first = wanted_.find(prefix);
  const auto more = more_wants_.find(prefix);
  if (first == nullptr || (first->owner != owner && more == more_wants_.end())) {
    return false;
  }
  if (more == more_wants_.end()) {
    wanted_.erase(prefix);
    return true;
  }
  auto& others = more->second;
  if (first->owner == owner) {
    *first = others.back();
    others.pop_back();
  } else if (std::erase_if(others, [&](const Want& want) { return want.owner == owner; }) == 0) {
    return false;
  }
  if (others.empty()) {
    more_wants_.erase(more);
  }
  return true;
}

void ScopePlan::drop(const net::Prefix& prefix, Owner owner) {
  if (!wanted_.contains(prefix)) {
    return;
  }
  const bool outermost = is_outermost(prefix);
  const auto before = latest(prefix);
  if (!forget_want(prefix, owner)) {
    return;
  }
  if (!outermost) {
    shorten(prefix, before);
  } else if (!wanted_.contains(prefix)) {
    clear_inside(prefix);
    plan_outermost_inside(prefix);
  } else if (latest(prefix) != before) {
    plan(prefix);
  }
}

// Where nothing around `prefix` is wanted.
void ScopePlan::plan_outermost_inside(const net::Prefix& prefix) {
  // Covering prefixes sort before what they cover, so the first that is not inside the last outermost is outermost.
  std::vector<net::Prefix> outermost;
  wanted_.each_inside(prefix, [&](const net::Prefix& member, const Want&) {
    if (outermost.empty() || !outermost.back().contains(member)) {
      outermost.push_back(member);
    }
  });
  for (const auto& member : outermost) {
    clear_inside(member);
    plan(member);
  }
}

void ScopePlan::replan(const net::Prefix& changed, std::vector<Owner>& owners) {
  wanted_.each_inside(changed, [&](const net::Prefix& member, const Want&) { add_owners(member, owners); });
  const auto outer = wanted_.widest_covering(changed);
  if (!outer) {
    plan_outermost_inside(changed);
    return;
  }
  for (unsigned length = outer->length(); length < changed.length(); ++length) {
    if (const net::Prefix around(changed.address(), length); wanted_.contains(around)) {
      add_owners(around, owners);
    }
  }
  clear_inside(*outer);
  plan(*outer);
}

void ScopePlan::offer_again(const net::Prefix& element) {
  pending_.put(element, {.until = {}, .state = Told::State::unknown});
}

std::vector<Owner> ScopePlan::refuse(const net::Prefix& element, const std::string& reason, bool for_room) {
  std::vector<Owner> owners;
  if (!planned_.contains(element)) {
    return owners;
  }
  // Not "absent": if it was a renewal that was refused, the element is still in the kernel and has to go.
  offer_again(element);
  planned_.erase(element);
  const auto known = refused_.members().begin();
  const bool same = known != refused_.members().end() && *known->second.reason == reason;
  auto shared = same ? known->second.reason : std::make_shared<const std::string>(reason);
  refused_[element] = {.reason = std::move(shared), .for_room = for_room};
  add_owners(*wanted_.widest_covering(element), owners);
  return owners;
}

void ScopePlan::offer_refused() {
  std::vector<net::Prefix> offered;
  for (const auto& [element, refusal] : refused_.members()) {
    if (refusal.for_room) {
      offered.push_back(element);
    }
  }
  for (const auto& element : offered) {
    refused_.erase(element);
    note(element);
    planned_.put(element, last_end(element));
  }
}

bool ScopePlan::stands(const net::Prefix& prefix) const {
  return planned_.longest_covering(prefix).has_value() || planned_.any_inside(prefix);
}

std::vector<net::Prefix> ScopePlan::standing(const net::Prefix& prefix) const {
  if (planned_.longest_covering(prefix)) {
    return {prefix};
  }
  std::vector<net::Prefix> result;
  planned_.each_inside(prefix, [&](const net::Prefix& element, const model::Until&) { result.push_back(element); });
  return result;
}

void ScopePlan::owners_covering(const net::Prefix& prefix, std::vector<Owner>& owners) const {
  auto around = wanted_.longest_covering(prefix);
  while (around) {
    add_owners(*around, owners);
    around = around->length() == 0 ? std::nullopt : wanted_.longest_covering(around->parent());
  }
}

void ScopePlan::note(const net::Prefix& element) {
  if (pending_.contains(element)) {
    return;
  }
  const auto* planned = planned_.find(element);
  pending_.put(element, planned == nullptr ? Told{} : Told{.until = *planned, .state = Told::State::present});
}

void ScopePlan::clear_inside(const net::Prefix& prefix) {
  std::vector<net::Prefix> elements;
  planned_.each_inside(prefix, [&](const net::Prefix& element, const model::Until&) { elements.push_back(element); });
  for (const auto& element : elements) {
    note(element);
    planned_.erase(element);
  }
  forget_refusals(prefix);
}

void ScopePlan::forget_refusals(const net::Prefix& prefix) {
  if (refused_.empty()) {
    return;
  }
  std::vector<net::Prefix> over;
  for (const auto* member : refused_.inside(prefix)) {
    over.push_back(member->first);
  }
  for (const auto& element : over) {
    refused_.erase(element);
  }
}

// Always cut anew rather than re-timed in place: an element that the writer refused before is offered once more.
void ScopePlan::plan(const net::Prefix& outermost) {
  forget_refusals(outermost);
  for (const auto& element : cut(outermost, holes_)) {
    note(element);
    planned_.put(element, last_end(element));
  }
}

void ScopePlan::take_element(const net::Prefix& element, const Told& told, model::SetBatch& batch) const {
  const auto* planned = planned_.find(element);
  if (planned == nullptr) {
    if (told.state != Told::State::absent) {
      batch.remove.push_back({.scope = scope_, .prefix = element, .until = told.until.optional()});
    }
  } else if (told.state != Told::State::present || told.until != *planned) {
    batch.add.push_back({.scope = scope_, .prefix = element, .until = planned->optional()});
  }
}

void ScopePlan::take(model::SetBatch& batch, size_t most) {
  if (pending_.empty()) {
    return;
  }
  std::vector<net::Prefix> taken;
  std::optional<net::Prefix> around;  // the outermost of those that overlap the last one
  pending_.each_while([&](const net::Prefix& element, const Told& told) {
    const bool belongs = around && around->contains(element);
    if (taken.size() >= most && !belongs) {
      return false;
    }
    if (!belongs) {
      around = element;
    }
    take_element(element, told, batch);
    taken.push_back(element);
    return true;
  });
  if (taken.size() == pending_.size()) {
    pending_.clear();
    return;
  }
  for (const auto& element : taken) {
    pending_.erase(element);
  }
}

}  // namespace ipguard::decide
