// The lines of a log that stand before those that are read: a W3C log says what its columns are when it begins.
#pragma once

#include <cstdint>
#include <string>

namespace ipguard::daemon {

// Whole lines of the open file: its first 64 KiB, and the 64 KiB before `offset`, at which a line begins. Empty when it
// cannot be read. Two short reads that leave the descriptor's own offset alone.
[[nodiscard]] std::string lines_before(int fd, uint64_t offset);

}  // namespace ipguard::daemon
