#include "report/sliding.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <random>

#include "moments.h"

namespace ipguard::report {
namespace {

using testing::ElementsAre;

constexpr int64_t noon = 1'777'636'800;  // 2026-05-01T12:00:00Z
constexpr int64_t hour = 3600;

// Every /24 of 198.18.0.0/15 is an AS of its own; everything else is nobody's.
model::Route owner_of(const net::Address& address) {
  model::Route route;
  route.prefix = net::Prefix(address, 24);
  if (net::Prefix::parse("198.18.0.0/15")->contains(address)) {
    route.found = true;
    route.asn = net::Asn{64500U + address.bytes()[14] % 16U};
    route.as_name = "Network " + std::to_string(route.asn->number);
    route.country = "Switzerland";
    route.country_code = "CH";
  }
  return route;
}

class SlidingTest : public testing::Test {
 protected:
  SlidingTest() {
    probe.id = "web/probe";
    probe.title = "Probes";
    probe.attack_class = "probe";
  }

  void take(uint32_t ipv4, int64_t second, int64_t now, std::string_view path = {}) {
    sliding->take({.rule = &probe, .address = net::Address::from_ipv4(ipv4), .time = at(second), .path = path},
                  at(now));
  }

  [[nodiscard]] std::unique_ptr<PeriodMerge> merged(int64_t now, std::vector<Dimension> dimensions = {
                                                                     all_dimensions.begin(), all_dimensions.end()}) {
    auto merge = std::make_unique<PeriodMerge>(sliding, std::move(dimensions), at(now));
    while (merge->advance()) {
    }
    return merge;
  }

  model::Rule probe;
  std::shared_ptr<SlidingAggregates> sliding =
      std::make_shared<SlidingAggregates>(SlidingOptions{.period = Seconds(24 * hour)}, owner_of);
};

constexpr uint32_t first_address = 0xc6120000;  // 198.18.0.0

TEST_F(SlidingTest, ForgetsWhatIsOlderThanThePeriod) {
  for (int64_t i = 0; i < 48; ++i) {
    take(first_address + static_cast<uint32_t>(i), noon + i * hour, noon + i * hour);
  }
  const auto merge = merged(noon + 47 * hour);
  EXPECT_EQ(merge->aggregates().hits(), 25U) << "the step that has begun, and a whole period before it";
  EXPECT_EQ(merge->aggregates().addresses(), 25U);
  Document document;
  merge->describe(document);
  EXPECT_EQ(document.running->begin, at(noon + 23 * hour));
  EXPECT_EQ(document.first, at(noon + 23 * hour));
  EXPECT_EQ(document.last, at(noon + 47 * hour));
  EXPECT_EQ(merged(noon + 60 * hour)->aggregates().hits(), 12U) << "also while nothing comes";
  EXPECT_EQ(merged(noon + 90 * hour)->aggregates().hits(), 0U);
  sliding->prune(at(noon + 90 * hour));
  EXPECT_EQ(sliding->bytes(), 0U);
}

TEST_F(SlidingTest, CountsDifferentThingsExactlyWhileThereIsRoom) {
  constexpr uint32_t addresses = 3000;
  for (uint32_t i = 0; i < 2 * addresses; ++i) {
    take(first_address + i % addresses, noon + i % 2 * hour, noon + hour, "/same");
  }
  const auto merge = merged(noon + hour);
  for (const auto dimension : {Dimension::rule, Dimension::path}) {
    const auto rows = merge->aggregates().rows(dimension, 1);
    ASSERT_EQ(rows.size(), 1U);
    EXPECT_EQ(rows[0].addresses, addresses);
    EXPECT_EQ(rows[0].distinct_error, 0);
  }
}

TEST_F(SlidingTest, CountsLateLinesAtTheirTime) {
  take(first_address, noon - 5 * hour, noon);
  take(first_address, noon + 600, noon);  // a clock that is ahead
  EXPECT_FALSE(sliding->take({.rule = &probe, .address = {}, .time = at(noon - 30 * hour)}, at(noon)));
  const auto merge = merged(noon);
  EXPECT_EQ(merge->aggregates().hits(), 2U);
  Document document;
  merge->describe(document);
  EXPECT_EQ(document.running->too_old, 1U);
  EXPECT_EQ(merged(noon + 20 * hour)->aggregates().hits(), 1U) << "it goes when its time has gone";
}

TEST_F(SlidingTest, AClockThatIsSetBackLosesWhatWouldBeInTheFuture) {
  take(first_address, noon, noon);
  take(first_address, noon - 100 * hour, noon - 100 * hour);
  EXPECT_EQ(merged(noon - 100 * hour)->aggregates().hits(), 1U);
  sliding->prune(at(noon - 100 * hour));
  EXPECT_EQ(merged(noon)->aggregates().hits(), 0U);
}

// Steps put together say what one that has all would say, in every dimension.
TEST_F(SlidingTest, PutTogetherIsAsCountedAtOnce) {
  OwnerBook book;
  model::Route route;
  Aggregates whole(size_t{64} << 20U, {.owner =
                                           [&](const net::Address& address) {
                                             const auto found = owner_of(address);
                                             Owner owner{
                                                 .length = 24,
                                                 .asn = found.asn ? found.asn->number : 0,
                                                 .country = static_cast<uint16_t>(found.found ? 'C' << 8U | 'H' : 0)};
                                             owner.facts = book.number_of(owner.asn, owner.country, address);
                                             return owner;
                                           },
                                       .facts = [&](uint32_t facts) -> const model::Route& {
                                         return route = facts == 0 ? model::Route{} : owner_of(book.at(facts).example);
                                       }});
  std::mt19937_64 random(4);
  for (int64_t i = 0; i < 50'000; ++i) {
    const int64_t time = noon + i;  // 14 hours
    const auto ipv4 =
        static_cast<uint32_t>(random() % 10 == 0 ? 0xc0000200U + random() % 50 : first_address + random() % 4000);
    const std::string path = "/" + std::to_string(random() % 300);
    take(ipv4, time, time, path);
    whole.take({.rule = &probe, .address = net::Address::from_ipv4(ipv4), .time = at(time), .path = path});
  }
  const auto merge = merged(noon + 50'000);
  const auto& aggregates = merge->aggregates();
  EXPECT_EQ(aggregates.hits(), whole.hits());
  EXPECT_EQ(aggregates.attacks(), whole.attacks());
  EXPECT_EQ(aggregates.addresses(), whole.addresses());
  EXPECT_TRUE(aggregates.approximate().empty());
  for (const auto dimension : all_dimensions) {
    const auto expected = whole.rows(dimension, 5000);
    const auto rows = aggregates.rows(dimension, 5000);
    ASSERT_EQ(rows.size(), expected.size()) << to_string(dimension);
    for (size_t i = 0; i < rows.size(); ++i) {
      EXPECT_EQ(rows[i].key, expected[i].key);
      EXPECT_EQ(rows[i].label, expected[i].label);
      EXPECT_EQ(rows[i].hits, expected[i].hits);
      EXPECT_EQ(rows[i].first, expected[i].first);
      EXPECT_EQ(rows[i].last, expected[i].last);
      EXPECT_EQ(rows[i].asn, expected[i].asn);
      EXPECT_EQ(rows[i].route, expected[i].route);
      const double tolerance =
          4 * (rows[i].distinct_error + expected[i].distinct_error) * static_cast<double>(expected[i].addresses);
      EXPECT_LT(rows[i].distinct_error, 0.02) << "there is memory enough";
      EXPECT_NEAR(static_cast<double>(rows[i].addresses), static_cast<double>(expected[i].addresses), tolerance);
    }
  }
  EXPECT_EQ(aggregates.timeline().counts, whole.timeline().counts);
  EXPECT_EQ(aggregates.timeline().begin, whole.timeline().begin);
}

TEST_F(SlidingTest, PutsTogetherOnlyWhatIsAskedFor) {
  take(first_address, noon, noon, "/a");
  const auto merge = merged(noon, {Dimension::path});
  EXPECT_EQ(merge->aggregates().group_count(Dimension::path), 1U);
  EXPECT_EQ(merge->aggregates().group_count(Dimension::route), 0U);
  EXPECT_EQ(merge->aggregates().addresses(), 1U) << "in any case";
}

// A flood from very many addresses: the memory holds, what came often stays, and nobody is counted too seldom.
TEST_F(SlidingTest, KeepsWithinItsMemory) {
  constexpr size_t memory = size_t{4} << 20U;
  sliding =
      std::make_shared<SlidingAggregates>(SlidingOptions{.period = Seconds(24 * hour), .memory = memory}, owner_of);
  std::mt19937_64 random(7);
  constexpr int64_t hits = 300'000;
  uint64_t of_first = 0;
  size_t most = 0;
  for (int64_t i = 0; i < hits; ++i) {
    const int64_t time = noon + i / 4;  // 20 hours
    const bool first = random() % 4 == 0;
    of_first += first ? 1 : 0;
    take(first ? 0xc0000201U : first_address + static_cast<uint32_t>(random() % 131'072), time, time,
         "/" + std::to_string(random() % 200'000));
    most = i % 1000 == 0 ? std::max(most, sliding->bytes()) : most;
  }
  EXPECT_LE(most, memory + (size_t{1} << 19U));
  const auto merge = merged(noon + hits / 4);
  EXPECT_EQ(merge->aggregates().hits(), static_cast<uint64_t>(hits));
  EXPECT_LE(merge->aggregates().bytes(), 2 * memory);
  EXPECT_FALSE(merge->aggregates().approximate().empty());
  const auto rows = merge->aggregates().rows(Dimension::address, 2);
  EXPECT_EQ(rows[0].key, "192.0.2.1");
  EXPECT_GE(rows[0].hits, of_first);
  EXPECT_LE(rows[0].hits - rows[0].error, of_first);
  EXPECT_GT(rows[1].error, 0U);
}

TEST_F(SlidingTest, TakesNoMemoryBeforeThereAreHits) {
  EXPECT_EQ(sliding->bytes(), 0U);
  for (int64_t i = 0; i < 24; ++i) {
    sliding->count_lines(1000, 100'000, 0, at(noon + i * hour));
  }
  EXPECT_LT(sliding->bytes(), 200'000U) << "24 steps with lines and without hits";
}

TEST_F(SlidingTest, RulesMayGo) {
  {
    model::Rule rule = probe;
    sliding->take({.rule = &rule, .address = {}, .time = at(noon)}, at(noon));
    sliding->forget_rules();
  }
  model::Rule again = probe;
  again.title = "Another title";
  sliding->take({.rule = &again, .address = {}, .time = at(noon)}, at(noon));
  const auto rows = merged(noon)->aggregates().rows(Dimension::rule, 5);
  ASSERT_EQ(rows.size(), 1U);
  EXPECT_EQ(rows[0].hits, 2U);
  EXPECT_EQ(rows[0].label, "Probes");
}

TEST_F(SlidingTest, KeepsTheLatestEvidenceOfARule) {
  for (int64_t i = 0; i < 10; ++i) {
    for (int line = 0; line < 5; ++line) {
      if (const auto now = at(noon + i * hour + line); sliding->wants_evidence("web/probe", now)) {
        sliding->take_evidence({.time = now, .rule = "web/probe", .line = std::to_string(i)}, now);
      }
    }
  }
  Document document;
  merged(noon + 9 * hour)->describe(document);
  ASSERT_EQ(document.evidence.size(), SlidingAggregates::evidence_of_rule);
  EXPECT_EQ(document.evidence.front().line, "9");
}

TEST_F(SlidingTest, SumsOfDecisionsSlide) {
  BalanceSums sums;
  sums.all.figures.stopped = 5;
  sums.rules.push_back({.figures = {.name = "web/probe", .hits = 7, .stopped = 5}});
  sliding->take_balance(sums, at(noon));
  sliding->take_balance(sums, at(noon + hour));
  EXPECT_EQ(merged(noon + hour)->balance().total().stopped, 10U);
  EXPECT_EQ(merged(noon + hour)->balance().rules[0].figures.hits, 14U);
  EXPECT_EQ(merged(noon + 25 * hour)->balance().total().stopped, 5U);
}

}  // namespace
}  // namespace ipguard::report
