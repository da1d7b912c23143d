// Balance: what each decision would have stopped, and which good clients it would have cost. Fed in log time: what
// began, what ended, and every hit.
#pragma once

#include <algorithm>
#include <compare>
#include <cstdint>
#include <deque>
#include <functional>
#include <limits>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "base/hash_index.h"
#include "base/interner.h"
#include "base/text.h"
#include "base/time.h"
#include "model/decision.h"
#include "model/scope.h"
#include "model/until.h"
#include "net/address.h"
#include "net/prefix.h"
#include "net/prefix_lengths.h"
#include "report/balance_sums.h"
#include "report/distinct.h"
#include "report/document.h"

namespace ipguard::report {

// How much is kept of decisions one by one; of more, those that stopped least are counted in the sums only.
struct BalanceLimits {
  size_t ended = 50'000;                              // that are over
  size_t bytes = std::numeric_limits<size_t>::max();  // of all
};

// Used by one thread.
class Balance {
 public:
  // Whether a decision is one that the report is about, by what is known when it begins: nothing that is counted.
  using Fits = std::function<bool(const DecisionRow&)>;

  // Without `fits` all are.
  explicit Balance(BalanceLimits limits = {}, Fits fits = {})
      : limits_(limits),
        fits_(std::move(fits)),
        pool_(distinct_budget(limits), distinct_budget(limits)),
        sums_(distinct_budget(limits)) {}

  // `good_clients`: those inside of it that were known, as many as the decision says.
  void begin(const model::Decision& decision, std::span<const net::Prefix> good_clients = {});
  // One that began before anything was counted: it is no part of the sums, what it stops is.
  void adopt(const model::Decision& decision);
  void end(const model::Target& target, TimePoint at);
  // Decisions that were over before.
  void forget_ended(TimePoint before);
  // A hit of the rule, judged before it leads to anything itself; null: of an address that nothing blocks. `same_line`:
  // of the line of the hit before, which counts once, and is not stopped by what it leads to. True if a decision would
  // have stopped the line.
  bool hit(std::string_view rule, const net::Address* address, TimePoint time, bool same_line = false) {
    return hit(rule_number(rule), address, time, same_line);
  }
  // The same for who keeps the numbers of rules.
  bool hit(uint32_t rule, const net::Address* address, TimePoint time, bool same_line = false);
  [[nodiscard]] uint32_t rule_number(std::string_view rule);
  // A client that proved to be good.
  void good_client(const net::Address& address, TimePoint time);

  // At most `most` decisions that fit: those that stopped most, in order of their beginning.
  [[nodiscard]] BalanceResult result(size_t most) const;
  // The same of those that `shown` accepts.
  template <typename Shown>
  [[nodiscard]] BalanceResult result(size_t most, const Shown& shown) const {
    return result_of(places(shown), most, sums_);
  }
  [[nodiscard]] BalanceTotal total() const { return sums_.total(); }
  // What came of all since the last call, or from the first.
  [[nodiscard]] BalanceSums take_sums() { return sums_.take(); }
  // With other sums than those of all times.
  template <typename Shown>
  [[nodiscard]] BalanceResult result(size_t most, const Shown& shown, const BalanceSums& sums) const {
    return result_of(places(shown), most, sums);
  }
  void set_limits(BalanceLimits limits) { limits_ = limits; }
  [[nodiscard]] size_t bytes() const { return row_bytes_ + words_.size() * bytes_of_words + pool_.bytes(); }
  // Decisions that were in force and are no longer kept for want of room: what they stop is not counted.
  [[nodiscard]] uint64_t given_up() const { return given_up_; }

 private:
  static size_t distinct_budget(const BalanceLimits& limits) { return std::min(limits.bytes / 4, size_t{8} << 20U); }
  static constexpr size_t bytes_of_words = 320;
  static constexpr uint8_t route_elsewhere = 255;

  // What many decisions have in common.
  struct Words {
    std::string asn;
    std::string as_name;
    std::string country;
    std::string country_code;
    std::string issuer;
    friend auto operator<=>(const Words&, const Words&) = default;
  };
  // What hardly any ban of an address has.
  struct Particulars {
    net::Prefix route;  // where it does not hold the target
    std::vector<net::Prefix> prefixes;
    uint64_t addresses_covered = 0;
    uint64_t ipv6_64s_covered = 0;
  };
  // A DecisionRow, in as little room as possible: there are some hundred thousand.
  struct Kept {
    model::Target target;
    uint8_t route_length = route_elsewhere;  // of the database's network that holds the target
    bool known = false;                      // a free place otherwise
    bool active = false;
    bool fits = true;
    uint32_t rule = 0;
    uint32_t words = 0;
    TimePoint since = {};
    model::Until until;
    uint64_t stopped = 0;
    uint64_t good_clients = 0;
    uint64_t turned_away = 0;
    Distinct turned_away_clients;
    std::unique_ptr<std::vector<net::Address>> first_turned_away;  // null: nobody was
    std::string reason;
    std::unique_ptr<Particulars> more;  // null: of a target that is one network, all of it
  };
  // What an active decision covers.
  struct Cover {
    net::Prefix prefix;
    uint32_t place = 0;  // in kept_
  };

  // Of those that `shown` accepts.
  template <typename Shown>
  [[nodiscard]] std::vector<uint32_t> places(const Shown& shown) const {
    std::vector<uint32_t> places;
    DecisionRow row;
    for (uint32_t place = 0; place < kept_.size(); ++place) {
      if (kept_[place].known) {
        write_row(kept_[place], row);
        if (shown(std::as_const(row))) {
          places.push_back(place);
        }
      }
    }
    return places;
  }
  void write_row(const Kept& kept, DecisionRow& row) const;
  // Null if it is known already.
  Kept* keep(const model::Decision& decision);
  [[nodiscard]] Kept kept_of(const model::Decision& decision);
  [[nodiscard]] static size_t bytes_of(const Kept& kept);
  [[nodiscard]] static uint64_t addresses_covered(const Kept& kept);
  [[nodiscard]] static uint64_t ipv6_64s_covered(const Kept& kept);
  [[nodiscard]] uint32_t place_of(const model::Target& target) const;
  void count_begun(const Kept& kept, std::span<const net::Prefix> good_clients);
  static void keep_turned_away(Kept& kept, const net::Address& client);
  void deactivate(uint32_t place);
  void let_go(uint32_t place);
  template <typename Act>
  void each_covering(const net::Address& address, TimePoint time, const Act& act);
  [[nodiscard]] uint32_t free_place();
  void index(uint32_t place);
  void unindex(uint32_t place);
  void let_go_of_least_ended();
  void keep_within_bytes();
  [[nodiscard]] BalanceResult result_of(std::vector<uint32_t> places, size_t most, const BalanceSums& sums) const;

  BalanceLimits limits_;
  Fits fits_;
  DistinctPool pool_;  // of what is kept
  std::deque<Kept> kept_;
  std::vector<uint32_t> free_;
  size_t ended_ = 0;     // of those in kept_
  HashIndex by_target_;  // active ones: places in kept_
  std::vector<Cover> covers_;
  std::vector<uint32_t> free_covers_;
  std::vector<uint32_t> rules_of_line_;  // whose bans would have stopped the line of the last hit
  bool line_stopped_ = false;            // that of the last hit
  HashIndex by_prefix_;                  // of active ones: places in covers_
  net::PrefixLengths lengths_;           // of these
  Interner<Words> words_;
  std::unordered_map<std::string, uint32_t, StringHash, std::equal_to<>> rule_numbers_;
  BalanceSums sums_;
  uint64_t fitting_ = 0;          // of those that began
  uint64_t fitting_stopped_ = 0;  // lines, each counted once for all of these
  size_t row_bytes_ = 0;
  uint64_t given_up_ = 0;
};

}  // namespace ipguard::report
