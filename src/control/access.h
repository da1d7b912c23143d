// Who may ask the daemon what, by who he is: unix(7), SO_PEERCRED and SO_PEERGROUPS.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <optional>

namespace ipguard::control {

// Whose members may read.
inline constexpr const char* readers_name = "ipguard";

enum class Access : uint8_t {
  none,
  read,    // commands that change nothing: members of the group `ipguard`
  change,  // all: root and the daemon's own user
};

// The group's number; nullopt if there is no such group. Asks the system's user database: for the start.
[[nodiscard]] std::optional<gid_t> readers_group();

// Of the process at the other end of the socket `fd`, by the user and the groups it had when it connected.
[[nodiscard]] Access access_of(int fd, uid_t uid, gid_t gid, std::optional<gid_t> readers);

}  // namespace ipguard::control
