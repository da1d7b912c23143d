// What of the paths that a configuration names can be told only by looking at them.
#pragma once

#include <string>

#include "config/config.h"
#include "config/diagnostic.h"

namespace ipguard::daemon {

// Errors for what can never be as it is written: a folder below a file, a socket where another file stands, a program
// that is none, anything that would be made on a file system of the kernel's own (/proc). Warnings for what may come
// later and is not made: the folder of a file or a socket, a program (law 4). Looks and changes nothing; of what it may
// not look at it says nothing.
void check_places(const config::Config& config, config::Diagnostics& diagnostics);

}  // namespace ipguard::daemon
