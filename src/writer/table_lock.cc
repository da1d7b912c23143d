#include "writer/table_lock.h"

#include <linux/capability.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <chrono>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <thread>

#include "base/file.h"
#include "base/log.h"
#include "base/text.h"
#include "enforce/writer_client.h"

namespace ipguard::writer {

namespace {

constexpr std::string_view name = "ipguard/enforce";
constexpr std::string_view daemon_name = "ipguardd";

UniqueFd new_socket() { return UniqueFd(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)); }

// An abstract name begins with a zero byte and has no terminator.
socklen_t put_name(sockaddr_un& address) {
  address.sun_family = AF_UNIX;
  std::copy(name.begin(), name.end(), address.sun_path + 1);
  return static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + 1 + name.size());
}

// Who listens: the kernel remembers the process that called listen(2).
std::optional<ucred> holder() {
  const UniqueFd fd = new_socket();
  sockaddr_un address{};
  const socklen_t length = put_name(address);
  ucred credentials{};
  socklen_t size = sizeof credentials;
  if (!fd.valid() || connect(fd.get(), reinterpret_cast<const sockaddr*>(&address), length) != 0 ||
      getsockopt(fd.get(), SOL_SOCKET, SO_PEERCRED, &credentials, &size) != 0) {
    return std::nullopt;
  }
  return credentials;
}

// Whether the process could be an ipguardd that enforces; yes if it cannot be told.
bool may_change_nftables(const ucred& process) {
  if (process.uid == 0 || process.uid == geteuid()) {
    return true;
  }
  const auto status = read_file("/proc/" + std::to_string(process.pid) + "/status");
  constexpr std::string_view label = "\nCapEff:\t";
  const size_t at = status ? status->find(label) : std::string::npos;
  if (at == std::string::npos) {
    return true;
  }
  uint64_t capabilities = 0;
  const char* digits = status->data() + at + label.size();
  std::from_chars(digits, status->data() + status->size(), capabilities, 16);
  return (capabilities >> CAP_NET_ADMIN & 1U) != 0;
}

// If it is a daemon's writer: the daemon, or who has taken over its orphan.
std::optional<pid_t> parent_of_writer(pid_t process) {
  const auto status = read_file("/proc/" + std::to_string(process) + "/status");
  constexpr std::string_view label = "\nPPid:\t";
  const size_t at = status ? status->find(label) : std::string::npos;
  if (at == std::string::npos || !status->starts_with("Name:\t" + std::string(enforce::writer_name) + "\n")) {
    return std::nullopt;
  }
  pid_t parent = 0;
  std::from_chars(status->data() + at + label.size(), status->data() + status->size(), parent);
  return parent;
}

bool is_daemon(pid_t process) {
  const auto comm = read_file("/proc/" + std::to_string(process) + "/comm");
  return comm && trim(*comm) == daemon_name;
}

// The writer of a daemon that was killed ends with it, but not before the kernel has done what it was told last. One
// that a service manager has started may be of a daemon that lives: that is not to be seen from here.
bool may_be_ending(const ucred& process) {
  const auto parent = parent_of_writer(process.pid);
  return parent && !is_daemon(*parent);
}

// Of a daemon's child the daemon is named: that is the one to be stopped.
std::string describe(ucred process) {
  const auto parent = parent_of_writer(process.pid);
  if (parent && is_daemon(*parent)) {
    process.pid = *parent;
  }
  const auto comm = read_file("/proc/" + std::to_string(process.pid) + "/comm");
  return "process " + std::to_string(process.pid) + (comm ? " (" + printable(trim(*comm), 32) + ")" : std::string()) +
         " of user " + std::to_string(process.uid);
}

}  // namespace

Result<TableLock> TableLock::take() {
  constexpr std::chrono::milliseconds pause{20};
  constexpr int most_tries = 250;  // five seconds: a transaction of a million elements takes as long
  constexpr int most_silent = 10;  // one that does not answer has gone meanwhile, or only has the name
  auto taken = try_once();
  for (int i = 1; i < most_tries && !taken && taken.error().code == Errc::busy; ++i) {
    const auto other = holder();
    if (other ? !may_be_ending(*other) : i > most_silent) {
      break;
    }
    std::this_thread::sleep_for(pause);
    taken = try_once();
  }
  return taken;
}

Result<TableLock> TableLock::try_once() {
  UniqueFd fd = new_socket();
  sockaddr_un address{};
  const socklen_t length = put_name(address);
  if (!fd.valid()) {
    return fail_errno("cannot open a Unix socket", errno);
  }
  if (bind(fd.get(), reinterpret_cast<const sockaddr*>(&address), length) == 0 && listen(fd.get(), SOMAXCONN) == 0) {
    return TableLock(std::move(fd));
  }
  if (errno != EADDRINUSE) {
    return fail_errno("cannot take the lock of table inet ipguard", errno);
  }
  const auto other = holder();
  if (other && !may_change_nftables(*other)) {
    log_warning(describe(*other) + " holds the lock of table inet ipguard and cannot be an ipguardd: not heeded");
    return TableLock(UniqueFd());
  }
  return fail(Errc::busy, "another ipguardd enforces here already: " +
                              (other ? describe(*other) : std::string("a process that does not answer")) +
                              "; stop it, or run this one with --dry-run");
}

}  // namespace ipguard::writer
