#include "decide/recent_table.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <list>
#include <random>
#include <string>

namespace ipguard::decide {
namespace {

struct Named {
  uint32_t key = 0;
  std::string text;
};
struct NamedTraits {
  static const uint32_t& key_of(const Named& named) { return named.key; }
  static uint64_t hash_of(uint32_t key) { return key % 50; }
};
using Table = RecentTable<Named, NamedTraits, 2>;

std::string text_of(Table& table, size_t list) {
  std::string text;
  table.each(list, [&](const Named& named) { text += std::to_string(named.key) + " "; });
  return text;
}

TEST(RecentTable, KnowsWhoWasHeardOfLeastRecently) {
  Table table;
  EXPECT_EQ(table.oldest(), Table::none);
  const auto one = table.add({.key = 1, .text = "one"});
  table.add({.key = 2, .text = "two"});
  const auto three = table.add({.key = 3, .text = "three"});
  EXPECT_EQ(text_of(table, 0), "1 2 3 ");
  table.refresh(one);
  table.refresh(one);
  EXPECT_EQ(text_of(table, 0), "2 3 1 ");
  table.refresh(three, 1);
  EXPECT_EQ(text_of(table, 0), "2 1 ");
  EXPECT_EQ(text_of(table, 1), "3 ");
  EXPECT_EQ(table.list_of(three), 1U);
  table.refresh(three, 0);
  EXPECT_EQ(text_of(table, 0), "2 1 3 ");
  EXPECT_EQ(table.find(2), table.oldest());
  table.erase(table.find(1));
  EXPECT_EQ(text_of(table, 0), "2 3 ");
  EXPECT_EQ(table.find(1), Table::none);
  EXPECT_EQ(table.at(table.find(2)).text, "two");
  EXPECT_EQ(table.size(), 2U);
}

// Against two lists that are searched through.
TEST(RecentTable, SaysWhatListsSay) {
  std::mt19937 random(5);
  Table table;
  std::array<std::list<uint32_t>, 2> lists;
  for (int step = 0; step < 30'000; ++step) {
    const auto key = static_cast<uint32_t>(random() % 300);
    const size_t list = random() % 2;
    const auto number = table.find(key);
    const bool known = std::ranges::count(lists[0], key) + std::ranges::count(lists[1], key) > 0;
    ASSERT_EQ(number != Table::none, known);
    if (!known) {
      table.add({.key = key, .text = std::to_string(key)}, list);
      lists.at(list).push_back(key);
      continue;
    }
    ASSERT_EQ(table.at(number).text, std::to_string(key));
    lists[0].remove(key);
    lists[1].remove(key);
    if (random() % 3 == 0) {
      table.erase(number);
    } else {
      table.refresh(number, list);
      lists.at(list).push_back(key);
    }
    for (size_t i = 0; i < 2; ++i) {
      ASSERT_EQ(table.size(i), lists.at(i).size());
      ASSERT_EQ(table.oldest(i) == Table::none, lists.at(i).empty());
      ASSERT_TRUE(lists.at(i).empty() || table.at(table.oldest(i)).key == lists.at(i).front());
    }
  }
}

}  // namespace
}  // namespace ipguard::decide
