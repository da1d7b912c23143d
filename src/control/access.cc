#include "control/access.h"

#include <grp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <vector>

namespace ipguard::control {
namespace {

// The supplementary groups; none if the kernel does not say (before Linux 4.13).
std::vector<gid_t> groups_of(int fd) {
  constexpr size_t usual = 64;
  std::vector<gid_t> groups(usual);
  for (int attempt = 0; attempt < 2; ++attempt) {
    auto length = static_cast<socklen_t>(groups.size() * sizeof(gid_t));
    const bool told = ::getsockopt(fd, SOL_SOCKET, SO_PEERGROUPS, groups.data(), &length) == 0;
    if (told || errno == ERANGE) {
      groups.resize(length / sizeof(gid_t));  // as many as there are, or as there is room needed for
    }
    if (told) {
      return groups;
    }
  }
  return {};
}

}  // namespace

std::optional<gid_t> readers_group() {
  std::array<char, 16384> buffer{};
  struct group entry{};
  struct group* found = nullptr;
  if (::getgrnam_r(readers_name, &entry, buffer.data(), buffer.size(), &found) != 0 || found == nullptr) {
    return std::nullopt;
  }
  return found->gr_gid;
}

Access access_of(int fd, uid_t uid, gid_t gid, std::optional<gid_t> readers) {
  if (uid == 0 || uid == ::geteuid()) {
    return Access::change;
  }
  if (!readers) {
    return Access::none;
  }
  if (gid == *readers) {
    return Access::read;
  }
  const auto groups = groups_of(fd);
  return std::ranges::find(groups, *readers) != groups.end() ? Access::read : Access::none;
}

}  // namespace ipguard::control
