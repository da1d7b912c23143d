// Reconcile: what the kernel holds against what it ought to hold. Pure functions.
#pragma once

#include <vector>

#include "base/time.h"
#include "decide/engine.h"
#include "enrich/route_table.h"
#include "model/decision.h"
#include "model/set_batch.h"

namespace ipguard::daemon {

// Elements of `actual` that no active decision overlaps: nobody remembers why they are there, so they are kept and
// adopted. (An element that a decision does overlap is merely stale and is replaced by difference().)
[[nodiscard]] std::vector<model::SetElement> unknown_elements(const std::vector<model::SetElement>& actual,
                                                              const decide::Engine& engine);

// A decision for each unknown element; those of the AS sets are joined by the AS that the database names.
[[nodiscard]] std::vector<model::Decision> adopted_decisions(const std::vector<model::SetElement>& unknown,
                                                             const enrich::RouteTable& routes, TimePoint now);

// What turns `actual` into `desired`: the smallest batch. A time-out that differs by less than time_out_slack is the
// same.
inline constexpr Seconds time_out_slack{5};
[[nodiscard]] model::SetBatch difference(std::vector<model::SetElement> desired, std::vector<model::SetElement> actual);

}  // namespace ipguard::daemon
