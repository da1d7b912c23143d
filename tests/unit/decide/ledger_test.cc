#include "decide/ledger.h"

#include <gtest/gtest.h>

#include <map>
#include <random>
#include <set>

#include "world.h"

namespace ipguard::decide {
namespace {

using test::address;
using test::at;
using test::rule;

LineReference line(std::string_view text, uint64_t offset = 0) {
  return {.path = "/var/log/auth.log", .offset = offset, .text = text};
}

std::optional<model::Offence> hit(OffenceLedger& ledger, const model::Rule& rule, const net::Address& from,
                                  TimePoint time, const LineReference& reference, std::string_view value = {}) {
  return ledger.hit({.rule = &rule, .address = from, .time = time, .user = {}, .distinct = value, .line = {}}, time,
                    reference);
}

TEST(Ledger, CountsWithinTheWindow) {
  const struct {
    std::string_view name;
    uint32_t threshold;
    std::vector<int64_t> times;    // in order of arrival
    std::vector<size_t> offences;  // after which of them
  } cases[] = {
      {"in order", 3, {0, 10, 20}, {2}},
      {"exactly a window apart", 3, {0, 300, 600}, {2}},
      {"a second too long", 3, {0, 300, 601}, {}},
      {"sliding", 3, {0, 500, 700, 800}, {3}},
      {"afresh after an offence", 3, {0, 1, 2, 3, 4, 5}, {2, 5}},
      {"first hit", 1, {0, 1}, {0, 1}},
      {"a little out of order", 3, {10, 5, 0}, {2}},
      {"an older one completes the window", 3, {100, 701, 699, 110}, {3}},
      {"older stretch of log read later", 3, {5000, 5001, 0, 1, 2}, {4}},
      {"one clock ahead does not keep others from counting", 2, {90000, 0, 1}, {2}},
      {"threshold zero is taken for one", 0, {0}, {0}},
  };
  for (const auto& c : cases) {
    OffenceLedger ledger(config::LimitsConfig{});
    const auto r = rule("r", c.threshold);
    std::vector<size_t> offences;
    for (size_t i = 0; i < c.times.size(); ++i) {
      if (hit(ledger, r, address("192.0.2.7"), at(c.times[i]), line("x"))) {
        offences.push_back(i);
      }
    }
    EXPECT_EQ(offences, c.offences) << c.name;
  }
}

TEST(Ledger, CountsDifferentValues) {
  OffenceLedger ledger(config::LimitsConfig{});
  auto r = rule("r", 3);
  r.distinct.emplace();
  const auto from = address("192.0.2.7");
  EXPECT_FALSE(hit(ledger, r, from, at(0), line("x"), "/a"));
  EXPECT_FALSE(hit(ledger, r, from, at(1), line("x"), "/b"));
  EXPECT_FALSE(hit(ledger, r, from, at(2), line("x"), "/b"));
  EXPECT_FALSE(hit(ledger, r, from, at(3), line("x"), "/a"));
  EXPECT_EQ(ledger.counting(from, at(3)).front().count, 2U);
  EXPECT_TRUE(hit(ledger, r, from, at(4), line("x"), "/c"));
  // A value seen again counts from then on: "/a" of 0 s would be out of the window.
  EXPECT_FALSE(hit(ledger, r, from, at(1000), line("x"), "/a"));
  EXPECT_FALSE(hit(ledger, r, from, at(1500), line("x"), "/a"));
  EXPECT_FALSE(hit(ledger, r, from, at(2050), line("x"), "/b"));
  EXPECT_TRUE(hit(ledger, r, from, at(2090), line("x"), "/c"));
}

TEST(Ledger, SharedCountersAddUpWeights) {
  OffenceLedger ledger(config::LimitsConfig{});
  auto light = rule("service/light", 10);
  auto heavy = rule("service/heavy", 10);
  light.counter = heavy.counter = "service";
  heavy.weight = 6;
  const auto from = address("192.0.2.7");
  EXPECT_FALSE(hit(ledger, light, from, at(0), line("x")));
  EXPECT_FALSE(hit(ledger, heavy, from, at(1), line("x")));
  EXPECT_EQ(ledger.counting(from, at(1)).front().count, 7U);
  EXPECT_EQ(ledger.counting(from, at(1)).front().rule, "service");
  const auto offence = hit(ledger, heavy, from, at(2), line("x"));
  ASSERT_TRUE(offence);
  EXPECT_EQ(offence->rule, "service/heavy");
  EXPECT_GE(offence->count, 10U);
  EXPECT_TRUE(ledger.counting(from, at(2)).empty());
}

TEST(Ledger, AnOffenceTellsWhatItRestsOn) {
  OffenceLedger ledger({.offenders = 10, .evidence_lines = 2, .evidence_bytes = 4});
  const auto r = rule();
  EXPECT_FALSE(hit(ledger, r, address("192.0.2.7"), at(0), line("first", 10)));
  EXPECT_FALSE(hit(ledger, r, address("192.0.2.7"), at(20), line("second", 20)));
  const auto offence = hit(ledger, r, address("192.0.2.7"), at(10), line("third", 30));
  ASSERT_TRUE(offence);
  EXPECT_EQ(offence->rule, r.id);
  EXPECT_EQ(offence->count, 3U);
  EXPECT_EQ(offence->first, at(0));
  EXPECT_EQ(offence->last, at(20));
  ASSERT_EQ(offence->lines.size(), 2U);  // the latest to arrive, in order of time
  EXPECT_EQ(offence->lines[0].text, "thir");
  EXPECT_EQ(offence->lines[0].offset, 30U);
  EXPECT_EQ(offence->lines[1].text, "seco");
  EXPECT_EQ(offence->lines[1].path, "/var/log/auth.log");
  EXPECT_EQ(ledger.size(), 0U);
}

TEST(Ledger, KeepsNoLinesWhenToldSo) {
  OffenceLedger ledger({.offenders = 10, .evidence_lines = 0, .evidence_bytes = 100});
  const auto offence = hit(ledger, rule("r", 1), address("192.0.2.7"), at(0), line("x"));
  ASSERT_TRUE(offence);
  EXPECT_TRUE(offence->lines.empty());
}

TEST(Ledger, PairsCountApart) {
  OffenceLedger ledger(config::LimitsConfig{});
  const auto a = rule("a", 2);
  const auto b = rule("b", 2);
  EXPECT_FALSE(hit(ledger, a, address("192.0.2.7"), at(0), line("x")));
  EXPECT_FALSE(hit(ledger, b, address("192.0.2.7"), at(1), line("x")));
  EXPECT_FALSE(hit(ledger, a, address("192.0.2.8"), at(2), line("x")));
  EXPECT_TRUE(hit(ledger, a, address("192.0.2.7"), at(3), line("x")));
  EXPECT_EQ(ledger.size(), 2U);
}

TEST(Ledger, GivesUpTheLeastRecentlyHitWhenFull) {
  OffenceLedger ledger({.offenders = 2, .evidence_lines = 1, .evidence_bytes = 10});
  const auto r = rule("r", 3);
  EXPECT_FALSE(hit(ledger, r, address("192.0.2.1"), at(0), line("x")));
  EXPECT_FALSE(hit(ledger, r, address("192.0.2.2"), at(1), line("x")));
  EXPECT_FALSE(hit(ledger, r, address("192.0.2.1"), at(2), line("x")));
  EXPECT_FALSE(hit(ledger, r, address("192.0.2.3"), at(3), line("x")));  // .2 goes
  EXPECT_EQ(ledger.evicted(), 1U);
  EXPECT_EQ(ledger.size(), 2U);
  EXPECT_TRUE(ledger.counting(address("192.0.2.2"), at(3)).empty());
  EXPECT_TRUE(hit(ledger, r, address("192.0.2.1"), at(4), line("x")));
}

TEST(Ledger, GivesStalePairsBackWithoutCallingItEviction) {
  OffenceLedger ledger(config::LimitsConfig{});
  const auto r = rule("r", 3);
  EXPECT_FALSE(hit(ledger, r, address("192.0.2.1"), at(0), line("x")));
  EXPECT_FALSE(hit(ledger, r, address("192.0.2.2"), at(86400 + 601), line("x")));
  EXPECT_EQ(ledger.size(), 1U);
  EXPECT_EQ(ledger.evicted(), 0U);
}

TEST(Ledger, TellsWhatCountsNow) {
  OffenceLedger ledger(config::LimitsConfig{});
  EXPECT_FALSE(hit(ledger, rule("a", 5), address("192.0.2.7"), at(0), line("old")));
  EXPECT_FALSE(hit(ledger, rule("a", 5), address("192.0.2.7"), at(500), line("new")));
  EXPECT_FALSE(hit(ledger, rule("b", 9), address("192.0.2.7"), at(10), line("other")));
  const auto counting = ledger.counting(address("192.0.2.7"), at(700));
  ASSERT_EQ(counting.size(), 1U);
  EXPECT_EQ(counting[0].rule, "a");
  EXPECT_EQ(counting[0].count, 1U);
  EXPECT_EQ(counting[0].threshold, 5U);
  EXPECT_EQ(counting[0].window, Seconds(600));
  ASSERT_EQ(counting[0].lines.size(), 1U);
  EXPECT_EQ(counting[0].lines[0].text, "new");
}

TEST(Ledger, ForgetsAnAddressUnderEveryRule) {
  OffenceLedger ledger(config::LimitsConfig{});
  EXPECT_FALSE(hit(ledger, rule("a"), address("192.0.2.7"), at(0), line("x")));
  EXPECT_FALSE(hit(ledger, rule("b"), address("192.0.2.7"), at(0), line("x")));
  EXPECT_FALSE(hit(ledger, rule("b"), address("192.0.2.8"), at(0), line("x")));
  ledger.forget(address("192.0.2.7"));
  EXPECT_EQ(ledger.size(), 1U);
}

TEST(Ledger, NewLimitsHoldAtOnce) {
  OffenceLedger ledger({.offenders = 10, .evidence_lines = 3, .evidence_bytes = 10});
  for (int i = 1; i <= 5; ++i) {
    EXPECT_FALSE(hit(ledger, rule(), address("192.0.2." + std::to_string(i)), at(i), line("x")));
  }
  ledger.set_limits({.offenders = 2, .evidence_lines = 1, .evidence_bytes = 10});
  EXPECT_EQ(ledger.size(), 2U);
  EXPECT_EQ(ledger.evicted(), 3U);
  EXPECT_FALSE(hit(ledger, rule(), address("192.0.2.5"), at(6), line("y")));
  const auto counting = ledger.counting(address("192.0.2.5"), at(6));
  ASSERT_EQ(counting.size(), 1U);
  EXPECT_EQ(counting[0].count, 2U);  // the counts stay
  EXPECT_EQ(counting[0].lines.size(), 1U);
}

TEST(Ledger, AChangedThresholdAppliesToWhatWasCounted) {
  OffenceLedger ledger(config::LimitsConfig{});
  for (int i = 0; i < 4; ++i) {
    EXPECT_FALSE(hit(ledger, rule("r", 9), address("192.0.2.7"), at(i), line("x")));
  }
  EXPECT_TRUE(hit(ledger, rule("r", 3), address("192.0.2.7"), at(5), line("x")));
}

// Every hit since the last offence, kept for ever: the definition, without any of the ledger's economies.
class NaiveLedger {
 public:
  bool hit(const std::pair<std::string, net::Address>& key, TimePoint time, uint32_t threshold, Seconds window) {
    auto& times = all_[key];
    times.insert(time);
    if (!has_cluster(times, threshold, window)) {
      return false;
    }
    times.clear();
    return true;
  }
  static bool has_cluster(const std::multiset<TimePoint>& times, uint32_t threshold, Seconds window) {
    for (const auto start : times) {
      uint32_t count = 0;
      for (const auto time : times) {
        count += time >= start && time - start <= window ? 1U : 0U;
      }
      if (count >= threshold) {
        return true;
      }
    }
    return false;
  }

 private:
  std::map<std::pair<std::string, net::Address>, std::multiset<TimePoint>> all_;
};

TEST(LedgerProperty, EqualsTheDefinitionWhenTimesAreInOrder) {
  for (unsigned seed = 1; seed <= 5; ++seed) {
    std::mt19937 random(seed);
    OffenceLedger ledger(config::LimitsConfig{});
    NaiveLedger naive;
    const std::vector rules{rule("a", 1), rule("b", 2), rule("c", 5), rule("d", 13)};
    int64_t time = 0;
    size_t offences = 0;
    for (int i = 0; i < 2000; ++i) {
      time += static_cast<int64_t>(random() % 60);
      const auto& r = rules[random() % rules.size()];
      const auto from = net::Address::from_ipv4(0xc0000200U + static_cast<uint32_t>(random() % 6));
      const bool expected = naive.hit({r.id, from}, at(time), r.threshold, r.window);
      ASSERT_EQ(hit(ledger, r, from, at(time), line("x")).has_value(), expected) << "seed " << seed << " step " << i;
      offences += expected ? 1 : 0;
    }
    EXPECT_GT(offences, 500U);  // the random walk does meet thresholds
  }
}

// Out of order the ledger may forget hits that lie before the latest `threshold` ones. Two things still hold: an
// offence is never invented, and it is never missed while the latest `threshold` hits lie within the window.
TEST(LedgerProperty, NeverInventsAndNeverMissesTheLatestWhenOutOfOrder) {
  for (unsigned seed = 1; seed <= 5; ++seed) {
    std::mt19937 random(seed);
    OffenceLedger ledger(config::LimitsConfig{});
    std::map<net::Address, std::multiset<TimePoint>> since_offence;
    const auto r = rule("c", 5);
    size_t offences = 0;
    for (int i = 0; i < 6000; ++i) {
      const auto time = at(int64_t{i} * 40 - static_cast<int64_t>(random() % 500));
      const auto from = net::Address::from_ipv4(0xc0000200U + static_cast<uint32_t>(random() % 3));
      auto& times = since_offence[from];
      times.insert(time);
      const bool is_offence = hit(ledger, r, from, time, line("x")).has_value();
      if (is_offence) {
        ASSERT_TRUE(NaiveLedger::has_cluster(times, r.threshold, r.window)) << "seed " << seed << " step " << i;
        times.clear();
        ++offences;
      } else if (times.size() >= r.threshold) {
        auto first_of_latest = std::prev(times.end(), r.threshold);
        ASSERT_GT(*times.rbegin() - *first_of_latest, r.window) << "seed " << seed << " step " << i;
      }
    }
    EXPECT_GT(offences, 500U);
  }
}

TEST(LedgerProperty, StaysWithinItsBoundUnderAFlood) {
  OffenceLedger ledger({.offenders = 100, .evidence_lines = 1, .evidence_bytes = 10});
  const auto r = rule("r", 2);
  for (uint32_t i = 0; i < 10'000; ++i) {
    EXPECT_FALSE(hit(ledger, r, net::Address::from_ipv4(0xc6336400U + i), at(0), line("x")));
    ASSERT_LE(ledger.size(), 100U);
  }
  EXPECT_EQ(ledger.evicted(), 9'900U);
}

}  // namespace
}  // namespace ipguard::decide
