// Privileges: what of its rights a process keeps. capabilities(7), prctl(2).
#pragma once

#include <cstdint>

#include "base/result.h"

namespace ipguard::confine {

// As bits, 1 << CAP_…; the numbers are those of linux/capability.h.
using Capabilities = uint64_t;

// What the calling thread may make use of (its permitted set).
[[nodiscard]] Capabilities permitted();

// Keeps those of `kept` that are permitted and gives up all others for good: none is inherited or ambient, none can be
// gained by exec(3) (bounding set, no_new_privs). Of the calling thread and those that it starts: to
// be called before there are others.
[[nodiscard]] Result<> keep_only(Capabilities kept);

// Ends with its parent, whatever kills that one.
[[nodiscard]] Result<> end_with_parent();
// No other process of the same user may look into this one or take hold of it (ptrace(2), /proc/PID/mem).
[[nodiscard]] Result<> hide_memory();

}  // namespace ipguard::confine
