#include "net/prefix_table.h"

#include <gtest/gtest.h>

#include <random>

#include "net/prefix_set.h"

namespace ipguard::net {
namespace {

Prefix prefix(std::string_view text) { return Prefix::parse(text).value(); }

using Entries = std::vector<std::pair<Prefix, int>>;

Entries all(const PrefixTable<int>& table) {
  Entries members;
  table.each([&](const Prefix& member, int value) { members.emplace_back(member, value); });
  return members;
}

Entries inside(const PrefixTable<int>& table, const Prefix& around) {
  Entries members;
  table.each_inside(around, [&](const Prefix& member, int value) { members.emplace_back(member, value); });
  return members;
}

TEST(PrefixTable, AnswersAsOneSeesIt) {
  PrefixTable<int> table;
  EXPECT_FALSE(table.longest_covering(prefix("192.0.2.7")));
  EXPECT_TRUE(table.put(prefix("192.0.2.0/24"), 1));
  EXPECT_TRUE(table.put(prefix("192.0.0.0/16"), 2));
  EXPECT_TRUE(table.put(prefix("2001:db8::/32"), 3));
  EXPECT_TRUE(table.put(prefix("0.0.0.0/0"), 4));
  EXPECT_FALSE(table.put(prefix("192.0.2.0/24"), 5));
  EXPECT_EQ(table.size(), 4U);
  EXPECT_EQ(*table.find(prefix("192.0.2.0/24")), 5);
  EXPECT_FALSE(table.contains(prefix("192.0.2.0/25")));
  EXPECT_EQ(table.longest_covering(prefix("192.0.2.7")), prefix("192.0.2.0/24"));
  EXPECT_EQ(table.widest_covering(prefix("192.0.2.7")), prefix("0.0.0.0/0"));
  EXPECT_EQ(table.longest_covering(prefix("2001:db8::/32")), prefix("2001:db8::/32"));
  EXPECT_FALSE(table.longest_covering(prefix("2001:db8::/31")));
  EXPECT_TRUE(table.any_inside(prefix("192.0.2.0/23")));
  EXPECT_FALSE(table.any_inside(prefix("192.0.2.0/25")));
  EXPECT_EQ(inside(table, prefix("192.0.0.0/15")), (Entries{{prefix("192.0.0.0/16"), 2}, {prefix("192.0.2.0/24"), 5}}));
  EXPECT_EQ(all(table).back().first, prefix("2001:db8::/32")) << "IPv4 first";
  EXPECT_TRUE(table.erase(prefix("0.0.0.0/0")));
  EXPECT_FALSE(table.erase(prefix("0.0.0.0/0")));
  EXPECT_EQ(table.widest_covering(prefix("192.0.2.7")), prefix("192.0.0.0/16"));
  table.clear();
  EXPECT_TRUE(table.empty());
  EXPECT_TRUE(all(table).empty());
}

Prefix random_entry(std::mt19937& random) {
  if (random() % 3 == 0) {
    std::array<uint8_t, 16> bytes{0x20, 0x01, 0x0d, 0xb8};
    bytes[15] = static_cast<uint8_t>(random());
    return {Address::from_ipv6(bytes), 120U + static_cast<unsigned>(random() % 9)};
  }
  return {Address::from_ipv4(0xc0000000U + static_cast<uint32_t>(random() % 4096)),
          18U + static_cast<unsigned>(random() % 15)};
}

// Thousands of members, so that blocks are split and joined; the same as PrefixMap says.
TEST(PrefixTable, DoesWhatPrefixMapDoes) {
  for (unsigned seed = 1; seed <= 3; ++seed) {
    std::mt19937 random(seed);
    PrefixTable<int> table;
    PrefixMap<int> map;
    for (int i = 0; i < 30'000; ++i) {
      const bool growing = i / 5000 % 2 == 0;
      const Prefix what = random_entry(random);
      if (random() % 10 < (growing ? 8U : 2U)) {
        ASSERT_EQ(table.put(what, i), map.find(what) == nullptr);
        map[what] = i;
      } else {
        ASSERT_EQ(table.erase(what), map.erase(what));
      }
      const Prefix asked = random_entry(random);
      const auto* widest = map.widest_covering(asked);
      const auto* longest = map.longest_covering(asked);
      ASSERT_EQ(table.widest_covering(asked), widest ? std::optional(widest->first) : std::nullopt);
      ASSERT_EQ(table.longest_covering(asked), longest ? std::optional(longest->first) : std::nullopt);
      if (i % 200 == 0) {
        Entries expected;
        for (const auto* member : map.inside(asked)) {
          expected.emplace_back(*member);
        }
        ASSERT_EQ(inside(table, asked), expected);
        ASSERT_EQ(table.any_inside(asked), !expected.empty());
        ASSERT_EQ(all(table), Entries(map.members().begin(), map.members().end()));
      }
    }
  }
}

TEST(PrefixTable, StopsWhenItIsToldTo) {
  PrefixTable<int> table;
  for (uint32_t i = 0; i < 1000; ++i) {
    table.put(Prefix(Address::from_ipv4(i)), 0);
  }
  table.put(prefix("2001:db8::1"), 0);
  int seen = 0;
  table.each_while([&](const Prefix&, int) { return ++seen < 300; });
  EXPECT_EQ(seen, 300);
}

}  // namespace
}  // namespace ipguard::net
