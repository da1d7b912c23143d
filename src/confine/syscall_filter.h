// SyscallFilter: which system calls a process may make, by seccomp(2).
#pragma once

#include <cstdint>

#include "base/result.h"

namespace ipguard::confine {

// What a process is for, and so what it may do:
//   daemon  reads logs, keeps its state, answers clients. No netlink socket of netfilter, no packet socket.
//   writer  changes nftables and looks after SSH sessions. Opens files for reading alone, and no socket of the
//   internet.
enum class Role : uint8_t { daemon, writer };

// Of all threads, and of those that they start; for good. What neither needs and only who took a process over would try
// (ptrace, mount, modules, keys, namespaces, another user) ends the process: its service manager starts it again,
// and the kernel's audit log has the call. Everything else that is not on the list "is not implemented" (ENOSYS): a
// newer C library then does it the older way, where another answer, or the end, would make an update of the system a
// failure of the daemon. Does nothing in a program that is built with a sanitizer, whose run-time library makes calls
// of its own. Needs no privilege, only no_new_privs (privileges.h).
[[nodiscard]] Result<> install_filter(Role role);

// Of the daemon, once its configuration is known to have no program run: exec(3) ends it from now on, and it can send
// signals to nobody but itself, as the writer from its start. Until then, and where programs are to be run, it may start
// and end them; they have its filter and no more rights than it has.
[[nodiscard]] Result<> forbid_programs();

// Whether this program is built with a sanitizer.
[[nodiscard]] bool sanitized();

}  // namespace ipguard::confine
