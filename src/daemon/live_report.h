// LiveReport: what the daemon counts for `ipguardctl top` and `report --live`: hits of the last hours by attacker and
// by what they asked for, and what the decisions that it made (in a dry run: would have made) stopped. Owned by the
// guard.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string_view>

#include "base/time.h"
#include "config/config.h"
#include "decide/decision_change.h"
#include "model/event.h"
#include "model/hit.h"
#include "net/address.h"
#include "net/prefix.h"
#include "report/balance.h"
#include "report/sliding.h"

namespace ipguard::daemon {

class LiveReport {
 public:
  // `lookup` outlives it.
  LiveReport(const config::Config& config, report::SlidingAggregates::Lookup lookup);

  // After a reload: the rules that hits named may be gone. What was counted stays, unless the period is another one.
  void reconfigure(const config::Config& config);

  // False: it is older than the period and counts nowhere. A hit that counts against somebody, judged before it leads
  // to anything itself. `event`: the line that hit; null if there is none. `blocked`: a decision may concern its
  // address. `same_line`: it is the line of the hit before. `path` names the source.
  bool take_hit(const model::Hit& hit, const model::Event* event, std::string_view path, bool blocked, bool same_line,
                TimePoint now);
  // Somebody who proved to be good, and whom a decision may concern.
  void take_good_client(const net::Address& address, TimePoint time) { balance_.good_client(address, time); }
  void count_lines(uint64_t lines, uint64_t bytes, uint64_t lines_hit, TimePoint now);
  // `good_clients`: of a decision that begins, as Balance::begin() has them. One that was over before the period is
  // counted as such and no more: hits that it may have stopped are not counted either.
  void take_change(const decide::DecisionChange& change, std::span<const net::Prefix> good_clients, TimePoint now);
  // A decision from before the start. False if there is no room for more of them.
  bool adopt(const model::Decision& decision);
  // Brings the sums to where they belong and forgets what is over; by a timer, and before anybody is answered.
  void roll(TimePoint now);

  [[nodiscard]] std::shared_ptr<const report::SlidingAggregates> aggregates() const { return sliding_; }
  [[nodiscard]] const report::Balance& balance() const { return balance_; }
  [[nodiscard]] uint64_t over() const { return over_; }  // decisions that were over before the period

 private:
  [[nodiscard]] std::shared_ptr<report::SlidingAggregates> make_sliding() const;

  config::ReportConfig config_;
  size_t evidence_bytes_;
  report::SlidingAggregates::Lookup lookup_;
  std::shared_ptr<report::SlidingAggregates> sliding_;  // who is being answered keeps it
  report::Balance balance_;
  uint64_t over_ = 0;
};

}  // namespace ipguard::daemon
