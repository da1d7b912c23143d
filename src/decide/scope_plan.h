// ScopePlan: the kernel elements that one scope's decisions need; half of SetPlanner, which has one for each scope.
#pragma once

#include <cstdint>
#include <limits>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/time.h"
#include "model/scope.h"
#include "model/set_batch.h"
#include "model/until.h"
#include "net/prefix.h"
#include "net/prefix_set.h"
#include "net/prefix_table.h"

namespace ipguard::decide {

// Who wants a prefix blocked: a number that DecisionTable gives each decision as long as it is active.
using Owner = uint32_t;

// What the writer did not let through of what is wanted.
struct RefusedElement {
  std::shared_ptr<const std::string> reason;  // shared, for thousands may have the same one
  bool for_room = false;                      // as of model::ElementFailure
};

// Elements are the outermost wanted prefixes, minus the holes, hence disjoint. Nested ones wait for the outer one to
// go, but an element's time-out is the latest end of all that is wanted in it or around it: the kernel, if it is left
// alone, may lift an outer ban late, but never a nested one early. Each call costs by what it changes (prefixes and
// elements inside the changed one), not by what there is. Takes 24 bytes for a wanted IPv4 prefix and 16 for its
// element, up to half as much again where they come in no order.
class ScopePlan {
 public:
  // `holes` is the caller's, outlives the plan, and changes only together with a call of replan().
  ScopePlan(model::Scope scope, const net::PrefixSet& holes) : scope_(scope), holes_(holes) {}

  // `owner` wants `prefix` until then (nullopt = for ever); a second call renews. Of several owners the latest
  // `until` counts for the element.
  void want(const net::Prefix& prefix, Owner owner, std::optional<TimePoint> until);
  // No longer; others who want it keep it.
  void drop(const net::Prefix& prefix, Owner owner);
  // Holes were added or removed at `changed`. Appends the owners of prefixes that overlap it.
  void replan(const net::Prefix& changed, std::vector<Owner>& owners);

  // The kernel's state of the element is unknown: it is offered (or its removal) by the next take().
  void offer_again(const net::Prefix& element);
  // The writer refuses the element: it is no longer planned, until something changes there. Yields the owners of the
  // prefix it was part of; nothing if the element was not planned any more.
  std::vector<Owner> refuse(const net::Prefix& element, const std::string& reason, bool for_room);
  // Plans what was refused for want of room once more.
  void offer_refused();
  // Disjoint, and no part of elements().
  [[nodiscard]] const net::PrefixMap<RefusedElement>& refused() const { return refused_; }

  // Whether any address of `prefix` is in an element.
  [[nodiscard]] bool stands(const net::Prefix& prefix) const;
  // The elements inside `prefix`, or `prefix` itself if an element holds all of it; disjoint, sorted.
  [[nodiscard]] std::vector<net::Prefix> standing(const net::Prefix& prefix) const;
  // Appends the owners of the wanted prefixes that contain `prefix`, narrowest first.
  void owners_covering(const net::Prefix& prefix, std::vector<Owner>& owners) const;
  // Whether a wanted prefix contains `prefix` …
  [[nodiscard]] bool wants_all_of(const net::Prefix& prefix) const {
    return wanted_.longest_covering(prefix).has_value();
  }
  // … or any part of it.
  [[nodiscard]] bool wants_any_of(const net::Prefix& prefix) const {
    return wants_all_of(prefix) || wanted_.any_inside(prefix);
  }
  [[nodiscard]] const net::PrefixTable<model::Until>& elements() const { return planned_; }

  static constexpr size_t all = std::numeric_limits<size_t>::max();
  // Appends the net difference since the last call; of more than `most` changed elements the first, and as many more as
  // belong together: what takes the place of a removed element is always in the same batch.
  void take(model::SetBatch& batch, size_t most = all);
  [[nodiscard]] size_t pending() const { return pending_.size(); }

 private:
  struct Want {
    model::Until until;
    Owner owner = 0;
  };
  // What the kernel was told of an element before the changes that are pending.
  struct Told {
    enum class State : uint8_t { absent, present, unknown };
    model::Until until;
    State state = State::absent;
  };

  // Of those who want exactly `prefix` …
  [[nodiscard]] model::Until latest(const net::Prefix& prefix) const;
  // … and of all that is wanted in `element` and around it. It is known not to be later than `bound`.
  [[nodiscard]] model::Until last_end(const net::Prefix& element, model::Until bound = {}) const;
  [[nodiscard]] std::vector<net::Prefix> elements_at(const net::Prefix& prefix) const;
  // In an outer one something nested came or lasts longer; went or lasts no longer until `before`.
  void extend(const net::Prefix& nested, model::Until until);
  void shorten(const net::Prefix& nested, model::Until before);
  // False if the owner did not want it.
  bool forget_want(const net::Prefix& prefix, Owner owner);
  void add_owners(const net::Prefix& prefix, std::vector<Owner>& owners) const;
  [[nodiscard]] bool is_outermost(const net::Prefix& prefix) const;
  void note(const net::Prefix& element);
  void clear_inside(const net::Prefix& prefix);
  void forget_refusals(const net::Prefix& prefix);
  void plan(const net::Prefix& outermost);
  void plan_outermost_inside(const net::Prefix& prefix);
  void take_element(const net::Prefix& element, const Told& told, model::SetBatch& batch) const;

  model::Scope scope_;
  const net::PrefixSet& holes_;
  net::PrefixTable<Want> wanted_;
  std::map<net::Prefix, std::vector<Want>> more_wants_;  // of those wanted by several owners: all but one. Rare.
  net::PrefixTable<model::Until> planned_;               // disjoint
  net::PrefixMap<RefusedElement> refused_;
  net::PrefixTable<Told> pending_;  // elements that changed since take()
};

}  // namespace ipguard::decide
