// SetPlanner: from active decisions to the elements that the kernel's sets ought to hold, and what changed in them.
//
// Four scopes, each with its own sets (address: hash sets of single addresses; the others: interval sets), so only
// prefixes of the same scope must not overlap. Adjacent elements stay apart: merged ones could not lapse one by one
// (kernel auto-merge gives both the time-out of one). Both families live in one ordered map; they never overlap.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <vector>

#include "base/time.h"
#include "decide/scope_plan.h"
#include "model/scope.h"
#include "model/set_batch.h"
#include "net/prefix.h"
#include "net/prefix_set.h"

namespace ipguard::decide {

class SetPlanner {
 public:
  SetPlanner();
  SetPlanner(const SetPlanner&) = delete;  // the plans point to holes_
  SetPlanner& operator=(const SetPlanner&) = delete;

  // See ScopePlan. In address scope `prefix` is a single address.
  void want(model::Scope scope, const net::Prefix& prefix, Owner owner, std::optional<TimePoint> until);
  void drop(model::Scope scope, const net::Prefix& prefix, Owner owner);

  // The complete set of prefixes that no element may overlap (law 3). Plans again only where it differs from the one
  // before; yields the owners of prefixes touched by a new hole, sorted, each once: they may stand no longer.
  std::vector<Owner> set_holes(const std::vector<net::Prefix>& holes);
  [[nodiscard]] const net::PrefixSet& holes() const { return holes_; }

  void offer_again(const model::SetElement& element) { plan(element.scope).offer_again(element.prefix); }
  std::vector<Owner> refuse(const model::ElementFailure& failure) {
    return plan(failure.element.scope).refuse(failure.element.prefix, failure.reason, failure.for_room);
  }
  void offer_refused();
  // What the writer refused and nothing has changed since.
  [[nodiscard]] const net::PrefixMap<RefusedElement>& refused(model::Scope scope) const {
    return plan(scope).refused();
  }
  [[nodiscard]] bool stands(model::Scope scope, const net::Prefix& prefix) const { return plan(scope).stands(prefix); }

  [[nodiscard]] std::vector<net::Prefix> standing(model::Scope scope, const net::Prefix& prefix) const {
    return plan(scope).standing(prefix);
  }

  // Owners of what contains `prefix`, in any scope: narrowest scope first, then narrowest network.
  [[nodiscard]] std::vector<Owner> owners_covering(const net::Prefix& prefix) const;
  // Whether anybody wants all of `prefix` in the scope, or any part of it, in any scope or in this one.
  [[nodiscard]] bool wants_all_of(model::Scope scope, const net::Prefix& prefix) const {
    return plan(scope).wants_all_of(prefix);
  }
  [[nodiscard]] bool wants_any_of(const net::Prefix& prefix) const;
  [[nodiscard]] bool wants_any_of(model::Scope scope, const net::Prefix& prefix) const {
    return plan(scope).wants_any_of(prefix);
  }

  // The net difference since the last call, in order of scope and address: an element that came and went in between is
  // not mentioned, one with a new `until` is added again. Removals come before additions. Of more than `most` changed
  // elements the first (see ScopePlan::take); pending() says how many are left.
  [[nodiscard]] model::SetBatch take_batch(size_t most = ScopePlan::all);
  [[nodiscard]] size_t pending() const;
  [[nodiscard]] std::vector<model::SetElement> desired() const;
  [[nodiscard]] uint64_t size() const;

 private:
  [[nodiscard]] ScopePlan& plan(model::Scope scope) { return plans_[static_cast<size_t>(scope)]; }
  [[nodiscard]] const ScopePlan& plan(model::Scope scope) const { return plans_[static_cast<size_t>(scope)]; }

  net::PrefixSet holes_;
  std::array<ScopePlan, model::scope_count> plans_;  // by Scope
};

}  // namespace ipguard::decide
