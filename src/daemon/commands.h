// The commands of the control socket: JSON in, JSON out.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "control/protocol.h"
#include "control/server.h"
#include "daemon/guard.h"
#include "model/status.h"

namespace ipguard::daemon {

class DatabaseWatch;
class Outlets;
class WhoisService;

// What runs beside the guard, for `status`.
struct Services {
  const WhoisService& whois;
  const DatabaseWatch& database_watch;
  const Outlets* outlets = nullptr;  // null: none
};

// What the commands need of the running daemon.
struct CommandContext {
  Guard& guard;
  std::function<std::vector<model::SourceStatus>()> sources;
  std::function<control::Answer()> reload;
  std::function<Services()> services = {};                  // may be empty: none of them
  std::function<std::vector<std::string>()> warnings = {};  // the daemon's own; may be empty
  TimePoint started;
};

// Runs one command at `now`. Unknown commands and bad arguments are Errc::invalid; a command that changes something
// without `may_change` is Errc::permission; `ban` with "dry_run" changes nothing.
[[nodiscard]] control::Answer run_command(CommandContext& context, const control::Request& request, bool may_change,
                                          TimePoint now);

}  // namespace ipguard::daemon
