// SlidingAggregates: what a running daemon has counted in the last hours. The period is cut into steps, each with
// aggregates of its own; the oldest goes as time goes on, and all are put together when somebody asks.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "base/time.h"
#include "model/route.h"
#include "net/address.h"
#include "report/aggregates.h"
#include "report/balance.h"
#include "report/document.h"
#include "report/fact.h"
#include "report/owner_book.h"

namespace ipguard::report {

struct SlidingOptions {
  Seconds period{24 * 3600};          // what is older is forgotten, a step at a time
  size_t memory = size_t{16} << 20U;  // bytes, of all steps together; at least Aggregates::least_budget
};

// Used by one thread. Takes memory with the first hit of a step; a hit costs look-ups in hash tables, and one in the
// database for an address that is new in its step. Nothing else is allocated once the memory is used up.
class SlidingAggregates {
 public:
  static constexpr int64_t steps = 24;
  // Lines kept of each rule and of all, in a step and of the period, whose latest ones it has.
  static constexpr size_t evidence_of_rule = 3;
  static constexpr size_t most_evidence = 500;

  // `lookup` is asked during take() and, later, for names of owners.
  using Lookup = std::function<model::Route(const net::Address&)>;

  SlidingAggregates(SlidingOptions options, Lookup lookup);
  ~SlidingAggregates();
  SlidingAggregates(const SlidingAggregates&) = delete;
  SlidingAggregates& operator=(const SlidingAggregates&) = delete;

  // A hit counts at its own time. False if that is before the period: it is counted as too old. A time after `now` is
  // taken for `now`'s step.
  bool take(const Fact& fact, TimePoint now);
  void take_evidence(EvidenceRow line, TimePoint now);
  [[nodiscard]] bool wants_evidence(std::string_view rule, TimePoint now);
  void count_lines(uint64_t lines, uint64_t bytes, uint64_t lines_hit, TimePoint now);
  void take_balance(const BalanceSums& sums, TimePoint now);
  // Forgets what is before the period.
  void prune(TimePoint now);
  // Rules that hits named are gone: a reload.
  void forget_rules();
  void set_memory(size_t memory) { options_.memory = memory; }

  [[nodiscard]] const SlidingOptions& options() const { return options_; }
  [[nodiscard]] Seconds step() const { return Seconds(step_); }
  // The first moment that is still counted.
  [[nodiscard]] TimePoint begin(TimePoint now) const { return TimePoint(Seconds((number_of(now) - steps) * step_)); }
  [[nodiscard]] size_t bytes() const;

 private:
  friend class PeriodMerge;
  struct Step;

  [[nodiscard]] int64_t number_of(TimePoint time) const;
  // Null if it is before the period.
  [[nodiscard]] Step* step_at(int64_t number, int64_t current);
  [[nodiscard]] Step& current(TimePoint now) { return *step_at(number_of(now), number_of(now)); }
  void keep_within_memory();

  SlidingOptions options_;
  int64_t step_;  // seconds
  Lookup lookup_;
  std::vector<std::unique_ptr<Step>> ring_;  // by number modulo its size
  uint64_t too_old_ = 0;
  uint64_t taken_ = 0;
};

// Puts a period together, one step of it at a time, so that whoever asks holds up nobody. Some milliseconds for a step
// with ten thousand groups. What is counted meanwhile may be in it or not.
class PeriodMerge {
 public:
  // `dimensions`: what is wanted by; addresses are counted in any case.
  PeriodMerge(std::shared_ptr<const SlidingAggregates> sliding, std::vector<Dimension> dimensions, TimePoint now);

  // One step more; false when all are there.
  bool advance();
  [[nodiscard]] const Aggregates& aggregates() const { return *aggregates_; }
  [[nodiscard]] const BalanceSums& balance() const { return balance_; }
  // Totals, timeline, evidence, memory and, of Document::running, the period.
  void describe(Document& document) const;

 private:
  std::shared_ptr<const SlidingAggregates> sliding_;
  std::vector<Dimension> dimensions_;
  int64_t next_;
  int64_t last_;
  TimePoint begin_;
  OwnerBook owners_;
  model::Route route_;  // of the owner that was asked for last
  std::unique_ptr<Aggregates> aggregates_;
  BalanceSums balance_;
  uint64_t lines_ = 0;
  uint64_t bytes_ = 0;
  uint64_t lines_hit_ = 0;
  std::optional<TimePoint> first_hit_;
  std::optional<TimePoint> last_hit_;
  std::vector<EvidenceRow> evidence_;
};

}  // namespace ipguard::report
