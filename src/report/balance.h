// Balance: what each decision would have stopped, and which good clients it would have cost. Fed in log time: what
// began, what ended, and every hit.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
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

// Used by one thread.
class Balance {
 public:
  // Decisions that are over are kept one by one up to `most_kept`; of more, those that stopped least are counted only
  // in the sums.
  explicit Balance(size_t most_kept = 50'000) : most_kept_(most_kept), pool_(size_t{8} << 20U) {}

  void begin(const model::Decision& decision);
  void end(const model::Target& target, TimePoint at);
  // A hit of the rule, judged before it leads to anything itself; null: of an address that nothing blocks. True if a
  // decision would have stopped it.
  bool hit(std::string_view rule, const net::Address* address, TimePoint time);
  // A client that proved to be good.
  void good_client(const net::Address& address, TimePoint time);

  // At most `most` decisions that `shown` accepts: those that stopped most, in order of their beginning.
  template <typename Shown>
  [[nodiscard]] BalanceResult result(size_t most, const Shown& shown) const {
    std::vector<const DecisionRow*> rows;
    for (const Kept& each : kept_) {
      if (each.known && shown(each.row)) {
        rows.push_back(&each.row);
      }
    }
    return result_of(std::move(rows), most);
  }
  [[nodiscard]] const BalanceTotal& total() const { return total_; }

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

  template <typename Act>
  void each_covering(const net::Address& address, TimePoint time, const Act& act);
  [[nodiscard]] uint32_t rule_number(std::string_view rule);
  [[nodiscard]] uint32_t free_place();
  void index(uint32_t place, bool there);
  void let_go_of_least();
  [[nodiscard]] BalanceResult result_of(std::vector<const DecisionRow*> rows, size_t most) const;

  size_t most_kept_;
  DistinctPool pool_;
  std::vector<Kept> kept_;
  std::vector<uint32_t> free_;
  size_t ended_ = 0;                                     // of those in kept_
  std::unordered_map<net::Prefix, ByScope> by_prefix_;   // active ones: places in kept_
  std::array<std::array<uint32_t, 129>, 2> lengths_{};   // prefixes in by_prefix_, by family and length
  std::unordered_map<std::string, uint32_t> by_target_;  // active ones
  std::unordered_map<std::string, uint32_t, StringHash, std::equal_to<>> rule_numbers_;
  std::vector<BalanceRow> rules_;
  std::array<BalanceRow, model::scope_count> scopes_;
  BalanceTotal total_;
};

}  // namespace ipguard::report
