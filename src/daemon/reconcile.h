// Reconcile: what the kernel holds against what it ought to hold. Pure functions.
#pragma once

#include <vector>

#include "base/time.h"
#include "decide/engine.h"
#include "enrich/route_table.h"
#include "model/decision.h"
#include "model/set_batch.h"

namespace ipguard::daemon {

// Elements of `actual` that no active decision of their scope overlaps: nobody remembers why they are there, so they
// are kept and adopted. (An element that such a decision does overlap is merely stale and is replaced by difference().)
[[nodiscard]] std::vector<model::SetElement> unknown_elements(const std::vector<model::SetElement>& actual,
                                                              const decide::Engine& engine);

// A decision for each unknown element, by target; those of the AS and country sets are joined by what the database
// names (where it names nothing, each is a network). Of elements with different ends the latest counts.
[[nodiscard]] std::vector<model::Decision> adopted_decisions(const std::vector<model::SetElement>& unknown,
                                                             const enrich::RouteTable& routes, TimePoint now);

// What turns `actual` into `desired`: the smallest batch. A time-out that differs by less than time_out_slack is the
// same.
inline constexpr Seconds time_out_slack{5};
[[nodiscard]] model::SetBatch difference(std::vector<model::SetElement> desired, std::vector<model::SetElement> actual);

}  // namespace ipguard::daemon
