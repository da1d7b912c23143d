#include "report/distinct.h"

#include <gtest/gtest.h>

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
  DistinctPool pool(1U << 20U);
  for (const uint64_t things : {0U, 1U, 2U, 3U, 8U, 9U, 48U, 49U, 100U, 384U}) {
    double error = 1;
    EXPECT_EQ(count_of(things, pool, &error), things);
    EXPECT_EQ(error, 0) << things;
  }
  EXPECT_EQ(pool.bytes(), 0U) << "everything was given back";
}

// Of 1.04 / sqrt(4096) = 1.6 %, four standard errors.
TEST(Distinct, EstimatesManyWithinItsError) {
  DistinctPool pool(1U << 20U);
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

}  // namespace
}  // namespace ipguard::report
