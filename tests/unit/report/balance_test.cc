#include "report/balance.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "moments.h"

namespace ipguard::report {
namespace {

model::Decision decision(const std::string& target, int64_t since, int64_t until, const std::string& rule = "web/a") {
  model::Decision result;
  result.target = *model::Target::parse(target);
  if (model::is_network(result.target.scope)) {
    result.cover({result.target.prefix});
  }
  result.rule = rule;
  result.since = at(since);
  result.until = at(until);
  return result;
}

bool any(const DecisionRow& /*row*/) { return true; }

bool hit(Balance& balance, const std::string& from, int64_t second, const std::string& rule = "web/a") {
  const auto by = address(from);
  return balance.hit(rule, &by, at(second));
}

TEST(Balance, CountsWhatABanWouldHaveStopped) {
  Balance balance;
  EXPECT_FALSE(hit(balance, "192.0.2.7", 5));
  balance.begin(decision("192.0.2.7", 10, 100));
  EXPECT_FALSE(hit(balance, "192.0.2.8", 20)) << "another address";
  EXPECT_FALSE(hit(balance, "192.0.2.7", 9)) << "it came before, and was logged later";
  EXPECT_TRUE(hit(balance, "192.0.2.7", 20));
  EXPECT_TRUE(hit(balance, "192.0.2.7", 99, "web/b"));
  EXPECT_FALSE(hit(balance, "192.0.2.7", 100)) << "it is over";
  balance.end(*model::Target::parse("192.0.2.7"), at(100));
  EXPECT_FALSE(hit(balance, "192.0.2.7", 20)) << "it was lifted";
  const auto result = balance.result(10, any);
  ASSERT_EQ(result.decisions.size(), 1U);
  EXPECT_EQ(result.decisions[0].stopped, 2U);
  EXPECT_EQ(result.total.stopped, 2U);
  ASSERT_EQ(result.rules.size(), 2U);
  EXPECT_EQ(result.rules[0].name, "web/a");
  EXPECT_EQ(result.rules[0].stopped, 2U) << "the ban is that rule's, whatever it stops";
  EXPECT_EQ(result.rules[0].hits, 6U);
}

// Hits of one line come one after the other, and it is one line that is stopped, by what was decided before it.
TEST(Balance, CountsALineOnceAndNotForWhatItLeadsTo) {
  Balance balance;
  const auto by = address("192.0.2.7");
  EXPECT_FALSE(balance.hit("web/a", &by, at(5), false));
  balance.begin(decision("192.0.2.7", 5, 100));
  EXPECT_FALSE(balance.hit("web/b", &by, at(5), true)) << "the line came before the ban that its first hit led to";
  EXPECT_TRUE(balance.hit("web/a", &by, at(5), false)) << "the next line of that second";
  EXPECT_TRUE(balance.hit("web/b", &by, at(5), true));
  balance.end(*model::Target::parse("192.0.2.7"), at(5));
  EXPECT_FALSE(balance.hit("web/a", &by, at(5), false));
  const auto result = balance.result(10, any);
  EXPECT_EQ(result.total.stopped, 1U);
  EXPECT_EQ(result.decisions[0].stopped, 1U);
  EXPECT_EQ(result.rules[0].hits + result.rules[1].hits, 5U);
}

// Each ban is told what it would have done by itself; in all, and for each rule and scope, a line is stopped once.
TEST(Balance, BansWithinEachOther) {
  Balance balance;
  balance.begin(decision("192.0.2.7", 10, 100));
  balance.begin(decision("192.0.2.0/24", 20, 200));
  auto wide = decision("AS64500", 30, 300);
  wide.cover({*net::Prefix::parse("192.0.0.0/16"), *net::Prefix::parse("2001:db8::/32")});
  balance.begin(wide);
  EXPECT_TRUE(hit(balance, "192.0.2.7", 40));
  EXPECT_TRUE(hit(balance, "192.0.9.9", 40));
  EXPECT_TRUE(hit(balance, "2001:db8::1", 40));
  EXPECT_TRUE(hit(balance, "192.0.2.7", 150));
  const auto result = balance.result(10, any);
  EXPECT_EQ(result.decisions[0].stopped, 1U);
  EXPECT_EQ(result.decisions[1].stopped, 2U);
  EXPECT_EQ(result.decisions[2].stopped, 4U);
  EXPECT_EQ(result.total.stopped, 4U);
  EXPECT_EQ(result.scopes[static_cast<size_t>(model::Scope::asn)].addresses_covered, 65'536U);
  EXPECT_EQ(result.scopes[static_cast<size_t>(model::Scope::asn)].ipv6_64s_covered, uint64_t{1} << 32U);
  EXPECT_EQ(result.scopes[static_cast<size_t>(model::Scope::route)].stopped, 2U);
  ASSERT_EQ(result.rules.size(), 1U);
  EXPECT_EQ(result.rules[0].stopped, 4U);
  EXPECT_EQ(result.rules[0].ipv6_64s_covered, uint64_t{1} << 32U);
}

// A line that two bans would have stopped is one line, also for those that a filter chooses.
TEST(Balance, CountsALineOnceForAllThatFit) {
  Balance balance({}, [](const DecisionRow& row) { return row.rule == "web/a"; });
  balance.begin(decision("192.0.2.7", 10, 100));
  balance.begin(decision("192.0.2.0/24", 10, 100));
  balance.begin(decision("198.51.100.0/24", 10, 100, "web/b"));
  EXPECT_TRUE(hit(balance, "192.0.2.7", 20));
  EXPECT_TRUE(hit(balance, "192.0.2.8", 20));
  EXPECT_TRUE(hit(balance, "198.51.100.1", 20));
  const auto result = balance.result(10);
  EXPECT_EQ(result.fitting, 2U);
  EXPECT_EQ(result.decisions.size(), 2U);
  EXPECT_EQ(result.fitting_stopped, 2U);
  EXPECT_EQ(result.total.stopped, 3U);
  EXPECT_EQ(result.total.decisions, 3U);
  EXPECT_EQ(Balance().result(10).fitting_stopped, 0U);
}

// One client is one, by however many bans it was met.
TEST(Balance, TellsClientsApart) {
  Balance balance;
  const std::vector<net::Prefix> known = {*net::Prefix::parse("192.0.2.9"), *net::Prefix::parse("192.0.2.10")};
  balance.begin(decision("192.0.2.0/24", 10, 100), known);
  balance.good_client(address("192.0.2.11"), at(20));
  auto wide = decision("AS64500", 30, 300, "web/b");
  wide.cover({*net::Prefix::parse("192.0.0.0/16")});
  balance.begin(wide, known);
  balance.good_client(address("192.0.2.11"), at(40));
  balance.end(*model::Target::parse("192.0.2.0/24"), at(50));
  balance.begin(decision("192.0.2.0/24", 60, 200), known);
  balance.good_client(address("192.0.2.11"), at(70));
  const auto result = balance.result(10);
  EXPECT_EQ(result.total.decisions, 3U);
  EXPECT_EQ(result.total.good_clients, 2U);
  EXPECT_EQ(result.total.turned_away, 1U);
  ASSERT_EQ(result.rules.size(), 2U);
  for (const auto& row : {result.rules[0], result.rules[1], result.scopes[static_cast<size_t>(model::Scope::route)],
                          result.scopes[static_cast<size_t>(model::Scope::asn)]}) {
    EXPECT_EQ(row.good_clients, 2U) << row.name;
    EXPECT_EQ(row.turned_away, 1U) << row.name;
  }
  EXPECT_EQ(result.decisions[0].turned_away, 1U) << "each by itself";
}

TEST(Balance, CountsGoodClientsOnce) {
  Balance balance;
  balance.begin(decision("192.0.2.0/24", 10, 100));
  balance.good_client(address("192.0.2.9"), at(20));
  balance.good_client(address("192.0.2.9"), at(30));
  balance.good_client(address("192.0.2.10"), at(30));
  balance.good_client(address("198.51.100.1"), at(30));
  const auto row = balance.result(10, any).decisions[0];
  EXPECT_EQ(row.turned_away, 2U);
  EXPECT_EQ(row.turned_away_clients, std::vector({address("192.0.2.9"), address("192.0.2.10")}));
  EXPECT_EQ(balance.total().turned_away, 2U);
}

// Of very many decisions those that stopped most stay, and the sums hold all.
TEST(Balance, IsBounded) {
  constexpr size_t kept = 100;
  Balance balance({.ended = kept});
  for (int i = 0; i < 1000; ++i) {
    const std::string from = "198.18." + std::to_string(i / 256) + '.' + std::to_string(i % 256);
    balance.begin(decision(from, i, i + 10));
    for (int hits = 0; hits < i % 50; ++hits) {
      hit(balance, from, i + 1);
    }
    balance.end(*model::Target::parse(from), at(i + 10));
  }
  const auto result = balance.result(10'000, any);
  EXPECT_EQ(result.total.decisions, 1000U);
  EXPECT_EQ(result.total.stopped, 20U * (49 * 50 / 2));
  EXPECT_LE(result.decisions.size(), 2 * kept);
  EXPECT_GE(result.decisions.size(), kept);
  size_t best = 0;
  for (const auto& row : result.decisions) {
    best += row.stopped == 49 ? 1 : 0;
  }
  EXPECT_EQ(best, 20U);
  EXPECT_EQ(balance.result(5, any).decisions.size(), 5U);
}

// Of more decisions in force than there is memory for, those stay that stop something, and the sums hold all.
TEST(Balance, KeepsWithinItsMemory) {
  constexpr size_t memory = 100'000;
  Balance balance({.bytes = memory});
  for (int i = 0; i < 2000; ++i) {
    const std::string from = "198.18." + std::to_string(i / 256) + '.' + std::to_string(i % 256);
    balance.begin(decision(from, i, 1'000'000));
    hit(balance, i % 10 == 0 ? from : "198.18.0.0", i + 1);
    ASSERT_LE(balance.bytes(), memory);
  }
  const auto result = balance.result(10'000, any);
  EXPECT_EQ(result.total.decisions, 2000U);
  EXPECT_EQ(balance.given_up() + result.decisions.size(), 2000U);
  EXPECT_GT(result.decisions.size(), 50U);
  const auto best = std::ranges::max(result.decisions, {}, &DecisionRow::stopped);
  EXPECT_EQ(best.target.to_string(), "198.18.0.0");
  EXPECT_EQ(best.stopped, 1801U);
  for (const auto& row : result.decisions) {
    balance.end(row.target, at(2'000'000));
  }
  balance.forget_ended(at(3'000'000));
  EXPECT_TRUE(balance.result(10, any).decisions.empty());
  EXPECT_EQ(balance.bytes(), 0U);
}

TEST(Balance, SumsAreTakenPieceByPiece) {
  Balance balance;
  balance.adopt(decision("192.0.2.1", 0, 100));
  hit(balance, "192.0.2.1", 1);
  const auto first = balance.take_sums();
  EXPECT_EQ(first.total().decisions, 0U) << "it began before";
  EXPECT_EQ(first.total().stopped, 1U);
  hit(balance, "192.0.2.1", 2);
  hit(balance, "192.0.2.1", 3);
  auto sums = balance.take_sums();
  EXPECT_EQ(sums.total().stopped, 2U);
  sums.add(first);
  EXPECT_EQ(sums.total().stopped, 3U);
  EXPECT_EQ(sums.rules.size(), 1U);
  EXPECT_EQ(balance.take_sums().rules.size(), 0U);
  EXPECT_EQ(balance.result(10, any).decisions.front().stopped, 3U) << "of a decision, since it began";
}

TEST(Balance, AClientOfSeveralPiecesIsOne) {
  Balance balance;
  balance.adopt(decision("192.0.2.0/24", 0, 100));
  BalanceSums sums;
  for (int i = 1; i < 4; ++i) {
    balance.good_client(address("192.0.2.9"), at(i));
    sums.add(balance.take_sums());
  }
  EXPECT_EQ(sums.total().turned_away, 1U);
  ASSERT_EQ(sums.rules.size(), 1U);
  EXPECT_EQ(sums.counted(sums.rules[0]).turned_away, 1U);
}

}  // namespace
}  // namespace ipguard::report
