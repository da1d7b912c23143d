// ipguardctl's end of the control socket.
#pragma once

#include <string>

#include "base/result.h"
#include "control/protocol.h"

namespace ipguard::control {

// One request, one reply; blocks at most `timeout_seconds`. No daemon: an error that says so and how to start one;
// no rights on the socket: Errc::permission that names the group.
[[nodiscard]] Result<Json> call(const std::string& socket_path, const Request& request, int timeout_seconds = 30);

}  // namespace ipguard::control
