// Sink: where events go. None ever blocks: what cannot be delivered at once waits in a bounded queue. When it is full
// and nothing is known to be in the way, some of it is delivered there and then; else its oldest event gives way to one
// more and is counted.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "base/time.h"
#include "config/outlets.h"
#include "loop/event_loop.h"
#include "notify/event.h"

namespace ipguard::notify {

struct SinkCounters {
  uint64_t delivered = 0;
  uint64_t dropped = 0;  // waited for too long, or among too many
  uint64_t failed = 0;   // taken, and answered with a failure that trying again would not change
  std::optional<TimePoint> last_dropped = {};
  size_t waiting = 0;
  std::string problem = {};  // of the last attempt; empty if it went well
};

// What waits in a sink.
class EventQueue {
 public:
  explicit EventQueue(size_t most) : most_(most) {}

  void push(std::shared_ptr<const Event> event) {
    if (full()) {
      drop(event->time);
      ++lost_fronts_;
    }
    events_.push_back(std::move(event));
  }
  [[nodiscard]] bool full() const { return events_.size() >= most_; }
  [[nodiscard]] bool half_full() const { return events_.size() > most_ / 2; }
  [[nodiscard]] bool empty() const { return events_.empty(); }
  [[nodiscard]] size_t size() const { return events_.size(); }
  [[nodiscard]] const std::shared_ptr<const Event>& front() const { return events_.front(); }
  void pop() { events_.pop_front(); }
  void drop(TimePoint now) {
    events_.pop_front();
    ++dropped_;
    last_dropped_ = now;
  }
  [[nodiscard]] uint64_t dropped() const { return dropped_; }
  [[nodiscard]] std::optional<TimePoint> last_dropped() const { return last_dropped_; }
  // How often the front has given way so far: who is in the middle of it compares.
  [[nodiscard]] uint64_t lost_fronts() const { return lost_fronts_; }

 private:
  size_t most_;
  std::deque<std::shared_ptr<const Event>> events_;
  uint64_t dropped_ = 0;
  std::optional<TimePoint> last_dropped_;
  uint64_t lost_fronts_ = 0;
};

// Owned by the loop thread.
class Sink {
 public:
  Sink(const Sink&) = delete;
  Sink& operator=(const Sink&) = delete;
  virtual ~Sink() = default;

  virtual void take(std::shared_ptr<const Event> event) = 0;
  // Opens anew what may have been moved away, reads anew what may have been changed; what waits goes on waiting. After
  // an error the sink goes on with what it had.
  [[nodiscard]] virtual Result<> reopen() { return {}; }
  [[nodiscard]] SinkCounters counters() const;
  // Whether much waits for somebody who takes it as fast as can be asked for: whoever makes thousands of events at once
  // had better wait for a turn of the loop. Never for one that takes nothing.
  [[nodiscard]] virtual bool behind() { return false; }

 protected:
  explicit Sink(size_t most) : queue_(most) {}
  // For counters(); `sentence` is logged where the problem is another one than before.
  void begin_problem(const std::string& problem, const std::string& sentence);
  // All is well: where it was not, "WHO: WELL" is logged.
  void end_problem(std::string_view who, std::string_view well);
  // Events that are neither in the queue nor delivered yet.
  [[nodiscard]] virtual size_t under_way() const { return 0; }

  EventQueue queue_;
  SinkCounters counters_;
};

inline constexpr size_t most_waiting = 1000;
inline constexpr size_t most_lines_waiting = 10'000;  // of a file, the journal, syslog, which take them as they come

// Tells the wall clock's time to a sink that tries again by itself, long after the event.
using Clock = std::function<TimePoint()>;

// The sink of a [[notify]]. An error where its token cannot be read.
[[nodiscard]] Result<std::unique_ptr<Sink>> make_sink(loop::EventLoop& loop, const config::NotifyConfig& config,
                                                      Clock clock);

}  // namespace ipguard::notify
