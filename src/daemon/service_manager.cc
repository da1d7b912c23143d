#include "daemon/service_manager.h"

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <cstddef>
#include <cstdlib>
#include <ctime>
#include <utility>

#include "base/text.h"
#include "base/unix_socket.h"

namespace ipguard::daemon {
namespace {

constexpr std::chrono::seconds status_interval{30};

std::string environment(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? std::string() : std::string(value);
}

// Zero if there is no watchdog, or if it is another process's.
std::chrono::microseconds watchdog_time() {
  const auto process = environment("WATCHDOG_PID");
  if (!process.empty() && parse_number(process) != static_cast<uint64_t>(::getpid())) {
    return {};
  }
  constexpr uint64_t longest = 24ULL * 3600 * 1'000'000;
  const auto time = parse_number(environment("WATCHDOG_USEC")).value_or(0);
  return std::chrono::microseconds(std::min(time, longest));
}

// What RELOADING=1 has to carry (Type=notify-reload compares it with its own clock).
std::string monotonic_time() {
  timespec time{};
  (void)::clock_gettime(CLOCK_MONOTONIC, &time);
  return std::to_string(static_cast<int64_t>(time.tv_sec) * 1'000'000 + time.tv_nsec / 1000);
}

}  // namespace

ServiceManager::ServiceManager(loop::EventLoop& loop, std::function<std::string()> status)
    : status_(std::move(status)),
      path_(environment("NOTIFY_SOCKET")),
      watchdog_timer_(loop,
                      [this] {
                        tell("WATCHDOG=1");
                        watchdog_timer_.start(watchdog_);
                      }),
      status_timer_(loop, [this] { tell_status(); }) {
  if (path_.empty()) {
    return;
  }
  if (auto socket = open_unix_socket(SOCK_DGRAM)) {
    socket_ = std::move(*socket);
  }
  watchdog_ = watchdog_time() / 2;
}

void ServiceManager::tell(std::string_view lines) const {
  sockaddr_un address{};
  if (!socket_.valid() || path_.size() >= sizeof address.sun_path) {
    return;
  }
  address.sun_family = AF_UNIX;
  std::ranges::copy(path_, address.sun_path);
  socklen_t length = sizeof address;
  if (path_.front() == '@') {  // an abstract name: a zero byte before it and none behind
    address.sun_path[0] = '\0';
    length = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + path_.size());
  }
  static_cast<void>(::sendto(socket_.get(), lines.data(), lines.size(), MSG_NOSIGNAL,
                             reinterpret_cast<const sockaddr*>(&address), length));
}

void ServiceManager::tell_status() {
  if (socket_.valid()) {
    tell("STATUS=" + printable(status_()));
    status_timer_.start(status_interval);
  }
}

void ServiceManager::ready() {
  tell("READY=1");
  tell_status();
  if (socket_.valid() && watchdog_.count() > 0) {
    tell("WATCHDOG=1");
    watchdog_timer_.start(watchdog_);
  }
}

void ServiceManager::reloading() { tell("RELOADING=1\nMONOTONIC_USEC=" + monotonic_time()); }

void ServiceManager::reloaded() {
  tell("READY=1");
  tell_status();
}

void ServiceManager::stopping() { tell("STOPPING=1"); }

}  // namespace ipguard::daemon
