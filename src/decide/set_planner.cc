#include "decide/set_planner.h"

#include <algorithm>

namespace ipguard::decide {

SetPlanner::SetPlanner()
    : plans_{ScopePlan(model::Scope::address, holes_), ScopePlan(model::Scope::route, holes_),
             ScopePlan(model::Scope::asn, holes_), ScopePlan(model::Scope::country, holes_)} {}

void SetPlanner::want(model::Scope scope, const net::Prefix& prefix, Owner owner, std::optional<TimePoint> until) {
  plan(scope).want(prefix, owner, until);
}

void SetPlanner::drop(model::Scope scope, const net::Prefix& prefix, Owner owner) { plan(scope).drop(prefix, owner); }

std::vector<Owner> SetPlanner::set_holes(const std::vector<net::Prefix>& holes) {
  net::PrefixSet next;
  for (const auto& hole : holes) {
    next[hole];
  }
  std::vector<net::Prefix> added;
  std::vector<net::Prefix> removed;
  for (const auto& [hole, nothing] : next.members()) {
    if (holes_.find(hole) == nullptr) {
      added.push_back(hole);
    }
  }
  for (const auto& [hole, nothing] : holes_.members()) {
    if (next.find(hole) == nullptr) {
      removed.push_back(hole);
    }
  }
  holes_ = std::move(next);
  std::vector<Owner> touched;
  std::vector<Owner> freed;  // owners who got something back: nobody asks
  for (auto& plan : plans_) {
    for (const auto& hole : added) {
      plan.replan(hole, touched);
    }
    for (const auto& hole : removed) {
      plan.replan(hole, freed);
    }
  }
  std::ranges::sort(touched);
  const auto repeated = std::ranges::unique(touched);
  touched.erase(repeated.begin(), repeated.end());
  return touched;
}

void SetPlanner::offer_refused() {
  for (auto& plan : plans_) {
    plan.offer_refused();
  }
}

std::vector<Owner> SetPlanner::owners_covering(const net::Prefix& prefix) const {
  std::vector<Owner> owners;
  for (const auto& plan : plans_) {
    plan.owners_covering(prefix, owners);
  }
  return owners;
}

bool SetPlanner::wants_any_of(const net::Prefix& prefix) const {
  return std::ranges::any_of(plans_, [&](const ScopePlan& plan) { return plan.wants_any_of(prefix); });
}

model::SetBatch SetPlanner::take_batch(size_t most) {
  model::SetBatch batch;
  for (auto& plan : plans_) {
    const size_t before = plan.pending();
    plan.take(batch, most);
    most -= std::min(most, before - plan.pending());
  }
  return batch;
}

size_t SetPlanner::pending() const {
  size_t pending = 0;
  for (const auto& plan : plans_) {
    pending += plan.pending();
  }
  return pending;
}

std::vector<model::SetElement> SetPlanner::desired() const {
  std::vector<model::SetElement> result;
  result.reserve(size());
  for (size_t i = 0; i < plans_.size(); ++i) {
    plans_[i].elements().each([&](const net::Prefix& prefix, const model::Until& until) {
      result.push_back({.scope = static_cast<model::Scope>(i), .prefix = prefix, .until = until.optional()});
    });
  }
  return result;
}

uint64_t SetPlanner::size() const {
  uint64_t size = 0;
  for (const auto& plan : plans_) {
    size += plan.elements().size();
  }
  return size;
}

}  // namespace ipguard::decide
