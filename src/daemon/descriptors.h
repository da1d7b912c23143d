// How many file descriptors the daemon may have, and how many of them followed files.
#pragma once

#include <cstddef>

namespace ipguard::daemon {

// Raises the soft limit (RLIMIT_NOFILE) to the hard one, which costs nothing: epoll knows no bound of its own. Returns
// what holds now. To be called before anything is opened.
[[nodiscard]] size_t raise_descriptor_limit();

// Of `limit` descriptors those for followed files: 64 are for everything else (kernel, state, clients, a reload), or
// half of a limit that small.
[[nodiscard]] size_t descriptors_for_files(size_t limit);

}  // namespace ipguard::daemon
