// The lines of a log that stand before those that are read: a W3C log says what its columns are when it begins.
#pragma once

#include <cstdint>
#include <string>

namespace ipguard::daemon {

// Whole lines of the file: its first 64 KiB, and the 64 KiB before `offset`, at which a line begins. Empty when it
// cannot be read. Two short reads; a file that was replaced meanwhile begins with directives of its own.
[[nodiscard]] std::string lines_before(const std::string& path, uint64_t offset);

}  // namespace ipguard::daemon
