// ScopePlan: the kernel elements that one scope's decisions need; half of SetPlanner, which has one for each scope.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <vector>

#include "base/time.h"
#include "model/scope.h"
#include "model/set_batch.h"
#include "net/prefix.h"
#include "net/prefix_set.h"

namespace ipguard::decide {

// Who wants a prefix blocked: a number that DecisionTable gives each decision.
using Owner = uint64_t;

// Elements are the outermost wanted prefixes, minus the holes, hence disjoint. Nested ones wait for the outer one to
// go. Each call costs by what it changes (prefixes and elements inside the changed one), not by what there is.
class ScopePlan {
 public:
  // `holes` is the caller's, outlives the plan, and changes only together with a call of replan().
  ScopePlan(model::Scope scope, const net::PrefixSet& holes) : scope_(scope), holes_(holes) {}

  // `owner` wants `prefix` until then (nullopt = for ever); a second call renews. Of several owners the latest
  // `until` counts.
  void want(const net::Prefix& prefix, Owner owner, std::optional<TimePoint> until);
  // No longer; others who want it keep it.
  void drop(const net::Prefix& prefix, Owner owner);
  // Holes were added or removed at `changed`. Appends the owners of prefixes that overlap it.
  void replan(const net::Prefix& changed, std::vector<Owner>& owners);

  // The kernel's state of the element is unknown: it is offered (or its removal) by the next take().
  void offer_again(const net::Prefix& element);
  // The writer refuses the element: it is no longer planned, until something changes there. Yields the owners of the
  // prefix it was part of; nothing if the element was not planned any more.
  std::vector<Owner> refuse(const net::Prefix& element);

  // Whether any address of `prefix` is in an element.
  [[nodiscard]] bool stands(const net::Prefix& prefix) const;
  // The elements inside `prefix`, or `prefix` itself if an element holds all of it; disjoint, sorted.
  [[nodiscard]] std::vector<net::Prefix> standing(const net::Prefix& prefix) const;
  [[nodiscard]] const net::PrefixMap<std::optional<TimePoint>>& elements() const { return planned_; }
  // Appends the net difference since the last call.
  void take(model::SetBatch& batch);

 private:
  struct Want {
    Owner owner = 0;
    std::optional<TimePoint> until;
  };
  using Wants = std::vector<Want>;  // hardly ever more than two
  // What the kernel was told of an element before the changes that are pending.
  struct Told {
    enum class State : uint8_t { absent, present, unknown } state = State::absent;
    std::optional<TimePoint> until;
  };

  static std::optional<TimePoint> latest(const Wants& wants);
  [[nodiscard]] bool is_outermost(const net::Prefix& prefix) const;
  void note(const net::Prefix& element);
  void set(const net::Prefix& element, std::optional<TimePoint> until);
  void clear_inside(const net::Prefix& prefix);
  void renew(const net::Prefix& outermost, std::optional<TimePoint> until);
  void plan(const net::Prefix& outermost, const Wants& wants);

  model::Scope scope_;
  const net::PrefixSet& holes_;
  net::PrefixMap<Wants> wanted_;
  net::PrefixMap<std::optional<TimePoint>> planned_;  // element to its until; disjoint
  std::map<net::Prefix, Told> pending_;               // elements that changed since take()
};

}  // namespace ipguard::decide
