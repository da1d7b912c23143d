// Retry: something that is asked for and may not be had for now, such as a port that somebody else has.
#pragma once

#include <chrono>
#include <functional>
#include <string>
#include <utility>

#include "base/result.h"
#include "loop/event_loop.h"

namespace ipguard::loop {

// Tries again by itself for as long as the last attempt failed. Owned by the loop thread.
class Retry {
 public:
  static constexpr std::chrono::seconds pause{10};

  Retry(EventLoop& loop, std::function<Result<>()> attempt)
      : attempt_(std::move(attempt)), timer_(loop, [this] { (void)run(); }) {}

  // An attempt, now.
  Result<> run() {
    auto done = attempt_();
    problem_ = done ? std::string() : done.error().message;
    if (done) {
      timer_.stop();
    } else {
      timer_.start(pause);
    }
    return done;
  }
  // Why the last attempt failed; "" if it did not.
  [[nodiscard]] const std::string& problem() const { return problem_; }

 private:
  std::function<Result<>()> attempt_;
  std::string problem_;
  Timer timer_;
};

}  // namespace ipguard::loop
