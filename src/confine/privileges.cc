#include "confine/privileges.h"

#include <linux/capability.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>

namespace ipguard::confine {

namespace {

// The C library has no wrapper for these two.
using Sets = std::array<__user_cap_data_struct, _LINUX_CAPABILITY_U32S_3>;

bool read_sets(Sets& sets) {
  __user_cap_header_struct header{.version = _LINUX_CAPABILITY_VERSION_3, .pid = 0};
  return syscall(SYS_capget, &header, sets.data()) == 0;
}

bool write_sets(Sets& sets) {
  __user_cap_header_struct header{.version = _LINUX_CAPABILITY_VERSION_3, .pid = 0};
  return syscall(SYS_capset, &header, sets.data()) == 0;
}

// Without CAP_SETPCAP that cannot be done; no_new_privs says the same for every exec(3) that is left.
void empty_bounding_set() {
  constexpr int most = 64;
  for (int number = 0; number < most; ++number) {
    if (prctl(PR_CAPBSET_READ, number, 0, 0, 0) == 1) {
      (void)prctl(PR_CAPBSET_DROP, number, 0, 0, 0);
    }
  }
}

}  // namespace

Capabilities permitted() {
  Sets sets{};
  return read_sets(sets) ? static_cast<uint64_t>(sets[1].permitted) << 32 | sets[0].permitted : 0;
}

Result<> keep_only(Capabilities kept) {
  const Capabilities before = permitted();
  kept &= before;
  empty_bounding_set();
  if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) {
    return fail_errno("cannot renounce new privileges", errno);
  }
  (void)prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);  // the line below empties it as well
  Sets sets{};
  sets[0].effective = sets[0].permitted = static_cast<uint32_t>(kept);
  sets[1].effective = sets[1].permitted = static_cast<uint32_t>(kept >> 32);
  // A service manager that gave no others may forbid capset(2); what is inherited is of no use without exec(3).
  if (!write_sets(sets) && before != kept) {
    return fail_errno(
        "cannot give up capabilities that the service manager gave (AmbientCapabilities=) and forbids to give up "
        "(capset in "
        "SystemCallFilter=). Logs are made readable by a group: SupplementaryGroups=",
        errno);
  }
  return {};
}

Result<> end_with_parent() {
  return prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) == 0 ? Result<>() : fail_errno("cannot end with the parent", errno);
}

Result<> hide_memory() {
  return prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) == 0 ? Result<>() : fail_errno("cannot hide the memory", errno);
}

}  // namespace ipguard::confine
