// Aggregates: hits counted by attacker, owner, rule and what they asked for. The same for a log that is read at once
// and for a running daemon: a hit costs ten look-ups, and, once the memory is used up or nothing new comes, allocates
// nothing.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
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
    // Everything but the prefix; valid during the call of rows().
    std::function<const model::Route&(uint32_t facts)> facts;
  };

  // `budget`: bytes. Beyond it the largest table gives up its smallest groups (GroupTable::shrink()), and distinct
  // things are estimated sooner. At least `least_budget` is used.
  Aggregates(size_t budget, Lookups lookups);
  Aggregates(const Aggregates&) = delete;
  Aggregates& operator=(const Aggregates&) = delete;

  void take(const Fact& fact);

  // The `most` groups with the most hits, of equal ones the first by key.
  [[nodiscard]] std::vector<GroupRow> rows(Dimension dimension, size_t most) const;
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
    uint64_t address = 0;  // hashes
    uint64_t route = 0;
    uint64_t asn = 0;  // 0 = none
  };
  struct RuleNumbers {
    uint32_t number = 0;  // in rules_
    size_t timeline = 0;
  };

  [[nodiscard]] GroupTable& table(Dimension dimension) { return *tables_[static_cast<size_t>(dimension)]; }
  [[nodiscard]] const GroupTable& table(Dimension dimension) const { return *tables_[static_cast<size_t>(dimension)]; }
  [[nodiscard]] Origin count_origin(const Fact& fact);
  void count(Dimension dimension, std::string_view key, const Origin& origin, uint32_t facts, TimePoint time);
  void count_owners(const Fact& fact, Origin& origin);  // completes the origin
  void count_texts(const Fact& fact, const Origin& origin);
  [[nodiscard]] const RuleNumbers& numbers_of(const model::Rule& rule);
  void keep_within_budget();
  [[nodiscard]] GroupRow row(Dimension dimension, uint32_t number) const;
  void describe_owner(Dimension dimension, const Group& group, std::string_view key, GroupRow& row) const;

  size_t budget_;
  Lookups lookups_;
  DistinctPool pool_;
  std::array<std::unique_ptr<GroupTable>, dimension_count> tables_;
  std::vector<std::pair<uint32_t, uint16_t>> owners_;  // AS and country by facts
  std::unordered_map<const model::Rule*, RuleNumbers> rule_numbers_;
  std::vector<const model::Rule*> rules_;
  TimelineCounts timeline_;
  Distinct all_addresses_;
  uint64_t hits_ = 0;
  uint64_t attacks_ = 0;
  size_t groups_checked_ = 0;  // groups that there were when the budget was looked at last
};

}  // namespace ipguard::report
