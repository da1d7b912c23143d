// Memory that a start, or a great many bans at once, takes for a moment: it goes back to the system.
#pragma once

namespace ipguard {

// At the start of the process: big buffers have mappings of their own, whatever malloc(3) learns of them (mallopt(3)).
void keep_memory_small();
// At a quiet moment: returns free pages. A millisecond for 10 MB.
void release_free_memory();
// At a quiet moment: the same, and the program's and the libraries' code and constants leave the process, for most of
// them only its start has needed (compilers of rules, SQL, TLS). What runs comes back from the page cache, a
// microsecond a 64 KiB. Any thread. Does nothing while a debugger is attached: its breakpoints would go as well.
void release_idle_memory();

}  // namespace ipguard
