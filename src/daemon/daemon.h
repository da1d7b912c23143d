// Daemon: the loop around the guard: follows the sources, answers the control socket, reloads, stops.
#pragma once

#include <string>

#include "base/result.h"

namespace ipguard::daemon {

struct Options {
  std::string config_path;
  bool dry_run = false;
};

// Loads and prints every problem to stderr; success = usable. What `--check` does.
[[nodiscard]] Result<> check(const Options& options);

// Runs until TERM or INT. Errc::configuration when loading failed (diagnostics are on stderr already).
[[nodiscard]] Result<> run(const Options& options);

}  // namespace ipguard::daemon
