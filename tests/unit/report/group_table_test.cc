#include "report/group_table.h"

#include <gtest/gtest.h>

#include <map>
#include <random>
#include <string>

#include "moments.h"

namespace ipguard::report {
namespace {

struct Counted {
  uint64_t hits = 0;
  uint64_t error = 0;
  uint64_t attacks = 0;
};

std::map<std::string, Counted> counts_of(const GroupTable& table) {
  std::map<std::string, Counted> counts;
  for (uint32_t i = 0; i < table.size(); ++i) {
    counts[std::string(table.key_of(table.at(i)))] = {table.at(i).hits, table.at(i).error, table.at(i).attacks};
  }
  return counts;
}

TEST(GroupTable, CountsExactly) {
  DistinctPool pool(1U << 20U);
  GroupTable table(true, pool);
  std::map<std::string, uint64_t> truth;
  std::mt19937_64 random(1);
  for (int i = 0; i < 50'000; ++i) {
    const std::string key = "key-" + std::to_string(random() % 5000);
    ++truth[key];
    static_cast<void>(table.add(key, at(i)));
  }
  ASSERT_EQ(table.size(), truth.size());
  for (const auto& [key, counted] : counts_of(table)) {
    EXPECT_EQ(counted.hits, truth[key]);
    EXPECT_EQ(counted.error, 0U);
  }
  EXPECT_TRUE(table.exact());
}

TEST(GroupTable, KnowsFirstAndLastWhateverTheOrder) {
  DistinctPool pool(1U << 20U);
  GroupTable table(false, pool);
  for (const int second : {50, 10, 90, 40}) {
    static_cast<void>(table.add("one", at(second)));
  }
  EXPECT_EQ(table.at(0).first, at(10));
  EXPECT_EQ(table.at(0).last, at(90));
}

TEST(GroupTable, KeysMayBeAnything) {
  DistinctPool pool(1U << 20U);
  GroupTable table(false, pool);
  const std::string longest(GroupTable::longest_key, 'x');
  static_cast<void>(table.add("", at(0)));
  static_cast<void>(table.add(std::string_view("\0\n", 2), at(0)));
  static_cast<void>(table.add(longest + "a", at(0)));
  static_cast<void>(table.add(longest + "b", at(0)));
  EXPECT_EQ(table.size(), 3U) << "of the long ones the beginning counts";
}

// What space saving promises, for every group that is left and every one that is gone.
TEST(GroupTable, IsNeverTooLowAndNeverMoreTooHighThanItSays) {
  DistinctPool pool(1U << 20U);
  GroupTable table(true, pool);
  std::map<std::string, uint64_t> truth;
  std::map<std::string, uint64_t> attacks;
  std::mt19937_64 random(7);
  uint64_t hits = 0;
  for (int i = 0; i < 200'000; ++i, ++hits) {
    // A few are frequent, most come once or twice.
    const uint64_t number = random() % 3 == 0 ? random() % 20 : random() % 100'000;
    const std::string key = std::to_string(number);
    ++truth[key];
    attacks[key] += number % 2;
    auto touched = table.add(key, at(i), number % 2 == 1);
    table.counts_of(touched.number).addresses.insert(hash_of(key), pool);
    if (table.size() > 2000) {
      table.shrink();
      ASSERT_EQ(table.size(), 1000U);
    }
  }
  EXPECT_FALSE(table.exact());
  const auto counts = counts_of(table);
  for (const auto& [key, counted] : counts) {
    EXPECT_GE(counted.hits, truth[key]) << key;
    EXPECT_LE(counted.hits - counted.error, truth[key]) << key;
    EXPECT_GE(counted.attacks, attacks[key]) << key;
    EXPECT_LE(counted.attacks, attacks[key] + counted.error) << key;
  }
  for (const auto& [key, count] : truth) {
    EXPECT_TRUE(counts.contains(key) || count <= table.most_unseen()) << key;
  }
  EXPECT_LE(table.most_unseen(), 2 * hits / 1000) << "the error stays a share of all hits";
  for (int frequent = 0; frequent < 20; ++frequent) {
    EXPECT_TRUE(counts.contains(std::to_string(frequent)));
  }
}

TEST(GroupTable, GivesMemoryBack) {
  DistinctPool pool(1U << 20U);
  GroupTable table(true, pool);
  for (int i = 0; i < 20'000; ++i) {
    const auto touched = table.add(std::to_string(i), at(i));
    for (uint64_t k = 0; k < 3; ++k) {
      table.counts_of(touched.number).addresses.insert(hash_of(std::to_string(k)), pool);
    }
  }
  const size_t before = table.bytes();
  const size_t pool_before = pool.bytes();
  table.shrink();
  EXPECT_LT(table.bytes(), before * 3 / 4);
  EXPECT_EQ(pool.bytes(), pool_before / 2);
  for (uint32_t i = 0; i < table.size(); ++i) {
    EXPECT_EQ(table.counts_of(i).addresses.count(pool), 3U);
  }
}

// Of two tables of which one or both have let go of groups: no group has fewer hits than it had, and none more than its
// error says.
TEST(GroupTable, MergedSaysWhatBothMayHaveSeen) {
  for (const bool shrink_mine : {false, true}) {
    for (const bool shrink_theirs : {false, true}) {
      DistinctPool pool(1U << 20U);
      DistinctPool other_pool(1U << 20U);
      GroupTable mine(true, pool);
      GroupTable theirs(true, other_pool);
      std::map<std::string, uint64_t> truth;
      std::map<std::string, uint64_t> attacks;
      std::mt19937_64 random(9);
      for (int i = 0; i < 40'000; ++i) {
        const std::string key = "key-" + std::to_string(random() % (random() % 4000 + 1));
        ++truth[key];
        attacks[key] += i % 2 == 1 ? 1U : 0U;
        const auto touched = (i % 3 == 0 ? mine : theirs).add(key, at(i), i % 2 == 1);
        touched.group.facts = 7;
        if (i == 20'000 && shrink_mine) {
          mine.shrink();
        }
        if (i == 20'000 && shrink_theirs) {
          theirs.shrink();
        }
      }
      mine.merge(theirs, [](uint32_t facts) { return facts; });
      for (const auto& [key, counted] : counts_of(mine)) {
        EXPECT_GE(counted.hits, truth[key]) << key;
        EXPECT_LE(counted.hits - counted.error, truth[key]) << key;
        EXPECT_TRUE(counted.error == 0 || shrink_mine || shrink_theirs);
        EXPECT_GE(counted.attacks, attacks[key]) << key;
        EXPECT_LE(counted.attacks, attacks[key] + counted.error) << key;
      }
      EXPECT_EQ(mine.exact(), !shrink_mine && !shrink_theirs);
      if (mine.exact()) {
        EXPECT_EQ(mine.size(), truth.size());
      }
    }
  }
}

}  // namespace
}  // namespace ipguard::report
