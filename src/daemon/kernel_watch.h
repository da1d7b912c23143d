// KernelWatch: has the guard look at the kernel's table when somebody else has changed nftables.
#pragma once

#include <chrono>
#include <functional>

#include "daemon/guard.h"
#include "loop/event_loop.h"

namespace ipguard::daemon {

// Owned by the loop thread.
class KernelWatch {
 public:
  // `after` is called when the guard has looked.
  KernelWatch(loop::EventLoop& loop, Guard& guard, std::function<void()> after);

  // Listens to guard.kernel_fd(), if that tells anything.
  void start();
  void stop() { watcher_.stop(); }

 private:
  void on_readable();
  void on_settled();

  Guard& guard_;
  std::function<void()> after_;
  loop::Timer timer_;
  std::chrono::milliseconds pause_;
  loop::IoWatcher watcher_;
};

}  // namespace ipguard::daemon
