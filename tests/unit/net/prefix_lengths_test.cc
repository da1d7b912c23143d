#include "net/prefix_lengths.h"

#include <gtest/gtest.h>

#include <random>
#include <vector>

namespace ipguard::net {
namespace {

std::vector<unsigned> upwards(const PrefixLengths& lengths, Family family, unsigned most) {
  std::vector<unsigned> result;
  EXPECT_FALSE(lengths.any_upwards(family, most, [&](unsigned length) {
    result.push_back(length);
    return false;
  }));
  return result;
}

std::vector<unsigned> downwards(const PrefixLengths& lengths, Family family, unsigned most) {
  std::vector<unsigned> result;
  EXPECT_FALSE(lengths.any_downwards(family, most, [&](unsigned length) {
    result.push_back(length);
    return false;
  }));
  return result;
}

Prefix of(Family family, unsigned length) {
  return {family == Family::ipv4 ? Address::from_ipv4(0) : Address(), length};
}

TEST(PrefixLengths, NamesEachLengthInUseOnce) {
  PrefixLengths lengths;
  for (const unsigned length : {128U, 0U, 64U, 63U, 127U, 64U}) {
    lengths.add(of(Family::ipv6, length));
  }
  EXPECT_EQ(upwards(lengths, Family::ipv6, 128), (std::vector<unsigned>{0, 63, 64, 127, 128}));
  EXPECT_EQ(downwards(lengths, Family::ipv6, 128), (std::vector<unsigned>{128, 127, 64, 63, 0}));
  EXPECT_EQ(upwards(lengths, Family::ipv6, 64), (std::vector<unsigned>{0, 63, 64}));
  EXPECT_EQ(downwards(lengths, Family::ipv6, 63), (std::vector<unsigned>{63, 0}));
  EXPECT_EQ(upwards(lengths, Family::ipv4, 32), std::vector<unsigned>{});
  lengths.remove(of(Family::ipv6, 64));
  EXPECT_EQ(upwards(lengths, Family::ipv6, 100), (std::vector<unsigned>{0, 63, 64})) << "another one is there";
  lengths.remove(of(Family::ipv6, 64));
  EXPECT_EQ(upwards(lengths, Family::ipv6, 100), (std::vector<unsigned>{0, 63}));
}

TEST(PrefixLengths, EndsAtTheFirstThatFits) {
  PrefixLengths lengths;
  lengths.add(of(Family::ipv4, 8));
  lengths.add(of(Family::ipv4, 24));
  lengths.add(of(Family::ipv4, 32));
  unsigned asked = 0;
  const auto fits = [&asked](unsigned length) {
    ++asked;
    return length == 24;
  };
  EXPECT_TRUE(lengths.any_upwards(Family::ipv4, 32, fits));
  EXPECT_EQ(asked, 2U);
  EXPECT_TRUE(lengths.any_downwards(Family::ipv4, 32, fits));
  EXPECT_EQ(asked, 4U);
  EXPECT_FALSE(lengths.any_upwards(Family::ipv4, 23, fits));
}

TEST(PrefixLengths, SaysWhatCountingSays) {
  std::mt19937 random(9);
  PrefixLengths lengths;
  std::vector<int> counts(129, 0);
  for (int step = 0; step < 5000; ++step) {
    const auto length = static_cast<unsigned>(random() % 129);
    if (counts[length] > 0 && random() % 2 == 0) {
      --counts[length];
      lengths.remove(of(Family::ipv6, length));
    } else {
      ++counts[length];
      lengths.add(of(Family::ipv6, length));
    }
    const auto most = static_cast<unsigned>(random() % 129);
    std::vector<unsigned> expected;
    for (unsigned i = 0; i <= most; ++i) {
      if (counts[i] > 0) {
        expected.push_back(i);
      }
    }
    ASSERT_EQ(upwards(lengths, Family::ipv6, most), expected);
    ASSERT_EQ(downwards(lengths, Family::ipv6, most), std::vector<unsigned>(expected.rbegin(), expected.rend()));
  }
}

}  // namespace
}  // namespace ipguard::net
