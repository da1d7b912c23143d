// SetBatch → ApplyReport: the one message between deciding and enforcing. Plain values, so that the enforcer can be
// another process.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/time.h"
#include "model/scope.h"
#include "net/prefix.h"

namespace ipguard::model {

// An element of the kernel set for `scope` and the prefix's family. Within one set elements are disjoint.
struct SetElement {
  Scope scope = Scope::address;
  net::Prefix prefix;
  std::optional<TimePoint> until;  // kernel time-out (a backstop is added by the enforcer); nullopt = none

  friend bool operator==(const SetElement&, const SetElement&) = default;
};

// Changes of one tick; removals are applied before additions, all in one kernel transaction.
struct SetBatch {
  std::vector<SetElement> remove;
  std::vector<SetElement> add;  // an element present already is replaced (its time-out is renewed)

  [[nodiscard]] bool empty() const { return remove.empty() && add.empty(); }
};

struct ElementFailure {
  SetElement element;
  std::string reason;     // the kernel's or the protection's words
  bool refused = false;   // by the protection check (law 3): permanent; otherwise worth a retry
  bool for_room = false;  // refused, because all bans together would cover too much: worth another offer when some go
};

struct ApplyReport {
  uint32_t added = 0;
  uint32_t removed = 0;
  std::vector<ElementFailure> failures;
};

}  // namespace ipguard::model
