// What is asked of `ban`, `unban` and `confirm`, read out of their arguments (target_commands.h has the form).
#pragma once

#include <vector>

#include "base/result.h"
#include "control/protocol.h"
#include "daemon/guard.h"
#include "model/decision.h"

namespace ipguard::daemon {

// Both: Errc::invalid for what is not of the form, control::Json::exception for a value of another type. `summary`: the
// reply does not tell of each target, so that there may be more than 1,000.
[[nodiscard]] Result<std::vector<model::Target>> parse_targets(const control::Json& arguments, bool summary);
[[nodiscard]] Result<std::vector<BanOrder>> parse_orders(const control::Json& arguments, bool summary);

}  // namespace ipguard::daemon
