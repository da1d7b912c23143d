// Guard: the line from a block of log bytes to the kernel: match, decide, enforce, remember. Owned by the loop thread.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "daemon/kernel_failures.h"
#include "daemon/live_report.h"
#include "daemon/load.h"
#include "daemon/measurements.h"
#include "daemon/reading_tally.h"
#include "daemon/rule_tally.h"
#include "daemon/state.h"
#include "daemon/visitors.h"
#include "decide/engine.h"
#include "enforce/enforcer.h"
#include "enforce/protection.h"
#include "enforce/writer_client.h"
#include "input/follower.h"
#include "match/rule_set.h"
#include "net/prefix_set.h"

namespace ipguard::daemon {

// What a person asks for.
struct BanOrder {
  model::Target target;
  std::optional<Seconds> duration;  // nullopt = permanent …
  std::string reason;
  std::string issuer;                          // "manual" or "import"
  bool force = false;                          // over the budget of wide bans
  std::optional<Seconds> confirm_within = {};  // lifted then, unless confirm() came before
  std::optional<TimePoint> until = {};         // … unless this says when it ends
};

class Guard {
 public:
  // `state` is where decisions and cursors are kept. `writer` does what needs privilege; without one nothing reaches the
  // kernel: a dry run, whatever the configuration's mode.
  Guard(Loaded loaded, State state, std::shared_ptr<enforce::WriterClient> writer = nullptr);
  ~Guard();
  Guard(const Guard&) = delete;
  Guard& operator=(const Guard&) = delete;

  // Is told of all decisions that begin or end from now on, in order, before the store is. It must not call the guard.
  using Listener = std::function<void(const std::vector<decide::DecisionChange>& changes, TimePoint now)>;
  // `behind`, if given: whether it has more to pass on than it should, and a mass of decisions had better wait a turn.
  void tell(Listener listener, std::function<bool()> behind = {}) {
    listener_ = std::move(listener);
    listener_behind_ = std::move(behind);
  }
  [[nodiscard]] bool listener_behind() const { return listener_behind_ && listener_behind_(); }

  // Loads what the store remembers, prepares the kernel and makes both agree: what the kernel holds and nobody
  // remembers is adopted, what is missing is added, what is stale goes. A second longer where AS are banned.
  // Errc::permission without CAP_NET_ADMIN.
  [[nodiscard]] Result<> start(TimePoint now);
  // Takes over a reloaded configuration; decisions stay. On an error the old one is still in force.
  [[nodiscard]] Result<> reload(Loaded loaded, TimePoint now);

  // The databases were replaced: look-ups and plans go by the new ones from now on.
  void replace_routes(std::shared_ptr<const enrich::RouteTable> routes, TimePoint now);

  // Judges one block; flush() afterwards makes its decisions true. `path` names the source for evidence.
  input::Follower::Consumed judge(const input::Block& block, const input::SourceInfo& source, TimePoint now);
  // A hit that counts against somebody; also one that comes from no line, of a trap: then there is no `event`.
  // `same_line`: of the line that the one before came from. Whether it counts in reports.
  bool take_evidence(const model::Hit& hit, std::string_view path, TimePoint now, const model::Event* event = nullptr,
                     bool same_line = false);
  // Sends pending changes to the kernel, then to the store and the log; of a great many some, and behind() is true: to
  // be called again soon. `cursors`, if given, go into the same transaction as the decisions.
  void flush(TimePoint now, const std::vector<model::Cursor>* cursors);
  [[nodiscard]] bool behind() const { return !stuck_ && engine_.pending() > kernel_failures_.elements(); }
  // True while something wanted is not in the kernel, or some change is not in the store: retry() in a while.
  [[nodiscard]] bool unfinished() const {
    return kernel_failures_.any() || state_.unsaved() || !state_.trouble().empty();
  }
  void retry(TimePoint now);
  // How long a while.
  [[nodiscard]] std::chrono::milliseconds retry_delay() const;
  // Ends what is over (of a great many at once some, and none while listener_behind()), then flushes.
  void expire(TimePoint now);
  // How long until expire() is wanted again: nothing where more is over already, 5 ms at least while listener_behind().
  [[nodiscard]] std::optional<TimePoint::duration> expiry_delay(TimePoint now) const;

  // By hand: one result a target, in order; all targets are one transaction for the kernel and one for the store. Some
  // ten milliseconds for 1,000 targets. What was banned is found by engine().find().
  [[nodiscard]] std::vector<Result<decide::Banned>> ban(std::span<const BanOrder> orders, TimePoint now);
  // What became of a ban that began: the check right before the kernel may refuse all of it, of a great many elements
  // only when the last of them were flushed.
  [[nodiscard]] Result<> stands(const model::Target& target) const;
  // Takes out of a preview what that check would refuse.
  void vet(decide::Preview& preview, TimePoint now);
  [[nodiscard]] std::vector<Result<>> confirm(std::span<const model::Target> targets, TimePoint now);
  [[nodiscard]] std::vector<Result<model::Decision>> unban(std::span<const model::Target> targets, TimePoint now);

  // Own addresses or routes changed, seen on protection_fd() (rtnetlink).
  [[nodiscard]] int protection_fd() const { return protection_->notification_fd(); }
  void on_protection_notification(TimePoint now);
  // By a timer, twice a minute or so: looks whether the resolvers, sshd's ports or the SSH sessions changed, cuts the
  // bans that cover what is protected now, and closes what was open for somebody who has left. Also whether the wall
  // clock was set: the kernel's time-outs run on another one, and are made anew then.
  void check_protection(TimePoint now);
  // Somebody changed nftables, seen on kernel_fd() (-1 in a dry run): asks the kernel whether our table is whole and
  // our sets hold our bans and nothing else, and mends what is not so.
  [[nodiscard]] int kernel_fd() const { return enforcer_->notification_fd(); }
  void verify_kernel(TimePoint now);

  // At stop: deletes the table if the configuration says so.
  [[nodiscard]] Result<> stop();

  // What the sources have lost since the start of this run, by name: kept with the next cursors.
  void note_losses(const std::map<std::string, model::Losses>& since_start, TimePoint now) {
    state_.losses().note(since_start, loaded_.config.sources, now);
  }
  [[nodiscard]] std::vector<model::Cursor> saved_cursors() { return state_.cursors(); }
  [[nodiscard]] bool dry_run() const { return writer_ == nullptr; }
  [[nodiscard]] const Loaded& loaded() const { return loaded_; }
  [[nodiscard]] const decide::Engine& engine() const { return engine_; }
  [[nodiscard]] const RuleTally& tally() const { return tally_; }
  [[nodiscard]] const Measurements& measurements() const { return measurements_; }
  [[nodiscard]] const ReadingTally& reading_tally() const { return reading_tally_; }
  // What is counted for reports. Up to date after roll_report(): by check_protection() twice a minute, too.
  [[nodiscard]] const LiveReport& live_report() const { return live_; }
  void roll_report(TimePoint now) {
    count_changes(now);
    live_.roll(now);
  }
  [[nodiscard]] enforce::Enforcer& enforcer() const { return *enforcer_; }
  [[nodiscard]] decide::Engine& engine() { return engine_; }
  [[nodiscard]] store::Store& store() const { return state_.store(); }
  [[nodiscard]] const State& state() const { return state_; }
  // What the kernel did not take; empty when everything wanted is in force.
  [[nodiscard]] const KernelFailures& kernel_failures() const { return kernel_failures_; }
  // What the bans met in the kernel, of an active decision each, in order: nullopt where it is not counted, and beyond
  // the first so many elements ([enforce] element_counters).
  [[nodiscard]] std::vector<std::optional<enforce::DropCounters>> dropped_by(
      const std::vector<model::Decision>& decisions) const;
  // Lines that looked like attacks and left in doubt who the client was (match::MatcherCounters::doubtful).
  [[nodiscard]] uint64_t doubtful_lines() const { return earlier_doubtful_ + matcher_->counters().doubtful; }
  // What had to be mended because somebody else changed the kernel's table.
  [[nodiscard]] enforce::RepairCounters repairs() const { return enforcer_->repairs(); }
  // Connections of the banned that were ended.
  [[nodiscard]] enforce::ConnectionCounters connections() const { return enforcer_->connections(); }

 private:
  [[nodiscard]] decide::Lookups lookups();
  [[nodiscard]] Result<> reconcile(TimePoint now);
  [[nodiscard]] match::LineOptions options_of(const input::SourceInfo& source) const;
  void read_beginning(const input::Block& block, const match::LineOptions& options);
  void note_visits(const input::Block& block, const match::LineOptions& options, TimePoint now);
  void take_visits_before(uint64_t offset, TimePoint now);
  // Whether it counts in reports.
  bool take_hit(const model::Hit& hit, const model::Event& event, const input::Block& block,
                const input::SourceInfo& source, bool same_line, TimePoint now);
  // For reports (guard_report.cc).
  void count_restored();
  bool count_hit(const model::Hit& hit, const model::Event* event, std::string_view path, bool same_line,
                 TimePoint now);
  void count_good_client(const net::Address& address, TimePoint time);
  void count_changes(TimePoint now);
  [[nodiscard]] bool blocks(const net::Address& address);
  void take_report(const model::SetBatch& offered, const model::ApplyReport& report, TimePoint now);
  void adopt(const std::vector<model::SetElement>& unknown, TimePoint now);
  void remember(TimePoint now, const std::vector<model::Cursor>* cursors);
  void check_clock(TimePoint now);

  // Of a line of the block that is judged.
  struct NotedVisit {
    uint64_t offset = 0;
    net::Address address;
    TimePoint time;
    bool good = false;
    bool user_known = false;
  };

  Loaded loaded_;
  State state_;
  std::shared_ptr<enforce::WriterClient> writer_;
  std::unique_ptr<enforce::Protection> protection_;
  std::unique_ptr<enforce::Enforcer> enforcer_;
  decide::Engine engine_;
  RuleTally tally_;
  ReadingTally reading_tally_;
  Measurements measurements_;
  Listener listener_;
  std::function<bool()> listener_behind_;
  std::unique_ptr<match::Matcher> matcher_;
  uint64_t earlier_doubtful_ = 0;  // before the last reload
  Visitors visitors_;
  std::vector<NotedVisit> visits_;  // in the order of the lines
  size_t next_visit_ = 0;           // that the engine does not know of yet
  LiveReport live_;
  size_t changes_counted_ = 0;            // of engine_.changes(), for the report
  net::PrefixSet spared_;                 // what no ban blocks, whatever it covers …
  uint64_t spared_version_ = UINT64_MAX;  // … of the protection with this version
  KernelFailures kernel_failures_;
  bool stuck_ = false;                                     // the kernel took nothing of what it was offered last
  uint64_t protection_version_ = 0;                        // that the engine has planned with
  std::optional<std::chrono::microseconds> clock_offset_;  // of the wall clock to the one that nobody sets
};

}  // namespace ipguard::daemon
