// Standard input as a source: paths = ["-"].
#pragma once

#include <memory>

#include "input/line_input.h"

namespace ipguard::input {

// Reads descriptor 0 from the loop and never waits in a read, whatever it is: a pipe, a file, a terminal, /dev/null.
// At its end the source is "done: …" and the daemon goes on; a last line without LF counts. Nothing can be read again,
// so it has no cursor.
// `fd`: another descriptor, for tests; it is not closed.
[[nodiscard]] std::unique_ptr<LineInput> make_standard_input(loop::EventLoop& loop, const config::SourceConfig& config,
                                                             model::SourceId id, Follower::BlockCallback on_block,
                                                             int fd = 0);

}  // namespace ipguard::input
