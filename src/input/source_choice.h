// A source that names both a journal and files is one of the two.
#pragma once

#include <string>
#include <vector>

#include "config/source.h"

namespace ipguard::input {

// Where the journal cannot be read, a source with `fallback` becomes one of these files, unless there are none of them
// and systemd is running, so that the journal will be there: what a syslog daemon writes to files is in the journal as
// well, and reading both would count each line twice. All else stays as it is. Looks at the file system; any thread.
// Yields a sentence for each source that became another.
[[nodiscard]] std::vector<std::string> choose_inputs(std::vector<config::SourceConfig>& sources);

}  // namespace ipguard::input
