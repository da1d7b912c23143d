#include "base/hash_index.h"

#include <gtest/gtest.h>

#include <map>
#include <random>
#include <vector>

namespace ipguard {
namespace {

TEST(HashIndex, FindsWhatItHoldsAndNothingElse) {
  HashIndex index;
  const auto any = [](uint32_t) { return true; };
  EXPECT_EQ(index.find(1, any), HashIndex::none);
  index.add(1, 10);
  index.add(2, 20);
  EXPECT_EQ(index.find(1, any), 10U);
  EXPECT_EQ(index.find(2, any), 20U);
  EXPECT_EQ(index.find(3, any), HashIndex::none);
  EXPECT_EQ(index.find(1, [](uint32_t number) { return number != 10; }), HashIndex::none);
  index.remove(1, 10);
  EXPECT_EQ(index.find(1, any), HashIndex::none);
  EXPECT_EQ(index.find(2, any), 20U);
  EXPECT_EQ(index.size(), 1U);
}

TEST(HashIndex, OfEqualThingsTheFirstIsFoundThroughAllGrowth) {
  HashIndex index;
  const auto is_equal = [](uint32_t number) { return number >= 1000; };
  for (uint32_t i = 0; i < 1000; ++i) {
    index.add(i % 7, i < 2 ? 1000 + i : i);
    index.add(0, 2000 + i);
  }
  EXPECT_EQ(index.find(0, is_equal), 1000U);
}

// Against a map, with few different hashes so that many places are contested.
TEST(HashIndex, SaysWhatAMapSays) {
  std::mt19937 random(3);
  for (const uint64_t hashes : {5U, 100U, 100'000U}) {
    HashIndex index;
    std::map<uint32_t, uint64_t> known;  // numbers and their hashes
    for (int step = 0; step < 20'000; ++step) {
      const auto number = static_cast<uint32_t>(random() % 500);
      const auto entry = known.find(number);
      if (entry == known.end()) {
        const uint64_t hash = random() % hashes << 40U;
        known.emplace(number, hash);
        index.add(hash, number);
      } else {
        ASSERT_EQ(index.find(entry->second, [&](uint32_t each) { return each == number; }), number);
        index.remove(entry->second, number);
        ASSERT_EQ(index.find(entry->second, [&](uint32_t each) { return each == number; }), HashIndex::none);
        known.erase(entry);
      }
      ASSERT_EQ(index.size(), known.size());
    }
    for (const auto& [number, hash] : known) {
      ASSERT_EQ(index.find(hash, [&](uint32_t each) { return each == number; }), number);
    }
  }
}

}  // namespace
}  // namespace ipguard
