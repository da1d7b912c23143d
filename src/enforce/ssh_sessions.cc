#include "enforce/ssh_sessions.h"

#include <linux/netlink.h>

#include <algorithm>
#include <cstdlib>
#include <utility>

#include "base/log.h"
#include "base/text.h"
#include "enforce/ssh_processes.h"

namespace ipguard::enforce {

namespace {

constexpr size_t most_ports = 32;
constexpr size_t most_unexplained = 4096;

// The one of `sockets` that comes first in `inodes`: the connection of an sshd is among its first descriptors, before
// those that it forwards.
const SshConnection* first_of(const std::vector<SshConnection>& sockets, const std::vector<uint64_t>& inodes) {
  for (const uint64_t inode : inodes) {
    const auto it = std::ranges::find(sockets, inode, &SshConnection::inode);
    if (it != sockets.end()) {
      return &*it;
    }
  }
  return nullptr;
}

}  // namespace

// sshd sets SSH_CONNECTION to "peer port own port".
std::optional<SshSessions::Starter> SshSessions::starter_session() {
  const char* text = std::getenv("SSH_CONNECTION");
  const std::vector<std::string_view> parts = split(text == nullptr ? "" : text, ' ');
  if (parts.size() != 4) {
    return std::nullopt;
  }
  const auto peer = net::Address::parse(parts[0]);
  const auto peer_port = parse_number(parts[1]);
  const auto own_port = parse_number(parts[3]);
  if (!peer || !peer_port || *peer_port > UINT16_MAX || !own_port || *own_port > UINT16_MAX) {
    return std::nullopt;
  }
  return Starter{*peer, static_cast<uint16_t>(*peer_port), static_cast<uint16_t>(*own_port)};
}

SshSessions::SshSessions(std::vector<uint16_t> configured, const HostPaths& paths)
    : configured_(std::move(configured)), paths_(paths), starter_(starter_session()) {
  auto socket = NetlinkSocket::open(NETLINK_SOCK_DIAG);
  if (socket) {
    diagnostics_ = std::move(*socket);
  } else {
    log_warning("cannot use sock_diag: " + socket.error().message);
  }
  refresh();
}

void SshSessions::refresh() {
  std::vector<uint16_t> wanted = sshd_ports(configured_.empty() ? paths_.sshd_config : std::vector<std::string>());
  wanted.insert(wanted.end(), configured_.begin(), configured_.end());
  if (starter_) {
    wanted.push_back(starter_->own_port);
  }
  const auto is_known = [this](uint16_t port) { return std::ranges::find(ports_, port) != ports_.end(); };
  if (std::ranges::all_of(wanted, is_known)) {
    return;  // a port too many costs nothing: who is spared is told by the processes
  }
  ports_.clear();
  for (const uint16_t port : wanted) {
    add_port(port);
  }
  unexplained_.clear();
  asked_at_.reset();  // all processes are looked at again
}

bool SshSessions::add_port(uint16_t port) {
  if (ports_.size() >= most_ports || std::ranges::find(ports_, port) != ports_.end()) {
    return false;
  }
  ports_.push_back(port);
  return true;
}

Result<std::vector<SshConnection>> SshSessions::ask(TcpState state, const std::vector<uint16_t>& ports) {
  auto found = diagnostics_ ? tcp_by_sock_diag(*diagnostics_, state, ports)
                            : Result<std::vector<SshConnection>>(fail("no sock_diag"));
  return found ? std::move(found) : tcp_by_proc(paths_.proc, state, ports);
}

const std::vector<SshConnection>& SshSessions::connections() {
  // The number first: a process made while we ask is then looked at next time.
  const auto last = last_process(paths_.proc);
  bool answered = true;
  if (!last || !asked_at_) {
    learn_ports(sshd_processes(paths_.proc, std::nullopt, 0));
    answered = ask_connections();
  } else if (*last != *asked_at_) {
    const auto fresh = sshd_processes(paths_.proc, asked_at_, *last);
    if (!fresh.empty()) {
      learn_ports(fresh);
      answered = ask_connections();
    }
  }
  if (answered) {
    asked_at_ = last;  // else it is asked again
  }
  return connections_;
}

void SshSessions::look_again() {
  if (!connections_.empty()) {
    ask_connections();
  }
}

bool SshSessions::ask_connections() {
  auto found = ask(TcpState::established, ports_);
  if (!found) {
    // Who was logged in stays protected: nobody is locked out because the kernel does not answer.
    if (found.error().message != problem_) {
      log_error("cannot see who is logged in by SSH, those known stay protected: " + found.error().message);
    }
    problem_ = found.error().message;
    return false;
  }
  problem_.clear();
  std::ranges::sort(*found, {}, &SshConnection::peer);
  connections_ = std::move(*found);
  return true;
}

// The ports that `processes` of sshd serve, whatever its configuration says: given by -p, or by a socket unit of
// systemd, which hands over the listening socket or each connection.
void SshSessions::learn_ports(const std::vector<uint32_t>& processes) {
  if (processes.empty()) {
    return;
  }
  const auto listening = ask(TcpState::listening, {}).value_or(std::vector<SshConnection>());
  const auto known = ask(TcpState::established, ports_).value_or(std::vector<SshConnection>());
  std::optional<std::vector<SshConnection>> every;  // costs by the number of connections: only when nothing else tells
  for (const uint32_t process : processes) {
    const std::vector<uint64_t> inodes = sockets_of_process(paths_.proc, process);
    if (inodes.empty() || unexplained_.contains(process) || first_of(known, inodes) != nullptr) {
      continue;
    }
    // What a session listens on is forwarded to its user; whoever connects there is not logged in.
    const SshConnection* socket = is_session_process(paths_.proc, process) ? nullptr : first_of(listening, inodes);
    if (socket == nullptr) {
      every = every ? std::move(every) : ask(TcpState::established, {}).value_or(std::vector<SshConnection>());
      socket = first_of(*every, inodes);
    }
    if (socket == nullptr) {
      explain_no_more(process);
    } else if (add_port(socket->own_port)) {
      log_info("sshd serves port " + std::to_string(socket->own_port) + ": its sessions are protected too");
    }
  }
}

void SshSessions::explain_no_more(uint32_t process) {
  if (unexplained_.size() >= most_unexplained) {
    unexplained_.clear();
  }
  unexplained_.insert(process);
}

std::vector<ProtectedPrefix> SshSessions::authenticated(const std::vector<SshConnection>& candidates) const {
  std::unordered_set<uint64_t> inodes;
  for (const SshConnection& connection : candidates) {
    inodes.insert(connection.inode);
  }
  const SshUsers users = authenticated_users(paths_.proc, inodes);
  std::vector<ProtectedPrefix> result;
  for (const SshConnection& connection : candidates) {
    const auto user = users.by_inode.find(connection.inode);
    std::string reason;
    if (user != users.by_inode.end()) {
      reason = "SSH session of " + printable(user->second);
    } else if (starter_ && starter_->peer == connection.peer && starter_->peer_port == connection.peer_port) {
      reason = "SSH session that ipguardd was started in";
    } else if (users.hidden) {
      reason = "perhaps the SSH session of " + printable(*users.hidden) + " (CAP_SYS_PTRACE is missing to tell)";
    } else {
      continue;
    }
    result.push_back({net::Prefix(connection.peer), std::move(reason)});
  }
  return result;
}

}  // namespace ipguard::enforce
