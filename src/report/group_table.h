// GroupTable: hits by group, for groups of any number. Exact until the report's memory is used up; then the groups with
// the fewest hits give way, and what is counted from then on carries its error: space saving (Metwally, Agrawal and El
// Abbadi, "Efficient computation of frequent and top-k elements in data streams", 2005), with half of the groups going
// at a time instead of one for each new one, so that a hit costs one look-up and no search for the least.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <limits>
#include <memory>
#include <string_view>
#include <vector>

#include "base/time.h"
#include "report/distinct.h"

namespace ipguard::report {

// `hits` and `attacks` are at most `error` too high and never too low. 48 bytes: there may be a million of them. What
// does not fit 32 bits stays at the highest number.
struct Group {
  uint32_t hash = 0;
  uint32_t key = 0;  // place in the table's keys
  uint16_t key_length = 0;
  uint8_t length = 0;  // address: of its route, in bits; for the caller's use
  uint8_t seen = 0;    // for the caller's use: in what it was counted, as bits; not merged
  uint32_t facts = 0;  // for the caller's use: who the group is
  uint64_t hits = 0;
  uint32_t error = 0;
  uint32_t attacks = 0;  // hits of rules of kind attack
  TimePoint first = {};
  TimePoint last = {};
};

struct DistinctCounts {
  Distinct addresses;
  Distinct routes;
  Distinct asns;
};

// Used by one thread.
class GroupTable {
 public:
  struct Touched {
    Group& group;
    uint32_t number;  // of the group, for counts_of()
    bool is_new;
  };

  // `counts_distinct`: whether counts_of() is there. The pool outlives the table.
  GroupTable(bool counts_distinct, DistinctPool& pool);
  ~GroupTable();
  GroupTable(const GroupTable&) = delete;
  GroupTable& operator=(const GroupTable&) = delete;

  // One hit, of a rule of kind attack or of another one. Of a key longer than `longest_key` only the beginning counts.
  // What it returns is valid until shrink().
  [[nodiscard]] Touched add(std::string_view key, TimePoint time, bool attack = false);
  // One hit more of a group whose number is known from add().
  void add_again(uint32_t number, TimePoint time, bool attack = false) { count(at(number), time, attack); }
  [[nodiscard]] DistinctCounts& counts_of(uint32_t number) {
    return (*counts_[number / groups_a_block])[number % groups_a_block];
  }
  [[nodiscard]] const DistinctCounts& counts_of(uint32_t number) const {
    return (*counts_[number / groups_a_block])[number % groups_a_block];
  }
  [[nodiscard]] Group& at(uint32_t number) { return (*groups_[number / groups_a_block])[number % groups_a_block]; }
  [[nodiscard]] const Group& at(uint32_t number) const {
    return (*groups_[number / groups_a_block])[number % groups_a_block];
  }

  // What another table has counted, as if it had been counted here: exact if both are. `facts_of`: what a group's
  // `facts` are here. Distinct counts are estimated where one of them is.
  void merge(const GroupTable& other, const std::function<uint32_t(uint32_t)>& facts_of);

  // Distinct::estimate_set_of() for all groups.
  void estimate_sets_of(DistinctPool::Size size);
  // Lets go of the half of the groups that have the fewest hits; of those with as many, the later ones.
  void shrink();

  [[nodiscard]] std::string_view key_of(const Group& group) const;
  // Groups are numbered in the order of their coming, from 0 to size() - 1.
  [[nodiscard]] uint32_t size() const { return size_; }
  [[nodiscard]] size_t bytes() const;
  // Hits that a group which is not there may have had at most; 0: every group is there, and exact (tests).
  [[nodiscard]] uint64_t most_unseen() const { return most_unseen_; }
  [[nodiscard]] bool exact() const { return most_unseen_ == 0; }

  static constexpr size_t longest_key = 512;

 private:
  // Small: a daemon keeps a table for each of many steps, most of them with few groups.
  static constexpr size_t groups_a_block = 64;
  static constexpr size_t key_block = size_t{1} << 12U;
  using GroupBlock = std::array<Group, groups_a_block>;
  using CountBlock = std::array<DistinctCounts, groups_a_block>;
  using KeyBlock = std::array<char, key_block>;

  static void count(Group& group, TimePoint time, bool attack) {
    ++group.hits;
    group.attacks += attack && group.attacks < std::numeric_limits<uint32_t>::max() ? 1U : 0U;
    group.first = std::min(group.first, time);
    group.last = std::max(group.last, time);
  }
  // Its group, with no hits yet if it is new.
  [[nodiscard]] Touched find_or_append(std::string_view key, uint32_t hash);
  Group& append(std::string_view key, uint32_t hash);
  uint32_t store_key(std::string_view key);
  void index_all(size_t slots);

  DistinctPool& pool_;
  bool counts_distinct_;
  std::vector<uint32_t> slots_;  // by hash, open addressing: number of the group + 1; 0 = free
  std::vector<std::unique_ptr<GroupBlock>> groups_;
  std::vector<std::unique_ptr<CountBlock>> counts_;
  std::vector<std::unique_ptr<KeyBlock>> keys_;
  uint32_t size_ = 0;
  uint32_t key_end_ = 0;  // where the next key goes, counted over all blocks
  uint64_t most_unseen_ = 0;
  uint32_t most_unseen_attacks_ = 0;
};

}  // namespace ipguard::report
