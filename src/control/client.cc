#include "control/client.h"

#include <grp.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <thread>
#include <vector>

#include "control/access.h"
#include "control/socket.h"

namespace ipguard::control {
namespace {

// A span of waiting, not a time of day: the steady clock is right here.
using Deadline = std::chrono::steady_clock::time_point;

int milliseconds_left(Deadline deadline) {
  const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - std::chrono::steady_clock::now());
  return static_cast<int>(std::clamp<int64_t>(left.count(), 0, 1'000'000'000));
}

std::unexpected<Error> timed_out(int timeout_seconds) {
  return fail("ipguardd did not answer within " + std::to_string(timeout_seconds) + " s");
}

// "adm", or the number of a group without a name.
std::string group_name(gid_t group) {
  std::vector<char> buffer(16U << 10);
  struct group entry{};
  struct group* found = nullptr;
  if (::getgrgid_r(group, &entry, buffer.data(), buffer.size(), &found) == 0 && found != nullptr) {
    return found->gr_name;
  }
  return std::to_string(group);
}

// By the rights of the socket's file. Whoever is in root's group is as good as root elsewhere: it is not recommended.
std::string who_may(const struct stat& socket_file) {
  if (socket_file.st_gid == 0) {
    return "only root may, and if there is a group '" + std::string(readers_name) +
           "' when ipguardd starts, its members may read";
  }
  return "only root may, and members of the group '" + group_name(socket_file.st_gid) + "' may read";
}

std::unexpected<Error> cannot_connect(const std::string& path, int reason) {
  if (reason == ENOENT || reason == ECONNREFUSED) {
    auto error = fail_errno("no ipguardd answers on " + path, reason).error();
    error.message += "; start it with 'ipguardd -c /etc/ipguard.toml' or give --socket PATH";
    return fail(Errc::not_found, error.message);
  }
  if (reason == EACCES || reason == EPERM) {
    std::string text = "no permission to talk to ipguardd on " + path;
    struct stat status{};
    if (::stat(path.c_str(), &status) == 0) {
      text += ": " + who_may(status);
    } else {
      text += ": its folder is closed to you; ask as root";
    }
    return fail(Errc::permission, text);
  }
  return fail_errno("cannot connect to ipguardd on " + path, reason);
}

Result<UniqueFd> connect_by(const std::string& path, Deadline deadline, int timeout_seconds) {
  const auto address = socket_address(path);
  if (!address) {
    return std::unexpected(address.error());
  }
  while (true) {
    auto fd = open_socket();
    if (!fd) {
      return fd;
    }
    const int reason = connect_to(fd->get(), *address);
    if (reason == 0) {
      return fd;
    }
    if (reason != EAGAIN) {
      return cannot_connect(path, reason);
    }
    // The daemon's queue is full. unix(7) sockets give no event for that: ask again a little later.
    if (milliseconds_left(deadline) == 0) {
      return timed_out(timeout_seconds);
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
  }
}

// Waits for `events`; false when the time is over.
bool wait_for(int fd, short events, Deadline deadline) {
  while (true) {
    pollfd entry{.fd = fd, .events = events, .revents = 0};
    const int ready = ::poll(&entry, 1, milliseconds_left(deadline));
    if (ready > 0) {
      return true;
    }
    if (ready == 0 || errno != EINTR) {
      return false;
    }
  }
}

Result<> send_by(int fd, std::string_view bytes, Deadline deadline, int timeout_seconds) {
  while (!bytes.empty()) {
    const ssize_t sent = ::send(fd, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent >= 0) {
      bytes.remove_prefix(static_cast<size_t>(sent));
    } else if (errno == EAGAIN) {
      if (!wait_for(fd, POLLOUT, deadline)) {
        return timed_out(timeout_seconds);
      }
    } else if (errno == EPIPE || errno == ECONNRESET) {
      // The daemon has refused the request before its end and said why: that is what to read.
      return {};
    } else if (errno != EINTR) {
      return fail_errno("cannot send to ipguardd", errno);
    }
  }
  return {};
}

Result<std::string> receive_line_by(int fd, Deadline deadline, int timeout_seconds) {
  std::string line;
  std::vector<char> chunk(64U << 10);
  while (true) {
    const ssize_t count = ::recv(fd, chunk.data(), chunk.size(), 0);
    if (count > 0) {
      const std::string_view bytes(chunk.data(), static_cast<size_t>(count));
      const auto end = bytes.find('\n');
      line.append(bytes.substr(0, end));
      if (end != std::string_view::npos) {
        return line;
      }
    } else if (count == 0 || errno == ECONNRESET) {
      return fail("ipguardd closed the connection without an answer");
    } else if (errno == EAGAIN) {
      if (!wait_for(fd, POLLIN, deadline)) {
        return timed_out(timeout_seconds);
      }
    } else if (errno != EINTR) {
      return fail_errno("cannot read ipguardd's answer", errno);
    }
    if (milliseconds_left(deadline) == 0) {
      return timed_out(timeout_seconds);
    }
  }
}

}  // namespace

Result<Json> call(const std::string& socket_path, const Request& request, int timeout_seconds) {
  const Deadline deadline = std::chrono::steady_clock::now() + std::chrono::seconds(timeout_seconds);
  const auto fd = connect_by(socket_path, deadline, timeout_seconds);
  if (!fd) {
    return std::unexpected(fd.error());
  }
  const std::string text = format_request(request);
  if (text.size() > max_request_bytes) {
    return fail(Errc::invalid, "the request is too large (" + std::to_string(text.size()) + " bytes, at most " +
                                   std::to_string(max_request_bytes) + "); send it in parts");
  }
  if (auto sent = send_by(fd->get(), text, deadline, timeout_seconds); !sent) {
    return std::unexpected(sent.error());
  }
  const auto line = receive_line_by(fd->get(), deadline, timeout_seconds);
  if (!line) {
    return std::unexpected(line.error());
  }
  return parse_reply(*line);
}

}  // namespace ipguard::control
