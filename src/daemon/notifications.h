// Notifications: what happens in the daemon, told to the [[notify]] tables.
#pragma once

#include <functional>
#include <set>
#include <string>
#include <vector>

#include "base/time.h"
#include "daemon/guard.h"
#include "daemon/warning.h"
#include "loop/event_loop.h"
#include "notify/notifier.h"

namespace ipguard::daemon {

// The event of a decision that began or ended: {"kind","time","host","mode", …, as `bans --json` has it}. At most 64
// prefixes, and no lines of logs.
[[nodiscard]] notify::Event event_of(const decide::DecisionChange& change, bool dry_run, const std::string& host,
                                     TimePoint now);
// {"kind":"problem","time","host","mode","message"}.
[[nodiscard]] notify::Event event_of_problem(const std::string& sentence, bool dry_run, const std::string& host,
                                             TimePoint now);

// Owned by the loop thread.
class Notifications {
 public:
  // `warnings`: what is wrong now, as `status` says it. Both must outlive it; the guard's listener is this one's.
  Notifications(loop::EventLoop& loop, Guard& guard, std::function<std::vector<Warning>()> warnings);

  // The tables as the guard's configuration says: at start, and after each reload. A sentence for each that is left
  // out.
  [[nodiscard]] std::vector<std::string> apply();
  [[nodiscard]] std::vector<notify::SinkStatus> status() const { return notifier_.status(); }

 private:
  void on_changes(const std::vector<decide::DecisionChange>& changes, TimePoint now);
  void look_for_problems();

  Guard& guard_;
  std::function<std::vector<Warning>()> warnings_;
  std::string host_;
  notify::Notifier notifier_;
  // The kinds of what was wrong when it was looked last.
  std::set<std::string> known_problems_;
  loop::Timer problem_timer_;
};

}  // namespace ipguard::daemon
