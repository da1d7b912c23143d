// Background: work that takes too long for the loop, done by a thread beside it.
#pragma once

#include <cassert>
#include <functional>
#include <optional>
#include <thread>
#include <utility>

#include "loop/event_loop.h"

namespace ipguard::loop {

// Owned by the loop thread; one piece of work at a time. Its destructor waits for the work under way, whose outcome is
// then nobody's.
template <typename Outcome>
class Background {
 public:
  // `on_done` gets the outcome in the loop, and may start the next piece.
  Background(EventLoop& loop, std::function<void(Outcome)> on_done)
      : on_done_(std::move(on_done)), done_(loop, [this] { finish(); }) {}

  [[nodiscard]] bool running() const { return worker_.joinable(); }

  // `work` runs in a thread of its own, so what it refers to must not be used or gone meanwhile. Not while running.
  void start(std::function<Outcome()> work) {
    assert(!running());
    done_.start();
    worker_ = std::jthread([this, work = std::move(work)] {
      leave_signals_to_the_loop();
      outcome_.emplace(work());
      done_.send();
    });
  }

 private:
  void finish() {
    worker_.join();
    done_.stop();
    Outcome outcome = std::move(*outcome_);
    outcome_.reset();
    on_done_(std::move(outcome));
  }

  std::function<void(Outcome)> on_done_;
  std::optional<Outcome> outcome_;  // the worker's until it is joined
  Wakeup done_;
  std::jthread worker_;  // last: it ends before what it writes to goes
};

}  // namespace ipguard::loop
