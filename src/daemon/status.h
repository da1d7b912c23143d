// What the daemon says of itself: in its log, to the service manager and in reply to `status`.
#pragma once

#include <string>
#include <vector>

#include "base/time.h"
#include "control/protocol.h"
#include "daemon/warning.h"
#include "model/status.h"

namespace ipguard::daemon {

class Guard;
struct CommandContext;

// All of this on the loop thread; nothing of it fails.

// What the log says when everything has begun.
[[nodiscard]] std::string announcement(const Guard& guard, const std::vector<model::SourceStatus>& sources);

// The same in few words, for `systemctl status`.
[[nodiscard]] std::string standing(const Guard& guard);

// What is wrong: of each the sentence is in `warnings` of the document below.
[[nodiscard]] std::vector<Warning> status_warnings(const CommandContext& context, TimePoint now);

// The document of `status --json` (ipguardctl(8)).
[[nodiscard]] control::Json status_json(const CommandContext& context, TimePoint now);

}  // namespace ipguard::daemon
