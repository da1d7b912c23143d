// Aggregates: hits counted by attacker, owner, rule and what they asked for. The same for a log that is read at once
// and for a running daemon: a hit costs ten look-ups, and, once the memory is used up or nothing new comes, allocates
// nothing.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <limits>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "base/time.h"
#include "model/route.h"
#include "net/address.h"
#include "report/distinct.h"
#include "report/document.h"
#include "report/fact.h"
#include "report/group_table.h"
#include "report/timeline.h"

namespace ipguard::report {

// Used by one thread.
class Aggregates {
 public:
  struct Lookups {
    std::function<Owner(const net::Address&)> owner;
    // Everything but the prefix; valid until the next call.
    std::function<const model::Route&(uint32_t facts)> facts;
  };

  // `budget`: bytes; at least `least_budget` is used. Beyond it who is largest gives way (give_way()).
  // `distinct_budget`: from how many bytes of distinct things on these are thrifty, and sets grow no more; 0 = a
  // third of all, or more while the groups need less than the rest.
  Aggregates(size_t budget, Lookups lookups, size_t distinct_budget = 0);
  Aggregates(const Aggregates&) = delete;
  Aggregates& operator=(const Aggregates&) = delete;

  void take(const Fact& fact);
  // Rules that facts named may be gone from now on; a rule with the same id is the same.
  void forget_rules() { rule_numbers_.clear(); }
  // What others have counted, of these dimensions and in all. `facts_of`: what the number of an owner there is here.
  void merge(const Aggregates& other, std::span<const Dimension> dimensions,
             const std::function<uint32_t(uint32_t)>& facts_of);
  // Different things are estimated sooner from now on, whatever the budget.
  void set_thrifty() { pool_.set_thrifty(); }
  // The largest sets of distinct things become estimates, or, if there are none, the largest table gives up its
  // smallest groups, whatever the budget; false if that would free nothing worth it.
  bool give_way() { return estimate_largest_sets() || shrink_largest(); }

  // The `most` groups with the most hits of rules of kind attack, of equal ones those with the most hits, then the
  // first by key: who only met pages that are not there comes behind every attacker.
  [[nodiscard]] std::vector<GroupRow> rows(Dimension dimension, size_t most) const;
  // The same for who takes them a few at a time: their numbers in this order, and one of them. Numbers are valid until
  // the next hit.
  [[nodiscard]] std::vector<uint32_t> ranking(Dimension dimension, size_t most) const;
  [[nodiscard]] GroupRow row(Dimension dimension, uint32_t number) const;
  [[nodiscard]] size_t group_count(Dimension dimension) const { return table(dimension).size(); }
  [[nodiscard]] uint64_t hits() const { return hits_; }
  [[nodiscard]] uint64_t attacks() const { return attacks_; }
  [[nodiscard]] uint64_t addresses() const;
  [[nodiscard]] double addresses_error() const;
  [[nodiscard]] Timeline timeline() const { return timeline_.result(); }
  // Whose hits are no longer exact.
  [[nodiscard]] std::vector<Dimension> approximate() const;
  [[nodiscard]] size_t bytes() const;
  [[nodiscard]] size_t budget() const { return budget_; }

  static constexpr size_t least_budget = size_t{4} << 20U;

 private:
  // What is known of a hit's address, in the forms in which it is counted.
  struct Origin {
    Owner owner;
    bool is_new = false;   // the address; another one stands in its route, AS and country already
    uint64_t address = 0;  // hashes
    uint64_t route = 0;
    uint64_t asn = 0;  // 0 = none
  };
  static constexpr uint32_t none = std::numeric_limits<uint32_t>::max();
  // What was counted for the line of the last fact: the groups of its address, owners and texts by dimension, of the
  // others none.
  struct Line {
    Origin origin;
    std::array<uint32_t, dimension_count> groups{};
    bool is_valid = false;
  };
  struct RuleFacts {
    std::string id;
    std::string title;
    size_t timeline = 0;             // number of its class
    uint32_t group = none;           // its group …
    uint32_t group_of_class = none;  // … and its class's, as long as they are known
    uint8_t bit = 0;                 // in Group::seen of addresses that were counted for both; 0 = it has none
    uint32_t hits = 0;               // as long as it has none
  };

  [[nodiscard]] GroupTable& table(Dimension dimension) { return *tables_[static_cast<size_t>(dimension)]; }
  [[nodiscard]] const GroupTable& table(Dimension dimension) const { return *tables_[static_cast<size_t>(dimension)]; }
  void begin_line(const Fact& fact);
  void count_line_again(TimePoint time, bool attack);
  [[nodiscard]] Origin count_origin(const Fact& fact);
  // Of the line's; the number of its group.
  void count(Dimension dimension, std::string_view key, uint32_t facts, const Fact& fact);
  void count_rule(const Fact& fact, uint32_t rule);
  // One hit more of the group; `group` is its number, if it is known, which it is then.
  void count_known(Dimension dimension, std::string_view key, uint32_t facts, const Fact& fact, uint32_t& group);
  void count_owners(const Fact& fact);  // completes the line's origin
  void count_texts(const Fact& fact);
  // That the line's origin is to be counted there by count_distinct(), when all of the fact's groups are known.
  void note_distinct(DistinctCounts& counts);
  void count_distinct();
  [[nodiscard]] uint32_t number_of(const model::Rule& rule);
  [[nodiscard]] uint32_t number_of(const std::string& id, const std::string& title, std::string_view attack_class);
  [[nodiscard]] size_t group_count() const;
  // The most that there can be; the largest number where groups gave way or are not counted.
  [[nodiscard]] uint64_t groups_in_all(Dimension dimension) const;
  void keep_within_budget();
  // Of all groups those in the largest blocks of the pool; false if none of these is large.
  bool estimate_largest_sets();
  bool shrink_largest();
  void describe_owner(Dimension dimension, const Group& group, std::string_view key, GroupRow& row) const;

  size_t budget_;
  bool room_follows_budget_;
  Lookups lookups_;
  DistinctPool pool_;
  std::array<std::unique_ptr<GroupTable>, dimension_count> tables_;
  std::vector<std::pair<uint32_t, uint16_t>> owners_;              // AS and country by facts
  std::unordered_map<const model::Rule*, uint32_t> rule_numbers_;  // in rules_
  std::vector<RuleFacts> rules_;
  uint32_t bits_given_ = 0;  // to rules
  TimelineCounts timeline_;
  Distinct all_addresses_;
  uint64_t hits_ = 0;
  uint64_t attacks_ = 0;
  Line line_;
  std::array<DistinctCounts*, dimension_count> noted_{};  // of the fact: each grouping's at most
  size_t noted_count_ = 0;
  size_t groups_checked_ = 0;  // groups that there were when the budget was looked at last
};

}  // namespace ipguard::report
