// Who of the connected is logged in: the processes of sshd tell. A connection that only tries passwords is established
// as well, and must not be spared for it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <vector>

namespace ipguard::enforce {

// The user of the authenticated session that an sshd process title tells of, nullopt if it tells of none. OpenSSH
// shows "sshd: NAME@pts/0" or "NAME@notty" for a session with a channel, and the title of the monitor, "NAME [priv]",
// is kept by a session that only forwards: then its process runs as the user, whereas the monitor is root. Before
// authentication a title ends in "[accepted]", "[net]" or "[preauth]", or is the monitor's.
[[nodiscard]] std::optional<std::string> session_user(std::string_view title, uint32_t uid);

struct SshUsers {
  std::unordered_map<uint64_t, std::string> by_inode;
  // The user of an authenticated session whose sockets could not be seen (needs CAP_SYS_PTRACE when ipguardd does not
  // run with all capabilities): any of the connections may be it.
  std::optional<std::string> hidden;
};

// Sessions come with processes: sshd makes one for each connection and one more before it asks for a password. So
// whoever knows that no process of sshd was made since knows that no session was.

// The number of the process made last (<proc>/loadavg); nullopt if it cannot be told.
[[nodiscard]] std::optional<uint32_t> last_process(const std::string& proc);
// The processes of sshd among those made after process `after`, up to process `last`; among all if there were too many
// to look at each (or the numbers began anew), or if there is no `after`.
[[nodiscard]] std::vector<uint32_t> sshd_processes(const std::string& proc, std::optional<uint32_t> after,
                                                   uint32_t last);
// Whether the process is one of an authenticated session, as session_user() tells.
[[nodiscard]] bool is_session_process(const std::string& proc, uint32_t process);
// The inodes of the sockets that a process holds, in order of their descriptors; empty if it is gone, or hidden.
[[nodiscard]] std::vector<uint64_t> sockets_of_process(const std::string& proc, uint32_t process);

// The users of authenticated sessions by the inode of their socket, for the inodes in `wanted`: looks at the processes
// called sshd or sshd-session under `proc`. Costs some microseconds a process of the host.
[[nodiscard]] SshUsers authenticated_users(const std::string& proc, const std::unordered_set<uint64_t>& wanted);

}  // namespace ipguard::enforce
