// ServiceManager: tells systemd how the daemon is: sd_notify(3), whose protocol is datagrams of KEY=VALUE lines to the
// socket that NOTIFY_SOCKET names. Silent where nobody asks.
#pragma once

#include <chrono>
#include <functional>
#include <string>
#include <string_view>

#include "base/unique_fd.h"
#include "loop/event_loop.h"

namespace ipguard::daemon {

// Owned by the loop thread.
class ServiceManager {
 public:
  // `status` gives the line that `systemctl status` shows; asked for every half minute.
  ServiceManager(loop::EventLoop& loop, std::function<std::string()> status);

  // Everything has begun. From now on the watchdog is told twice in its time (WATCHDOG_USEC) that the loop turns.
  void ready();
  void reloading();
  void reloaded();
  void stopping();

 private:
  void tell(std::string_view lines) const;
  void tell_status();

  std::function<std::string()> status_;
  std::string path_;  // of the socket; empty: nobody asks
  UniqueFd socket_;
  std::chrono::microseconds watchdog_{};  // half of it; zero: there is none
  loop::Timer watchdog_timer_;
  loop::Timer status_timer_;
};

}  // namespace ipguard::daemon
