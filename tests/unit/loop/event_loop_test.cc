#include "loop/event_loop.h"

#include <gtest/gtest.h>
#include <sys/time.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <csignal>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include "base/unique_fd.h"

namespace ipguard::loop {
namespace {

using std::chrono::microseconds;
using std::chrono::milliseconds;

struct Pipe {
  UniqueFd reader;
  UniqueFd writer;

  Pipe() {
    std::array<int, 2> ends{};
    if (::pipe(ends.data()) == 0) {
      reader.reset(ends[0]);
      writer.reset(ends[1]);
    }
  }
  void write(std::string_view text) const {
    ASSERT_EQ(::write(writer.get(), text.data(), text.size()), std::ssize(text));
  }
  [[nodiscard]] std::string read() const {
    std::array<char, 64> buffer{};
    const ssize_t count = ::read(reader.get(), buffer.data(), buffer.size());
    return {buffer.data(), static_cast<size_t>(count < 0 ? 0 : count)};
  }
};

TEST(EventLoop, IoWatcherTellsWhatIsReady) {
  EventLoop loop;
  const Pipe pipe;
  std::string seen;
  IoWatcher watcher(loop, [&](unsigned interest) {
    EXPECT_EQ(interest, IoWatcher::readable);
    seen += pipe.read();
  });
  watcher.start(pipe.reader.get(), IoWatcher::readable);
  loop.poll();
  EXPECT_EQ(seen, "");
  pipe.write("one");
  loop.poll();
  EXPECT_EQ(seen, "one");
  watcher.stop();
  pipe.write("two");
  loop.poll();
  EXPECT_EQ(seen, "one");
  watcher.start(pipe.reader.get(), IoWatcher::readable);
  loop.run_once();
  EXPECT_EQ(seen, "onetwo");
}

TEST(EventLoop, IoWatcherRestartsOnAnotherDescriptor) {
  EventLoop loop;
  const Pipe pipe;
  unsigned seen = 0;
  IoWatcher watcher(loop, [&](unsigned interest) { seen = interest; });
  watcher.start(pipe.reader.get(), IoWatcher::readable);
  watcher.start(pipe.writer.get(), IoWatcher::writable);
  loop.run_once();
  EXPECT_EQ(seen, IoWatcher::writable);
}

TEST(EventLoop, TimerFiresOnceAndCanBeStopped) {
  EventLoop loop;
  int fired = 0;
  int stopped = 0;
  Timer stopped_timer(loop, [&] { ++stopped; });
  Timer timer(loop, [&] {
    ++fired;
    loop.stop();
  });
  EXPECT_FALSE(timer.running());
  stopped_timer.start(microseconds(1));
  stopped_timer.stop();
  timer.start(milliseconds(1));
  EXPECT_TRUE(timer.running());
  loop.run();
  EXPECT_EQ(fired, 1);
  EXPECT_EQ(stopped, 0);
  EXPECT_FALSE(timer.running());
  timer.start(milliseconds(1));  // again
  loop.run();
  EXPECT_EQ(fired, 2);
}

TEST(EventLoop, TimersFireInTheOrderOfTheirDelays) {
  EventLoop loop;
  std::vector<int> order;
  Timer late(loop, [&] {
    order.push_back(2);
    loop.stop();
  });
  Timer early(loop, [&] { order.push_back(1); });
  late.start(milliseconds(4));
  early.start(milliseconds(1));
  loop.run();
  EXPECT_EQ(order, (std::vector<int>{1, 2}));
}

TEST(EventLoop, IdleWorkRunsEachTurnBesideBusyIo) {
  EventLoop loop;
  const Pipe pipe;
  pipe.write("never read, so always ready");
  int io = 0;
  int idle = 0;
  IoWatcher watcher(loop, [&](unsigned) { ++io; });
  IdleWork work(loop, [&] { ++idle; });
  watcher.start(pipe.reader.get(), IoWatcher::readable);
  work.start();
  work.start();  // no harm
  for (int turn = 0; turn < 10; ++turn) {
    loop.poll();
  }
  EXPECT_EQ(io, 10);
  EXPECT_EQ(idle, 10);
  work.stop();
  loop.poll();
  EXPECT_EQ(idle, 10);
}

TEST(EventLoop, StartedIdleWorkKeepsTheLoopFromBlocking) {
  EventLoop loop;
  int turns = 0;
  IdleWork work(loop, [&] {
    if (++turns == 3) {
      loop.stop();
    }
  });
  work.start();
  loop.run();
  EXPECT_EQ(turns, 3);
}

TEST(EventLoop, StopBeforeRunIsNotForgotten) {
  EventLoop loop;
  loop.stop();
  loop.run();  // would block for ever
  int fired = 0;
  Timer timer(loop, [&] {
    ++fired;
    loop.stop();
  });
  timer.start(microseconds(1));
  loop.run();
  EXPECT_EQ(fired, 1);
}

TEST(EventLoop, AnExceptionComesOutOfTheLoopAndTheLoopGoesOn) {
  EventLoop loop;
  int fired = 0;
  Timer throwing(loop, [] { throw std::runtime_error("broken"); });
  Timer timer(loop, [&] {
    ++fired;
    loop.stop();
  });
  throwing.start(microseconds(1));
  EXPECT_THROW(loop.run(), std::runtime_error);
  timer.start(microseconds(1));
  loop.run();
  EXPECT_EQ(fired, 1);
}

TEST(EventLoop, ACallbackMayDestroyItsOwnWatcher) {
  EventLoop loop;
  const Pipe pipe;
  std::string name = "captured state that must outlive the call";
  std::string seen;
  std::unique_ptr<IoWatcher> watcher;
  watcher = std::make_unique<IoWatcher>(loop, [&watcher, &seen, name](unsigned) {
    watcher.reset();
    seen = name;
  });
  watcher->start(pipe.writer.get(), IoWatcher::writable);
  loop.run_once();
  EXPECT_EQ(watcher, nullptr);
  EXPECT_EQ(seen, name);
  loop.poll();
}

TEST(EventLoop, SignalsAreCallbacksUntilTheWatcherGoes) {
  EventLoop loop;
  for (const int number : {SIGTERM, SIGINT, SIGHUP}) {
    int seen = 0;
    {
      SignalWatcher watcher(loop, number, [&] {
        ++seen;
        loop.stop();
      });
      ASSERT_EQ(::raise(number), 0);
      loop.run();
    }
    EXPECT_EQ(seen, 1) << number;
    struct sigaction action{};
    ASSERT_EQ(::sigaction(number, nullptr, &action), 0);
    EXPECT_EQ(action.sa_handler, SIG_IGN) << number << ": told twice, it would not end in order";
    (void)std::signal(number, SIG_DFL);
  }
}

TEST(EventLoop, SignalsThatCameBeforeTheirWatcherAreHeard) {
  hold_signals({SIGUSR1, SIGUSR2});
  ASSERT_EQ(::raise(SIGUSR1), 0);
  ASSERT_EQ(::raise(SIGUSR2), 0);
  EventLoop loop;
  std::string seen;
  SignalWatcher first(loop, SIGUSR1, [&] { seen += '1'; });
  for (int turn = 0; turn < 3; ++turn) {
    loop.poll();
  }
  EXPECT_EQ(seen, "1") << "nobody waits for the other one yet";
  SignalWatcher second(loop, SIGUSR2, [&] { seen += '2'; });
  for (int turn = 0; turn < 3; ++turn) {
    loop.poll();
  }
  EXPECT_EQ(seen, "12");
  sigset_t held{};
  ASSERT_EQ(::pthread_sigmask(SIG_SETMASK, nullptr, &held), 0);
  EXPECT_FALSE(sigismember(&held, SIGUSR1) || sigismember(&held, SIGUSR2));
}

}  // namespace
}  // namespace ipguard::loop
