#include "enforce/ssh_processes.h"

#include <dirent.h>
#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <functional>
#include <memory>
#include <span>

#include "base/text.h"
#include "base/unique_fd.h"

namespace ipguard::enforce {

namespace {

constexpr size_t most_processes = 1 << 20;  // a bound for a walk that another process could keep feeding
constexpr size_t most_descriptors = 4096;   // looked at in one sshd process; the connection is among the first

// The beginning of a small file; empty if it cannot be read (the process may be gone already).
std::string_view read_start(int folder, const char* name, std::span<char> buffer) {
  const UniqueFd fd(openat(folder, name, O_RDONLY | O_CLOEXEC));
  if (!fd.valid()) {
    return {};
  }
  ssize_t got = 0;
  do {
    got = read(fd.get(), buffer.data(), buffer.size());
  } while (got < 0 && errno == EINTR);
  return {buffer.data(), got > 0 ? static_cast<size_t>(got) : 0};
}

// Calls `visit` with the names in `folder` that are numbers, until it returns false.
void for_each_number(int parent, const char* folder, size_t most, const std::function<bool(const char*)>& visit) {
  UniqueFd fd(openat(parent, folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!fd.valid()) {
    return;
  }
  const auto close_folder = [](DIR* open) { closedir(open); };
  const std::unique_ptr<DIR, decltype(close_folder)> entries(fdopendir(fd.get()), close_folder);
  if (!entries) {
    return;
  }
  (void)fd.release();  // fdopendir() has taken it
  for (size_t i = 0; i < most;) {
    const dirent* entry = readdir(entries.get());
    if (entry == nullptr) {
      return;
    }
    if (entry->d_name[0] < '0' || entry->d_name[0] > '9') {
      continue;
    }
    if (!visit(entry->d_name)) {
      return;
    }
    ++i;
  }
}

bool is_sshd(int process) {
  std::array<char, 64> buffer{};
  const std::string_view comm = trim(read_start(process, "comm", buffer));
  return comm == "sshd" || comm == "sshd-session";
}

// Any of them: sshd, sshd-session, sshd-auth.
bool belongs_to_sshd(int root, const char* process) {
  std::array<char, 64> buffer{};
  return read_start(root, (std::string(process) + "/comm").c_str(), buffer).starts_with("sshd");
}

std::optional<uint64_t> socket_inode(std::string_view target) {
  constexpr std::string_view start = "socket:[";
  if (!target.starts_with(start) || !target.ends_with(']')) {
    return std::nullopt;
  }
  target.remove_prefix(start.size());
  target.remove_suffix(1);
  return parse_number(target);
}

// The real user id of /proc/PID/status ("Uid:\treal\teffective\t…"); 0 if unknown, which counts as the monitor.
uint32_t user_id(int process) {
  std::array<char, 4096> buffer{};
  const std::string_view status = read_start(process, "status", buffer);
  constexpr std::string_view label = "\nUid:";
  const size_t at = status.find(label);
  if (at == std::string_view::npos) {
    return 0;
  }
  const std::string_view values = trim(status.substr(at + label.size(), 64));
  const auto number = parse_number(values.substr(0, values.find_first_of("\t \n")));
  return number && *number <= UINT32_MAX ? static_cast<uint32_t>(*number) : 0;
}

struct Sockets {
  std::optional<uint64_t> wanted;  // the first that was asked for
  bool hidden = false;             // the kernel does not let us look (CAP_SYS_PTRACE is missing)
};

Sockets sockets_of(int process, const std::unordered_set<uint64_t>& wanted) {
  Sockets result;
  const UniqueFd folder(openat(process, "fd", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!folder.valid()) {
    result.hidden = errno == EACCES || errno == EPERM;
    return result;
  }
  for_each_number(process, "fd", most_descriptors, [&](const char* name) {
    std::array<char, 64> buffer{};
    const ssize_t length = readlinkat(folder.get(), name, buffer.data(), buffer.size());
    if (length < 0 && (errno == EACCES || errno == EPERM)) {
      result.hidden = true;
      return false;
    }
    const auto inode = socket_inode({buffer.data(), length > 0 ? static_cast<size_t>(length) : 0});
    if (inode && wanted.contains(*inode)) {
      result.wanted = inode;
    }
    return !result.wanted;
  });
  return result;
}

}  // namespace

std::optional<std::string> session_user(std::string_view title, uint32_t uid) {
  title = title.substr(0, title.find('\0'));
  for (const std::string_view program : {"sshd: ", "sshd-session: "}) {
    if (!title.starts_with(program)) {
      continue;
    }
    title = trim(title.substr(program.size()));
    constexpr std::string_view monitor = " [priv]";
    if (title.ends_with(monitor) && title.size() > monitor.size()) {
      return uid == 0 ? std::nullopt : std::optional(std::string(title.substr(0, title.size() - monitor.size())));
    }
    const size_t at = title.rfind('@');  // user names may hold '@' (alice@corp.example); terminals do not
    if (at == std::string_view::npos || at == 0 || at + 1 == title.size() || title.ends_with(']')) {
      return std::nullopt;
    }
    return std::string(title.substr(0, at));
  }
  return std::nullopt;
}

std::optional<uint32_t> last_process(const std::string& proc) {
  const UniqueFd root(open(proc.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  std::array<char, 128> buffer{};
  const std::string_view text = root.valid() ? trim(read_start(root.get(), "loadavg", buffer)) : std::string_view();
  const auto number = parse_number(text.substr(text.rfind(' ') + 1));
  return number && *number > 0 && *number <= INT32_MAX ? std::optional(static_cast<uint32_t>(*number)) : std::nullopt;
}

std::vector<uint32_t> sshd_processes(const std::string& proc, std::optional<uint32_t> after, uint32_t last) {
  constexpr uint32_t most_looked_at = 256;
  std::vector<uint32_t> found;
  const UniqueFd root(open(proc.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!root.valid()) {
    return found;
  }
  const auto look_at = [&](const char* name) {
    const auto number = parse_number(name);
    if (number && *number <= INT32_MAX && belongs_to_sshd(root.get(), name)) {
      found.push_back(static_cast<uint32_t>(*number));
    }
    return true;
  };
  if (after && *after <= last && last - *after <= most_looked_at) {
    for (uint32_t process = *after + 1; process <= last; ++process) {
      look_at(std::to_string(process).c_str());
    }
  } else {
    for_each_number(root.get(), ".", most_processes, look_at);
  }
  return found;
}

bool is_session_process(const std::string& proc, uint32_t process) {
  const UniqueFd folder(open((proc + "/" + std::to_string(process)).c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!folder.valid()) {
    return false;
  }
  std::array<char, 512> buffer{};
  const std::string_view title = read_start(folder.get(), "cmdline", buffer);
  return session_user(title, user_id(folder.get())).has_value();
}

std::vector<uint64_t> sockets_of_process(const std::string& proc, uint32_t process) {
  std::vector<uint64_t> inodes;
  std::vector<std::pair<uint64_t, uint64_t>> by_descriptor;
  const UniqueFd folder(
      open((proc + "/" + std::to_string(process) + "/fd").c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!folder.valid()) {
    return inodes;
  }
  for_each_number(folder.get(), ".", most_descriptors, [&](const char* name) {
    std::array<char, 64> buffer{};
    const ssize_t length = readlinkat(folder.get(), name, buffer.data(), buffer.size());
    if (const auto inode = socket_inode({buffer.data(), length > 0 ? static_cast<size_t>(length) : 0})) {
      by_descriptor.emplace_back(parse_number(name).value_or(0), *inode);
    }
    return true;
  });
  std::ranges::sort(by_descriptor);
  for (const auto& [descriptor, inode] : by_descriptor) {
    inodes.push_back(inode);
  }
  return inodes;
}

SshUsers authenticated_users(const std::string& proc, const std::unordered_set<uint64_t>& wanted) {
  SshUsers users;
  const UniqueFd root(open(proc.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!root.valid() || wanted.empty()) {
    return users;
  }
  for_each_number(root.get(), ".", most_processes, [&](const char* name) {
    const UniqueFd process(openat(root.get(), name, O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (!process.valid() || !is_sshd(process.get())) {
      return true;
    }
    std::array<char, 512> buffer{};
    const std::string_view title = read_start(process.get(), "cmdline", buffer);
    if (const auto user = session_user(title, user_id(process.get()))) {
      const Sockets sockets = sockets_of(process.get(), wanted);
      if (sockets.wanted) {
        users.by_inode.emplace(*sockets.wanted, *user);
      } else if (sockets.hidden) {
        users.hidden = *user;
      }
    }
    return users.by_inode.size() < wanted.size();
  });
  return users;
}

}  // namespace ipguard::enforce
