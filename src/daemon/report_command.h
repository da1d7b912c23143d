// The command `report`: what the daemon has counted in the last hours (daemon/live_report.h), as a report's document.
#pragma once

#include "base/time.h"
#include "control/server.h"
#include "daemon/commands.h"

namespace ipguard::daemon {

// Arguments, all optional: "by" (a dimension's name, "address"), "groups" (rows of it, 20), "top" (rows of every
// dimension, 0), "decisions" (20); of these at most 10,000, 2,000 and 10,000. The answer is an array of objects that
// together have the document's members (report/document_json.h), the one without lists first. It is made in small
// portions: a turn of the loop takes some milliseconds.
[[nodiscard]] control::Answer report_command(CommandContext& context, const control::Json& arguments, TimePoint now);

}  // namespace ipguard::daemon
