// RefusalLog: decisions that were considered and not made, with the reason: for explain, and so that each is reported
// once and not with every further hit. Bounded: the oldest go first.
#pragma once

#include <cstdint>
#include <deque>
#include <string>
#include <vector>

#include "base/time.h"
#include "model/decision.h"
#include "model/route.h"
#include "net/address.h"

namespace ipguard::decide {

class RefusalLog {
 public:
  explicit RefusalLog(size_t limit = 512) : limit_(limit) {}

  enum class Kind : uint8_t {
    evidence,  // what evidence asked for: not asked again for a while
    for_now,   // the same, but more evidence may change it: asked again
    by_hand,   // a person asked for it
    part,      // of a decision that stands for the rest
  };

  // Whether evidence was refused a ban of the target within `window` before (or after) `time`.
  [[nodiscard]] bool refused_lately(const model::Target& target, TimePoint time, Seconds window) const;
  void add(const model::Target& target, std::string reason, TimePoint time, Kind kind = Kind::evidence);
  // The reason of the target's last refusal; nullptr if it is not remembered.
  [[nodiscard]] const std::string* reason(const model::Target& target) const;
  // Refusals that concern the address: of itself, a network around it, its route's AS or country. What a person was
  // refused counts only for networks up to /16 and /32: wider ones say nothing of this address. Newest first, one
  // sentence each.
  [[nodiscard]] std::vector<std::string> about(const net::Address& address, const model::Route& route) const;
  // The policy changed: everything may be considered again.
  void forget_times();

 private:
  struct Refusal {
    model::Target target;
    std::string reason;
    TimePoint time;
    Kind kind = Kind::evidence;
    bool current = true;  // under the present policy
  };
  size_t limit_;
  std::deque<Refusal> refusals_;  // oldest first, at most one a target
};

}  // namespace ipguard::decide
