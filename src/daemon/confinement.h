// What of its rights the process keeps that reads logs.
#pragma once

#include <sys/types.h>

#include <optional>

#include "base/result.h"
#include "config/config.h"

namespace ipguard::daemon {

// Before anything is read: no new privileges, the filter of system calls, and of the capabilities those that
// CAP_NET_BIND_SERVICE (ports below 1024) and CAP_LEASE (whether somebody still writes to a log) are; of root, who
// keeps his name for want of another, CAP_DAC_READ_SEARCH (logs of others) besides, and for the moment
// CAP_DAC_OVERRIDE. Joins the group `readers`, if there is one, so that the control socket can be given to it. Before
// there are threads.
[[nodiscard]] Result<> confine_daemon(std::optional<gid_t> readers);

// With the configuration known: no program can be run any more unless it has some run ([[notify]] of type exec), and
// CAP_DAC_OVERRIDE goes, unless root works in folders (state, control socket) of somebody else, as who starts by hand
// what is a service otherwise. Before there are threads.
[[nodiscard]] Result<> finish_confinement(const config::Config& config);

}  // namespace ipguard::daemon
