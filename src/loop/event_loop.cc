#include "loop/event_loop.h"

#include <ev.h>

#include <csignal>
#include <exception>
#include <limits>
#include <stdexcept>
#include <utility>

namespace ipguard::loop {

struct EventLoop::Impl {
  struct ev_loop* ev = nullptr;
  ev_periodic anchor{};
  std::exception_ptr failure;
  bool stopping = false;

  void turn(int flags) {
    ev_run(ev, flags);
    if (failure) {
      std::rethrow_exception(std::exchange(failure, nullptr));
    }
  }
};

namespace {

// libev is C: an exception must not unwind through it. The first one ends the loop and comes out of run().
template <typename Callback, typename... Arguments>
void call(EventLoop::Impl& loop, const std::shared_ptr<const Callback>& callback, Arguments... arguments) noexcept {
  // The copy keeps the callback alive if it destroys its own watcher.
  const std::shared_ptr<const Callback> held = callback;  // NOLINT(performance-unnecessary-copy-initialization)
  try {
    (*held)(arguments...);
  } catch (...) {
    if (!loop.failure) {
      loop.failure = std::current_exception();
    }
    ev_break(loop.ev, EVBREAK_ALL);
  }
}

void do_nothing(struct ev_loop* /*ev*/, ev_periodic* /*watcher*/, int /*events*/) {}

void do_nothing_idle(struct ev_loop* /*ev*/, ev_idle* /*watcher*/, int /*events*/) {}

}  // namespace

EventLoop::EventLoop() : impl_(std::make_unique<Impl>()) {
  impl_->ev = ev_loop_new(EVBACKEND_EPOLL);
  if (impl_->ev == nullptr) {
    impl_->ev = ev_loop_new(EVFLAG_AUTO);
  }
  if (impl_->ev == nullptr) {
    throw std::runtime_error("cannot create an event loop: no file descriptor for epoll");
  }
  // A date that never comes, for two effects: with a periodic watcher libev learns of clock jumps from a timerfd and
  // needs no wake-up each minute, and run() goes on while nothing else is watched.
  ev_periodic_init(&impl_->anchor, do_nothing, std::numeric_limits<int32_t>::max() * 1000.0, 0.0, nullptr);
  ev_periodic_start(impl_->ev, &impl_->anchor);
}

EventLoop::~EventLoop() {
  ev_periodic_stop(impl_->ev, &impl_->anchor);
  ev_loop_destroy(impl_->ev);
}

void EventLoop::run() {
  while (!impl_->stopping) {
    impl_->turn(0);
  }
  impl_->stopping = false;
}

void EventLoop::run_once() { impl_->turn(EVRUN_ONCE); }

void EventLoop::poll() { impl_->turn(EVRUN_NOWAIT); }

void EventLoop::stop() {
  impl_->stopping = true;
  ev_break(impl_->ev, EVBREAK_ALL);
}

struct IoWatcher::Impl {
  using Callback = std::function<void(unsigned)>;
  EventLoop::Impl& loop;
  std::shared_ptr<const Callback> callback;
  ev_io watcher{};

  static void on_event(struct ev_loop* /*ev*/, ev_io* watcher, int events) {
    auto* self = static_cast<Impl*>(watcher->data);
    unsigned interest = 0;
    if ((events & EV_READ) != 0) {
      interest |= readable;
    }
    if ((events & EV_WRITE) != 0) {
      interest |= writable;
    }
    call(self->loop, self->callback, interest);
  }
};

IoWatcher::IoWatcher(EventLoop& loop, std::function<void(unsigned interest)> callback)
    : impl_(std::make_unique<Impl>(loop.impl(), std::make_shared<const Impl::Callback>(std::move(callback)))) {
  ev_init(&impl_->watcher, Impl::on_event);
  impl_->watcher.data = impl_.get();
}

IoWatcher::~IoWatcher() { stop(); }

void IoWatcher::start(int fd, unsigned interest) {
  stop();
  const int events = ((interest & readable) != 0 ? EV_READ : 0) | ((interest & writable) != 0 ? EV_WRITE : 0);
  ev_io_set(&impl_->watcher, fd, events);
  ev_io_start(impl_->loop.ev, &impl_->watcher);
}

void IoWatcher::stop() { ev_io_stop(impl_->loop.ev, &impl_->watcher); }

struct Timer::Impl {
  using Callback = std::function<void()>;
  EventLoop::Impl& loop;
  std::shared_ptr<const Callback> callback;
  ev_timer watcher{};

  static void on_event(struct ev_loop* /*ev*/, ev_timer* watcher, int /*events*/) {
    auto* self = static_cast<Impl*>(watcher->data);
    call(self->loop, self->callback);
  }
};

Timer::Timer(EventLoop& loop, std::function<void()> callback)
    : impl_(std::make_unique<Impl>(loop.impl(), std::make_shared<const Impl::Callback>(std::move(callback)))) {
  ev_init(&impl_->watcher, Impl::on_event);
  impl_->watcher.data = impl_.get();
}

Timer::~Timer() { stop(); }

void Timer::start(std::chrono::microseconds delay) {
  stop();
  // The loop's clock stands still during a callback; without this a timer started after long work fires too early.
  ev_now_update(impl_->loop.ev);
  ev_timer_set(&impl_->watcher, std::chrono::duration<double>(delay).count(), 0.0);
  ev_timer_start(impl_->loop.ev, &impl_->watcher);
}

void Timer::stop() { ev_timer_stop(impl_->loop.ev, &impl_->watcher); }

bool Timer::running() const { return ev_is_active(&impl_->watcher); }

struct IdleWork::Impl {
  using Callback = std::function<void()>;
  EventLoop::Impl& loop;
  std::shared_ptr<const Callback> callback;
  // An idle watcher alone would be starved by busy sockets: it keeps the loop from blocking, and the check watcher,
  // after the turn's I/O by its priority, does the work once each turn.
  ev_idle awake{};
  ev_check watcher{};

  static void on_event(struct ev_loop* /*ev*/, ev_check* watcher, int /*events*/) {
    auto* self = static_cast<Impl*>(watcher->data);
    call(self->loop, self->callback);
  }
};

IdleWork::IdleWork(EventLoop& loop, std::function<void()> callback)
    : impl_(std::make_unique<Impl>(loop.impl(), std::make_shared<const Impl::Callback>(std::move(callback)))) {
  ev_idle_init(&impl_->awake, do_nothing_idle);
  ev_check_init(&impl_->watcher, Impl::on_event);
  ev_set_priority(&impl_->watcher, EV_MINPRI);
  impl_->watcher.data = impl_.get();
}

IdleWork::~IdleWork() { stop(); }

void IdleWork::start() {
  ev_idle_start(impl_->loop.ev, &impl_->awake);
  ev_check_start(impl_->loop.ev, &impl_->watcher);
}

void IdleWork::stop() {
  ev_idle_stop(impl_->loop.ev, &impl_->awake);
  ev_check_stop(impl_->loop.ev, &impl_->watcher);
}

struct Wakeup::Impl {
  using Callback = std::function<void()>;
  EventLoop::Impl& loop;
  std::shared_ptr<const Callback> callback;
  ev_async watcher{};

  static void on_event(struct ev_loop* /*ev*/, ev_async* watcher, int /*events*/) {
    auto* self = static_cast<Impl*>(watcher->data);
    call(self->loop, self->callback);
  }
};

Wakeup::Wakeup(EventLoop& loop, std::function<void()> callback)
    : impl_(std::make_unique<Impl>(loop.impl(), std::make_shared<const Impl::Callback>(std::move(callback)))) {
  ev_async_init(&impl_->watcher, Impl::on_event);
  impl_->watcher.data = impl_.get();
}

Wakeup::~Wakeup() { stop(); }

void Wakeup::start() { ev_async_start(impl_->loop.ev, &impl_->watcher); }

void Wakeup::stop() { ev_async_stop(impl_->loop.ev, &impl_->watcher); }

void Wakeup::send() { ev_async_send(impl_->loop.ev, &impl_->watcher); }

namespace {

void mask_signals(int how, std::initializer_list<int> signal_numbers) {
  sigset_t signals{};
  sigemptyset(&signals);
  for (const int number : signal_numbers) {
    sigaddset(&signals, number);
  }
  pthread_sigmask(how, &signals, nullptr);
}

}  // namespace

void hold_signals(std::initializer_list<int> signal_numbers) { mask_signals(SIG_BLOCK, signal_numbers); }

void leave_signals_to_the_loop() {
  sigset_t all{};
  sigfillset(&all);
  for (const int own : {SIGBUS, SIGSEGV, SIGFPE, SIGILL}) {  // what a thread does itself is told where it did it
    sigdelset(&all, own);
  }
  pthread_sigmask(SIG_BLOCK, &all, nullptr);
}

struct SignalWatcher::Impl {
  using Callback = std::function<void()>;
  EventLoop::Impl& loop;
  std::shared_ptr<const Callback> callback;
  ev_signal watcher{};

  static void on_event(struct ev_loop* /*ev*/, ev_signal* watcher, int /*events*/) {
    auto* self = static_cast<Impl*>(watcher->data);
    call(self->loop, self->callback);
  }
};

SignalWatcher::SignalWatcher(EventLoop& loop, int signal_number, std::function<void()> callback)
    : impl_(std::make_unique<Impl>(loop.impl(), std::make_shared<const Impl::Callback>(std::move(callback)))) {
  ev_signal_init(&impl_->watcher, Impl::on_event, signal_number);
  impl_->watcher.data = impl_.get();
  ev_signal_start(impl_->loop.ev, &impl_->watcher);
  mask_signals(SIG_UNBLOCK, {signal_number});
}

SignalWatcher::~SignalWatcher() {
  const int number = impl_->watcher.signum;
  mask_signals(SIG_BLOCK, {number});
  ev_signal_stop(impl_->loop.ev, &impl_->watcher);  // it has its default action then
  (void)std::signal(number, SIG_IGN);
  mask_signals(SIG_UNBLOCK, {number});
}

}  // namespace ipguard::loop
