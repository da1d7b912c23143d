#include "report/distinct.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <set>
#include <string>

namespace ipguard::report {
namespace {

uint64_t hash_of_number(uint64_t number) { return hash_of(std::to_string(number)); }

uint64_t count_of(uint64_t things, DistinctPool& pool, double* error = nullptr) {
  Distinct distinct;
  for (int round = 0; round < 2; ++round) {  // again: nothing is counted twice
    for (uint64_t i = 0; i < things; ++i) {
      distinct.insert(hash_of_number(i), pool);
    }
  }
  const uint64_t count = distinct.count(pool);
  if (error != nullptr) {
    *error = distinct.error();
  }
  distinct.clear(pool);
  return count;
}

TEST(Distinct, IsExactForFew) {
  DistinctPool pool(1U << 20U, 1U << 20U);
  for (const uint64_t things : {0U, 1U, 2U, 3U, 8U, 9U, 48U, 49U, 100U, 384U, 385U, 540U, 1536U, 6000U}) {
    double error = 1;
    EXPECT_EQ(count_of(things, pool, &error), things);
    EXPECT_EQ(error, 0) << things;
  }
  EXPECT_EQ(pool.bytes(), 0U) << "everything was given back";
}

// Of 1.04 / sqrt(4096) = 1.6 %, four standard errors.
TEST(Distinct, EstimatesManyWithinItsError) {
  DistinctPool pool(16U << 10U);
  for (const uint64_t things : {385U, 1000U, 5000U, 10'000U, 20'000U, 100'000U, 1'000'000U}) {
    double error = 0;
    const auto count = static_cast<double>(count_of(things, pool, &error));
    EXPECT_NEAR(error, 0.01625, 0.0001);
    EXPECT_NEAR(count, static_cast<double>(things), 4 * error * static_cast<double>(things)) << things;
  }
}

TEST(Distinct, NeedsNoMoreRoomWhenThePoolIsThrifty) {
  DistinctPool pool(0);
  Distinct distinct;
  for (uint64_t i = 0; i < 100'000; ++i) {
    distinct.insert(hash_of_number(i), pool);
  }
  EXPECT_EQ(pool.bytes(), 64U);
  EXPECT_NEAR(distinct.error(), 0.13, 0.001);
  EXPECT_NEAR(static_cast<double>(distinct.count(pool)), 100'000, 4 * 0.13 * 100'000);
}

// With room enough a set holds what a report's largest group has; many such groups do not take the room of small ones.
TEST(Distinct, IsExactWhileThereIsRoom) {
  constexpr size_t room = (8U << 20U) + 1;
  DistinctPool pool(1U << 20U, room);
  std::vector<Distinct> many(40);
  size_t exact = 0;
  for (auto& distinct : many) {
    for (uint64_t i = 0; i < 45'000; ++i) {
      distinct.insert(hash_of_number(i), pool);
    }
    exact += distinct.error() == 0 ? 1U : 0U;
    EXPECT_NEAR(static_cast<double>(distinct.count(pool)), 45'000, 4 * distinct.error() * 45'000);
  }
  EXPECT_EQ(exact, 16U) << "of blocks of 512 KiB";
  EXPECT_LE(pool.large_bytes(), room);
  EXPECT_LE(pool.bytes(), room + ((many.size() - exact) << 12U));
  EXPECT_FALSE(pool.thrifty());
  for (auto& distinct : many) {
    distinct.clear(pool);
  }
  EXPECT_EQ(pool.bytes(), 0U);
}

TEST(Distinct, LargeSetsGiveBackTheirRoomAsEstimates) {
  DistinctPool pool(1U << 20U, 16U << 20U);
  Distinct larger;
  Distinct smaller;
  for (uint64_t i = 0; i < 45'000; ++i) {
    larger.insert(hash_of_number(i), pool);
    smaller.insert(hash_of_number(i % 5000), pool);
  }
  const auto largest = pool.largest();
  EXPECT_EQ(largest, DistinctPool::Size::k64);
  smaller.estimate_set_of(largest, pool);
  EXPECT_EQ(smaller.error(), 0) << "it is none of them";
  larger.estimate_set_of(largest, pool);
  EXPECT_NEAR(larger.error(), 0.01625, 0.0001);
  EXPECT_NEAR(static_cast<double>(larger.count(pool)), 45'000, 4 * larger.error() * 45'000);
  EXPECT_EQ(pool.largest(), DistinctPool::Size::k8);
  smaller.estimate_set_of(pool.largest(), pool);
  EXPECT_EQ(pool.largest(), DistinctPool::Size::large) << "no more";
  EXPECT_EQ(pool.large_bytes(), 0U);
  EXPECT_EQ(pool.bytes(), 2U << 12U);
}

TEST(Distinct, SaysWhatIsSurelyNotNew) {
  DistinctPool pool(1U << 20U);
  Distinct distinct;
  std::set<uint64_t> seen;
  for (uint64_t i = 0; i < 300; ++i) {
    const uint64_t number = i * i % 97;
    EXPECT_EQ(distinct.insert(hash_of_number(number), pool), seen.insert(number).second);
  }
  EXPECT_EQ(distinct.count(pool), seen.size());
}

// Blocks that were given back are empty when they are handed out again.
TEST(Distinct, CountersDoNotDisturbEachOther) {
  DistinctPool pool(1U << 20U);
  std::vector<Distinct> many(500);
  for (size_t i = 0; i < many.size(); ++i) {
    for (uint64_t k = 0; k < i; ++k) {
      many[i].insert(hash_of_number(k), pool);
    }
    if (i % 3 == 0) {
      many[i].clear(pool);
    }
  }
  for (size_t i = 0; i < 385; ++i) {
    EXPECT_EQ(many[i].count(pool), i % 3 == 0 ? 0 : i);
  }
}

// Of two counters in pools of their own, whatever forms they have: as if one had seen everything.
TEST(Distinct, MergedIsAsSeenByOne) {
  for (const uint64_t mine : {0U, 1U, 5U, 30U, 300U, 5000U, 50'000U}) {
    for (const uint64_t theirs : {0U, 1U, 5U, 30U, 300U, 5000U, 50'000U}) {
      for (const size_t budget : {size_t{0}, size_t{1} << 20U}) {  // the thrifty one has small sketches
        DistinctPool pool(size_t{1} << 20U, size_t{1} << 19U);
        DistinctPool other_pool(budget, budget / 2);
        Distinct distinct;
        Distinct other;
        for (uint64_t i = 0; i < mine; ++i) {
          distinct.insert(hash_of_number(i), pool);
        }
        for (uint64_t i = 0; i < theirs; ++i) {
          other.insert(hash_of_number(mine / 2 + i), other_pool);
        }
        distinct.merge(other, other_pool, pool);
        const auto truth = static_cast<double>(std::max(mine, mine / 2 + theirs));
        EXPECT_NEAR(static_cast<double>(distinct.count(pool)), truth, 4 * distinct.error() * truth)
            << mine << " and " << theirs;
        EXPECT_GE(distinct.error() + 1e-9, other.error());
        distinct.clear(pool);
        EXPECT_EQ(pool.bytes(), 0U) << "every block was given back";
      }
    }
  }
}

// A large sketch folded into a small one is the small one that had seen the same.
TEST(Distinct, ASketchFoldsExactly) {
  DistinctPool large_pool(size_t{1} << 20U);
  DistinctPool small_pool(0);
  Distinct large;
  Distinct small;
  for (uint64_t i = 0; i < 20'000; ++i) {
    large.insert(hash_of_number(i), large_pool);
    small.insert(hash_of_number(i), small_pool);
  }
  const uint64_t before = small.count(small_pool);
  ASSERT_LT(large.error(), small.error());
  small.merge(large, large_pool, small_pool);
  EXPECT_EQ(small.count(small_pool), before);
  large.merge(small, small_pool, large_pool);
  EXPECT_EQ(large.count(large_pool), before);
}

}  // namespace
}  // namespace ipguard::report
