// The libev loop and its watchers. A watcher is a member of its user; its destructor stops it. Neither copyable nor
// movable, because libev keeps its address. One thread.
// A callback may stop or destroy any watcher, its own too. An exception that leaves a callback ends the loop and is
// thrown again by run(), run_once() or poll(): it is a bug of ours or exhausted memory, and it belongs to main().
#pragma once

#include <chrono>
#include <functional>
#include <initializer_list>
#include <memory>

namespace ipguard::loop {

// Owns an ev_loop. Watchers must be destroyed before it. While nothing happens the process is not woken.
class EventLoop {
 public:
  EventLoop();  // std::runtime_error if the kernel gives no descriptor: before anything runs, so for main() to report
  ~EventLoop();
  EventLoop(const EventLoop&) = delete;
  EventLoop& operator=(const EventLoop&) = delete;

  void run();       // until stop()
  void run_once();  // one turn, blocking if nothing is ready (tests)
  void poll();      // one turn, not blocking (tests)
  void stop();      // ends the run() in progress, or the next one if none is

  struct Impl;
  [[nodiscard]] Impl& impl() { return *impl_; }

 private:
  std::unique_ptr<Impl> impl_;
};

// Each watcher is constructed stopped.
class IoWatcher {
 public:
  enum Interest : unsigned { readable = 1, writable = 2 };
  IoWatcher(EventLoop& loop, std::function<void(unsigned interest)> callback);
  ~IoWatcher();
  IoWatcher(const IoWatcher&) = delete;
  IoWatcher& operator=(const IoWatcher&) = delete;
  void start(int fd, unsigned interest);  // restarts if running
  void stop();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

class Timer {
 public:
  Timer(EventLoop& loop, std::function<void()> callback);
  ~Timer();
  Timer(const Timer&) = delete;
  Timer& operator=(const Timer&) = delete;
  void start(std::chrono::microseconds delay);  // once; restarts if running
  void stop();
  [[nodiscard]] bool running() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

// Runs its callback each turn while started and makes the loop not block: for work that is cut into budgets.
class IdleWork {
 public:
  IdleWork(EventLoop& loop, std::function<void()> callback);
  ~IdleWork();
  IdleWork(const IdleWork&) = delete;
  IdleWork& operator=(const IdleWork&) = delete;
  void start();
  void stop();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

// Calls back in the loop after another thread asked for it; asking several times before that is asking once.
class Wakeup {
 public:
  Wakeup(EventLoop& loop, std::function<void()> callback);
  ~Wakeup();
  Wakeup(const Wakeup&) = delete;
  Wakeup& operator=(const Wakeup&) = delete;
  void start();
  void stop();
  void send();  // from any thread, while started

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

// Keeps the signals from this thread, and from those that it starts, until a SignalWatcher is made of each: it hears of
// one that came meanwhile. To be called before there is a loop, which they would end the process without a word; before
// there are threads, which they would come to instead. A child has to let them through by itself.
void hold_signals(std::initializer_list<int> signal_numbers);

// To be called first in a thread beside a loop: signals are the loop's thread's, also while a watcher goes.
void leave_signals_to_the_loop();

// A signal belongs to one loop of the process; when its watcher goes, it is ignored from then on: who is told twice to
// stop ends as who is told once.
class SignalWatcher {
 public:
  SignalWatcher(EventLoop& loop, int signal_number, std::function<void()> callback);  // started at once
  ~SignalWatcher();
  SignalWatcher(const SignalWatcher&) = delete;
  SignalWatcher& operator=(const SignalWatcher&) = delete;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace ipguard::loop
