// One log line for each decision that begins or ends.
#pragma once

#include <string>

#include "base/time.h"
#include "decide/engine.h"
#include "model/decision.h"

namespace ipguard::daemon {

// "address 192.0.2.7 (AS64496 Example, 192.0.2.0/24, DE)", safe for a terminal.
[[nodiscard]] std::string describe(const model::Decision& decision);

void log_change(const decide::DecisionChange& change, bool dry_run, TimePoint now);

}  // namespace ipguard::daemon
