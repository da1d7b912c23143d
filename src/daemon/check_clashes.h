// What of a configuration's places cannot be, because another of its places is there.
#pragma once

#include "config/config.h"
#include "config/diagnostic.h"

namespace ipguard::daemon {

// Errors for two listeners at one address and port or with one socket's file, and for a file of events that is
// something else as well: the state, a token, the configuration, rules, a database, a log that is followed. A warning
// for one that a source's pattern takes in: it would be read as a log (law 4).
void check_clashes(const config::Config& config, config::Diagnostics& diagnostics);

}  // namespace ipguard::daemon
