// Log lines for decisions that begin or end.
#pragma once

#include <string>
#include <vector>

#include "base/time.h"
#include "decide/engine.h"
#include "model/decision.h"

namespace ipguard::daemon {

// "address 192.0.2.7 (AS64496 Example, 192.0.2.0/24, DE)", safe for a terminal.
[[nodiscard]] std::string describe(const model::Decision& decision);

// Of many changes at once those that a person asked for (an import) are told in one line for all of them.
void log_changes(const std::vector<decide::DecisionChange>& changes, bool dry_run, TimePoint now);

}  // namespace ipguard::daemon
