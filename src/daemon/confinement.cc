#include "daemon/confinement.h"

#include <grp.h>
#include <linux/capability.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <string>
#include <vector>

#include "base/log.h"
#include "base/text.h"
#include "confine/privileges.h"
#include "confine/syscall_filter.h"

namespace ipguard::daemon {
namespace {

constexpr confine::Capabilities kept_always = 1ULL << CAP_NET_BIND_SERVICE | 1ULL << CAP_LEASE;
constexpr confine::Capabilities for_reading = 1ULL << CAP_DAC_READ_SEARCH;
constexpr confine::Capabilities for_writing = 1ULL << CAP_DAC_OVERRIDE;

bool is_root() { return ::geteuid() == 0; }

// A file's owner may give it to a group that he is in, and needs no capability for it.
void join(std::optional<gid_t> readers) {
  const int count = ::getgroups(0, nullptr);
  if (!is_root() || !readers || count < 0) {
    return;
  }
  std::vector<gid_t> groups(static_cast<size_t>(count));
  if (::getgroups(count, groups.data()) == count && std::ranges::find(groups, *readers) == groups.end()) {
    groups.push_back(*readers);
    (void)::setgroups(groups.size(), groups.data());
  }
}

// The folder, or what is there of its parents.
bool is_roots(std::filesystem::path folder) {
  struct stat status{};
  while (::stat(folder.c_str(), &status) != 0) {
    if (!folder.has_relative_path()) {
      return true;
    }
    folder = folder.parent_path();
  }
  return status.st_uid == 0;
}

}  // namespace

Result<> confine_daemon(std::optional<gid_t> readers) {
  join(readers);
  if (auto done = confine::keep_only(is_root() ? kept_always | for_reading | for_writing : kept_always); !done) {
    return done;
  }
  return confine::install_filter(confine::Role::daemon);
}

Result<> finish_confinement(const config::Config& config) {
  if (!config.runs_programs()) {
    if (auto done = confine::forbid_programs(); !done) {
      return done;
    }
  }
  if (!is_root()) {
    return {};
  }
  for (const std::filesystem::path& folder :
       {std::filesystem::path(config.state_path), std::filesystem::path(config.control_socket).parent_path()}) {
    if (!is_roots(folder)) {
      log_warning(
          "root runs ipguardd in " + printable(folder.string()) +
          ", which is somebody else's: it keeps the right to write to all files (CAP_DAC_OVERRIDE). As a service "
          "it runs as that user");
      return {};
    }
  }
  return confine::keep_only(kept_always | for_reading);
}

}  // namespace ipguard::daemon
