#include "decide/scope_plan.h"

#include <algorithm>

#include "decide/holes.h"

namespace ipguard::decide {

std::optional<TimePoint> ScopePlan::latest(const Wants& wants) {
  std::optional<TimePoint> result = TimePoint::min();
  for (const auto& want : wants) {
    if (!want.until) {
      return std::nullopt;
    }
    result = std::max(*result, *want.until);
  }
  return result;
}

bool ScopePlan::is_outermost(const net::Prefix& prefix) const {
  return wanted_.widest_covering(prefix)->first == prefix;
}

void ScopePlan::want(const net::Prefix& prefix, Owner owner, std::optional<TimePoint> until) {
  const bool is_new = wanted_.find(prefix) == nullptr;
  Wants& wants = wanted_[prefix];
  const auto before = latest(wants);
  const auto known = std::ranges::find(wants, owner, &Want::owner);
  if (known != wants.end()) {
    known->until = until;
  } else {
    wants.push_back({owner, until});
  }
  if (!is_outermost(prefix)) {
    return;
  }
  if (is_new) {
    // What was outermost in here is nested now.
    clear_inside(prefix);
    plan(prefix, wants);
  } else if (latest(wants) != before) {
    renew(prefix, latest(wants));
  }
}

void ScopePlan::drop(const net::Prefix& prefix, Owner owner) {
  Wants* wants = wanted_.find(prefix);
  if (wants == nullptr) {
    return;
  }
  const bool outermost = is_outermost(prefix);
  const auto before = latest(*wants);
  std::erase_if(*wants, [&](const Want& want) { return want.owner == owner; });
  if (!wants->empty()) {
    if (outermost && latest(*wants) != before) {
      renew(prefix, latest(*wants));
    }
    return;
  }
  wanted_.erase(prefix);
  if (!outermost) {
    return;
  }
  clear_inside(prefix);
  // Covering prefixes sort before what they cover, so the first that is not inside the last outermost is outermost.
  const net::Prefix* last = nullptr;
  for (const auto* member : wanted_.inside(prefix)) {
    if (last == nullptr || !last->contains(member->first)) {
      plan(member->first, member->second);
      last = &member->first;
    }
  }
}

void ScopePlan::replan(const net::Prefix& changed, std::vector<Owner>& owners) {
  const auto add_owners = [&owners](const Wants& wants) {
    for (const auto& want : wants) {
      owners.push_back(want.owner);
    }
  };
  const auto inside = wanted_.inside(changed);
  for (const auto* member : inside) {
    add_owners(member->second);
  }
  if (const auto* outer = wanted_.widest_covering(changed)) {
    for (unsigned length = outer->first.length(); length < changed.length(); ++length) {
      if (const auto* wants = wanted_.find(net::Prefix(changed.address(), length))) {
        add_owners(*wants);
      }
    }
    clear_inside(outer->first);
    plan(outer->first, outer->second);
    return;
  }
  const net::Prefix* last = nullptr;
  for (const auto* member : inside) {
    if (last == nullptr || !last->contains(member->first)) {
      clear_inside(member->first);
      plan(member->first, member->second);
      last = &member->first;
    }
  }
}

void ScopePlan::offer_again(const net::Prefix& element) {
  pending_[element] = {.state = Told::State::unknown, .until = {}};
}

std::vector<Owner> ScopePlan::refuse(const net::Prefix& element) {
  std::vector<Owner> owners;
  if (planned_.find(element) == nullptr) {
    return owners;
  }
  // Not "absent": if it was a renewal that was refused, the element is still in the kernel and has to go.
  pending_[element] = {.state = Told::State::unknown, .until = {}};
  planned_.erase(element);
  for (const auto& want : wanted_.widest_covering(element)->second) {
    owners.push_back(want.owner);
  }
  return owners;
}

bool ScopePlan::stands(const net::Prefix& prefix) const {
  if (planned_.longest_covering(prefix) != nullptr) {
    return true;
  }
  const auto it = planned_.members().lower_bound(prefix);
  return it != planned_.members().end() && prefix.contains(it->first);
}

std::vector<net::Prefix> ScopePlan::standing(const net::Prefix& prefix) const {
  if (planned_.longest_covering(prefix) != nullptr) {
    return {prefix};
  }
  std::vector<net::Prefix> result;
  for (const auto* element : planned_.inside(prefix)) {
    result.push_back(element->first);
  }
  return result;
}

void ScopePlan::note(const net::Prefix& element) {
  const auto* planned = planned_.find(element);
  pending_.try_emplace(element, planned == nullptr ? Told{} : Told{.state = Told::State::present, .until = *planned});
}

void ScopePlan::set(const net::Prefix& element, std::optional<TimePoint> until) {
  note(element);
  planned_[element] = until;
}

void ScopePlan::clear_inside(const net::Prefix& prefix) {
  std::vector<net::Prefix> elements;
  for (const auto* element : planned_.inside(prefix)) {
    elements.push_back(element->first);
  }
  for (const auto& element : elements) {
    note(element);
    planned_.erase(element);
  }
}

void ScopePlan::renew(const net::Prefix& outermost, std::optional<TimePoint> until) {
  // Cut anew rather than re-timed in place: an element that the writer refused before is offered once more.
  for (const auto& element : cut(outermost, holes_)) {
    set(element, until);
  }
}

void ScopePlan::plan(const net::Prefix& outermost, const Wants& wants) { renew(outermost, latest(wants)); }

void ScopePlan::take(model::SetBatch& batch) {
  for (const auto& [element, told] : pending_) {
    const auto* planned = planned_.find(element);
    if (planned == nullptr) {
      if (told.state != Told::State::absent) {
        batch.remove.push_back({.scope = scope_, .prefix = element, .until = told.until});
      }
    } else if (told.state != Told::State::present || told.until != *planned) {
      batch.add.push_back({.scope = scope_, .prefix = element, .until = *planned});
    }
  }
  pending_.clear();
}

}  // namespace ipguard::decide
