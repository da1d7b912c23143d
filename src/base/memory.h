// Memory that a start, or a great many bans at once, takes for a moment: it goes back to the system.
#pragma once

namespace ipguard {

// At the start of the process: big buffers have mappings of their own, whatever malloc(3) learns of them (mallopt(3)).
void keep_memory_small();
// At a quiet moment: returns free pages. A millisecond for 10 MB.
void release_free_memory();

}  // namespace ipguard
