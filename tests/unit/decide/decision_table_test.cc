#include "decide/decision_table.h"

#include <gtest/gtest.h>

#include "world.h"

namespace ipguard::decide {
namespace {

using test::address;
using test::at;
using test::prefix;
using test::target;

model::Decision decision(std::string_view what, std::optional<int64_t> until, std::vector<net::Prefix> prefixes = {}) {
  model::Decision result;
  result.target = target(what);
  result.prefixes = prefixes.empty() ? std::vector{result.target.prefix} : std::move(prefixes);
  result.since = at(0);
  result.reason = "reason";
  if (until) {
    result.until = at(*until);
  }
  return result;
}

std::vector<std::string> names(const std::vector<const DecisionTable::Entry*>& entries) {
  std::vector<std::string> result;
  result.reserve(entries.size());
  for (const auto* entry : entries) {
    result.push_back(entry->decision.target.to_string());
  }
  return result;
}

TEST(DecisionTable, FindsWhatCoversNarrowestFirst) {
  DecisionTable table;
  table.begin(decision("AS64500", 60, {prefix("192.0.2.0/24"), prefix("2001:db8::/48")}));
  table.begin(decision("192.0.0.0/16", 60));
  table.begin(decision("192.0.2.0/26", 60));
  table.begin(decision("192.0.2.7", 60));
  table.begin(decision("192.0.2.8", 60));
  using Names = std::vector<std::string>;
  EXPECT_EQ(names(table.covering(prefix("192.0.2.7"))),
            (Names{"192.0.2.7", "192.0.2.0/26", "192.0.0.0/16", "AS64500"}));
  EXPECT_EQ(names(table.covering(prefix("192.0.2.64/26"))), (Names{"192.0.0.0/16", "AS64500"}));
  EXPECT_EQ(names(table.covering(prefix("2001:db8::1"))), Names{"AS64500"});
  EXPECT_TRUE(table.covers(address("192.0.2.9")));
  EXPECT_FALSE(table.covers(address("198.51.100.1")));
  table.end(target("192.0.0.0/16"), Ending::lifted, at(1));
  table.end(target("AS64500"), Ending::lifted, at(1));
  EXPECT_FALSE(table.covers(address("192.0.2.100")));
  EXPECT_TRUE(table.covers(address("192.0.2.8")));
}

TEST(DecisionTable, ExpiresInOrderOfTheEnds) {
  DecisionTable table;
  EXPECT_EQ(table.next_expiry(), std::nullopt);
  table.begin(decision("192.0.2.1", 300));
  table.begin(decision("192.0.2.2", 100));
  table.begin(decision("192.0.2.3", std::nullopt));
  table.begin(decision("192.0.2.4", 100));
  EXPECT_EQ(table.next_expiry(), at(100));
  EXPECT_TRUE(table.due(at(99), 10).empty());
  EXPECT_EQ(table.due(at(100), 10), (std::vector{target("192.0.2.2"), target("192.0.2.4")}));
  EXPECT_EQ(table.due(at(100'000), 10).size(), 3U);
  EXPECT_EQ(table.due(at(100'000), 2).size(), 2U);
  EXPECT_EQ(names(table.all()), (std::vector<std::string>{"192.0.2.1", "192.0.2.2", "192.0.2.3", "192.0.2.4"}));
}

TEST(DecisionTable, RenewalKeepsTheNumber) {
  DecisionTable table;
  const Owner id = table.begin(decision("192.0.2.1", 300)).id;
  const auto& renewed = table.renew(decision("192.0.2.1", 900), at(50));
  EXPECT_EQ(renewed.id, id);
  EXPECT_EQ(table.next_expiry(), at(900));
  EXPECT_EQ(table.size(), 1U);
  const auto changes = table.take_changes();
  ASSERT_EQ(changes.size(), 2U);
  EXPECT_EQ(changes[1].ending, std::nullopt);
  EXPECT_EQ(changes[1].at, at(50));
  EXPECT_TRUE(table.take_changes().empty());
}

TEST(DecisionTable, RestoringIsNotReported) {
  DecisionTable table;
  const Owner id = table.restore(decision("192.0.2.1", 300)).id;
  EXPECT_EQ(table.restore(decision("192.0.2.1", 400)).id, id);
  EXPECT_TRUE(table.take_changes().empty());
  EXPECT_EQ(table.next_expiry(), at(400));
}

TEST(DecisionTable, CountsEarlierBans) {
  DecisionTable table;
  const auto what = target("192.0.2.1");
  EXPECT_EQ(table.past(what), nullptr);
  table.begin(decision("192.0.2.1", 300));
  table.end(what, Ending::refused, at(1));
  EXPECT_EQ(table.past(what), nullptr);  // it blocked nobody
  table.begin(decision("192.0.2.1", 300));
  table.end(what, Ending::expired, at(300));
  EXPECT_EQ(table.past(what)->bans, 1U);
  EXPECT_EQ(table.past(what)->last_end, at(300));
  auto later = decision("192.0.2.1", 900);
  later.repeat = 5;  // as the store remembers it
  table.begin(later);
  table.end(what, Ending::lifted, at(500));
  EXPECT_EQ(table.past(what)->bans, 6U);
  table.restore_past(target("AS64500"), 2, at(7));
  EXPECT_EQ(table.past(target("AS64500"))->bans, 2U);
}

TEST(DecisionTable, KnowsWhenABanRanOutByItself) {
  DecisionTable table;
  const auto what = target("192.0.2.1");
  table.begin(decision("192.0.2.1", 300));
  EXPECT_FALSE(table.was_banned(what, at(10)));  // it is active, not past
  table.end(what, Ending::expired, at(300));
  EXPECT_TRUE(table.was_banned(what, at(0)));
  EXPECT_TRUE(table.was_banned(what, at(299)));
  EXPECT_FALSE(table.was_banned(what, at(300)));
  table.begin(decision("192.0.2.1", 900));
  table.end(what, Ending::lifted, at(500));
  EXPECT_FALSE(table.was_banned(what, at(400)));  // who lifted it meant it
}

TEST(DecisionTable, KeepsEndedOnesNewestFirstWithTheReason) {
  DecisionTable table;
  table.pass(decision("192.0.2.1", 10));
  table.begin(decision("192.0.2.1", 300));
  table.begin(decision("192.0.2.2", 300));
  table.end(target("192.0.2.2"), Ending::lifted, at(1));
  table.end(target("192.0.2.1"), Ending::refused, at(2), "protected: own address");
  const auto ended = table.ended(target("192.0.2.1"));
  ASSERT_EQ(ended.size(), 2U);
  EXPECT_EQ(ended[0].ending, Ending::refused);
  EXPECT_EQ(ended[0].decision.reason, "reason; refused: protected: own address");
  EXPECT_EQ(ended[1].ending, Ending::expired);
  EXPECT_EQ(ended[1].at, at(10));
}

TEST(DecisionTable, IsBounded) {
  DecisionTable table({.active = 2, .past = 2, .ended = 2});
  for (int i = 1; i <= 4; ++i) {
    table.pass(decision("192.0.2." + std::to_string(i), i));
  }
  EXPECT_EQ(table.past(target("192.0.2.2")), nullptr);
  EXPECT_NE(table.past(target("192.0.2.3")), nullptr);
  EXPECT_TRUE(table.ended(target("192.0.2.2")).empty());
  EXPECT_EQ(table.ended(target("192.0.2.4")).size(), 1U);
  auto again = decision("192.0.2.3", 50);  // later again: .4 is the older one now
  again.repeat = 1;
  table.pass(std::move(again));
  table.pass(decision("192.0.2.5", 60));
  EXPECT_EQ(table.past(target("192.0.2.4")), nullptr);
  EXPECT_EQ(table.past(target("192.0.2.3"))->bans, 2U);
  EXPECT_FALSE(table.full());
  table.begin(decision("192.0.2.1", 300));
  table.begin(decision("192.0.2.2", 300));
  EXPECT_TRUE(table.full());
}

TEST(DecisionTable, EndingsHaveNames) {
  EXPECT_EQ(to_string(Ending::expired), "expired");
  EXPECT_EQ(to_string(Ending::lifted), "lifted");
  EXPECT_EQ(to_string(Ending::refused), "refused");
}

}  // namespace
}  // namespace ipguard::decide
