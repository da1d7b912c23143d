// Balance: what each decision would have stopped, and which good clients it would have cost. Fed in log time: what
// began, what ended, and every hit.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <functional>
#include <limits>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "base/text.h"
#include "base/time.h"
#include "model/decision.h"
#include "model/scope.h"
#include "net/address.h"
#include "net/prefix.h"
#include "report/distinct.h"
#include "report/document.h"

namespace ipguard::report {

// What came of all decisions together; `rules` and `scopes` have a row each that anything happened to.
struct BalanceSums {
  BalanceTotal total;
  std::vector<BalanceRow> rules;
  std::array<BalanceRow, model::scope_count> scopes;

  void add(const BalanceSums& other);
};

// How much is kept of decisions one by one; of more, those that stopped least are counted in the sums only.
struct BalanceLimits {
  size_t ended = 50'000;                              // that are over
  size_t bytes = std::numeric_limits<size_t>::max();  // of all
};

// Used by one thread.
class Balance {
 public:
  explicit Balance(BalanceLimits limits = {}) : limits_(limits), pool_(std::min(limits.bytes / 4, size_t{8} << 20U)) {}

  void begin(const model::Decision& decision);
  // One that began before anything was counted: it is no part of the sums, what it stops is.
  void adopt(const model::Decision& decision);
  void end(const model::Target& target, TimePoint at);
  // Decisions that were over before.
  void forget_ended(TimePoint before);
  // A hit of the rule, judged before it leads to anything itself; null: of an address that nothing blocks. True if a
  // decision would have stopped it.
  bool hit(std::string_view rule, const net::Address* address, TimePoint time);
  // A client that proved to be good.
  void good_client(const net::Address& address, TimePoint time);

  // At most `most` decisions that `shown` accepts: those that stopped most, in order of their beginning.
  template <typename Shown>
  [[nodiscard]] BalanceResult result(size_t most, const Shown& shown) const {
    return result_of(rows(shown), most, sums_);
  }
  [[nodiscard]] const BalanceTotal& total() const { return sums_.total; }
  [[nodiscard]] const BalanceSums& sums() const { return sums_; }
  // … since the last call, or from the first.
  [[nodiscard]] BalanceSums take_sums();
  // With other sums than those of all times.
  template <typename Shown>
  [[nodiscard]] BalanceResult result(size_t most, const Shown& shown, const BalanceSums& sums) const {
    return result_of(rows(shown), most, sums);
  }
  void set_limits(BalanceLimits limits) { limits_ = limits; }
  [[nodiscard]] size_t bytes() const { return row_bytes_ + pool_.bytes(); }
  // Decisions that were in force and are no longer kept for want of room: what they stop is not counted.
  [[nodiscard]] uint64_t given_up() const { return given_up_; }

 private:
  static constexpr uint32_t none = UINT32_MAX;
  struct Kept {
    DecisionRow row;
    Distinct turned_away;
    uint32_t rule = 0;
    bool known = false;  // a free place otherwise
    bool active = false;
  };
  using ByScope = std::array<uint32_t, model::scope_count>;

  template <typename Shown>
  [[nodiscard]] std::vector<const DecisionRow*> rows(const Shown& shown) const {
    std::vector<const DecisionRow*> rows;
    for (const Kept& each : kept_) {
      if (each.known && shown(each.row)) {
        rows.push_back(&each.row);
      }
    }
    return rows;
  }
  // Null if it is known already.
  Kept* keep(const model::Decision& decision);
  void count_begun(const Kept& kept);
  void let_go(uint32_t place);
  template <typename Act>
  void each_covering(const net::Address& address, TimePoint time, const Act& act);
  [[nodiscard]] uint32_t rule_number(std::string_view rule);
  [[nodiscard]] uint32_t free_place();
  void index(uint32_t place, bool there);
  void let_go_of_least_ended();
  void keep_within_bytes();
  [[nodiscard]] BalanceResult result_of(std::vector<const DecisionRow*> rows, size_t most,
                                        const BalanceSums& sums) const;

  BalanceLimits limits_;
  DistinctPool pool_;
  std::vector<Kept> kept_;
  std::vector<uint32_t> free_;
  size_t ended_ = 0;                                     // of those in kept_
  std::unordered_map<net::Prefix, ByScope> by_prefix_;   // active ones: places in kept_
  std::array<std::array<uint32_t, 129>, 2> lengths_{};   // prefixes in by_prefix_, by family and length
  std::unordered_map<std::string, uint32_t> by_target_;  // active ones
  std::unordered_map<std::string, uint32_t, StringHash, std::equal_to<>> rule_numbers_;
  BalanceSums sums_;
  size_t row_bytes_ = 0;
  uint64_t given_up_ = 0;
};

}  // namespace ipguard::report
