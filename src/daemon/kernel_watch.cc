#include "daemon/kernel_watch.h"

#include <algorithm>
#include <utility>

#include "base/time.h"

namespace ipguard::daemon {
namespace {

// A flush of the ruleset arrives as many notifications; they are answered once. Who goes on changing our sets makes us
// list them again and again: then at most a fifth of the time goes into that.
constexpr std::chrono::milliseconds kernel_delay{50};
constexpr int kernel_rest = 4;  // times as long as the last look took

}  // namespace

KernelWatch::KernelWatch(loop::EventLoop& loop, Guard& guard, std::function<void()> after)
    : guard_(guard),
      after_(std::move(after)),
      timer_(loop, [this] { on_settled(); }),
      pause_(kernel_delay),
      watcher_(loop, [this](unsigned) { on_readable(); }) {}

void KernelWatch::start() {
  if (guard_.kernel_fd() >= 0) {
    watcher_.start(guard_.kernel_fd(), loop::IoWatcher::readable);
  }
}

void KernelWatch::on_readable() {
  if (!timer_.running()) {
    watcher_.stop();  // until the timer has read the socket
    timer_.start(pause_);
  }
}

void KernelWatch::on_settled() {
  const auto begin = std::chrono::steady_clock::now();
  guard_.verify_kernel(wall_clock_now());
  const auto took = std::chrono::ceil<std::chrono::milliseconds>(std::chrono::steady_clock::now() - begin);
  pause_ = std::max(kernel_delay, kernel_rest * took);
  after_();
  start();
}

}  // namespace ipguard::daemon
