#include "report/aggregates.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <random>
#include <set>

#include "moments.h"

namespace ipguard::report {
namespace {

using testing::ElementsAre;

// 192.0.2.0/24 belongs to AS64500 in CH, everything else to nobody.
class AggregatesTest : public testing::Test {
 protected:
  AggregatesTest() {
    known.found = true;
    known.asn = net::Asn{64500};
    known.as_name = "Example <b>";
    known.country = "Switzerland";
    known.country_code = "CH";
    probe.id = "web/probe";
    probe.title = "Probes";
    probe.attack_class = "probe";
    flood.id = "web/flood";
    flood.attack_class = "flood";
    flood.kind = model::RuleKind::rate;
  }

  Aggregates::Lookups lookups() {
    return {.owner =
                [](const net::Address& each) {
                  return net::Prefix::parse("192.0.2.0/24")->contains(each)
                             ? Owner{.length = 24, .asn = 64500, .country = 'C' << 8U | 'H', .facts = 1}
                             : Owner{.length = 32};
                },
            .facts = [this](uint32_t facts) -> const model::Route& { return facts == 1 ? known : nobody; }};
  }

  model::Route known;
  model::Route nobody;
  model::Rule probe;
  model::Rule flood;
};

TEST_F(AggregatesTest, CountsByEverything) {
  Aggregates aggregates(64U << 20U, lookups());
  aggregates.take({.rule = &probe, .address = address("192.0.2.1"), .time = at(100), .path = "/a", .user_agent = "x"});
  aggregates.take({.rule = &probe, .address = address("192.0.2.2"), .time = at(50), .path = "/a", .user_agent = "y"});
  aggregates.take({.rule = &flood, .address = address("192.0.2.1"), .time = at(7300), .path = "/b", .user = "root"});
  aggregates.take({.rule = &probe, .address = address("198.51.100.9"), .time = at(60)});
  EXPECT_EQ(aggregates.hits(), 4U);
  EXPECT_EQ(aggregates.attacks(), 3U);
  EXPECT_EQ(aggregates.addresses(), 3U);
  EXPECT_THAT(aggregates.approximate(), ElementsAre());

  const auto routes = aggregates.rows(Dimension::route, 10);
  ASSERT_EQ(routes.size(), 2U);
  EXPECT_EQ(routes[0].key, "192.0.2.0/24");
  EXPECT_EQ(routes[0].hits, 3U);
  EXPECT_EQ(routes[0].addresses, 2U);
  EXPECT_EQ(routes[0].share, 0.75);
  EXPECT_EQ(routes[0].first, at(50));
  EXPECT_EQ(routes[0].last, at(7300));
  EXPECT_EQ(routes[0].asn, "AS64500");
  EXPECT_EQ(routes[0].country_code, "CH");

  const auto systems = aggregates.rows(Dimension::asn, 10);
  ASSERT_EQ(systems.size(), 1U) << "who belongs to none is not an AS";
  EXPECT_EQ(systems[0].key, "AS64500");
  EXPECT_EQ(systems[0].label, "Example <b>");
  EXPECT_EQ(systems[0].routes, 1U);
  EXPECT_EQ(aggregates.rows(Dimension::country, 10)[0].key, "CH");

  const auto rules = aggregates.rows(Dimension::rule, 10);
  EXPECT_EQ(rules[0].key, "web/probe");
  EXPECT_EQ(rules[0].label, "Probes");
  EXPECT_EQ(rules[0].addresses, 3U);
  EXPECT_EQ(rules[0].routes, 2U);
  EXPECT_EQ(rules[0].asns, 1U);
  EXPECT_EQ(aggregates.rows(Dimension::path, 10)[0].key, "/a");
  EXPECT_EQ(aggregates.rows(Dimension::user, 10)[0].key, "root");
  EXPECT_EQ(aggregates.rows(Dimension::user_agent, 10).size(), 2U);
  const auto hours = aggregates.rows(Dimension::hour, 10);
  EXPECT_EQ(hours[0].key, "1970-01-01T00:00:00Z");
  EXPECT_EQ(hours[1].key, "1970-01-01T02:00:00Z");

  const auto addresses = aggregates.rows(Dimension::address, 1);
  ASSERT_EQ(addresses.size(), 1U);
  EXPECT_EQ(addresses[0].key, "192.0.2.1");
  EXPECT_EQ(addresses[0].route, "192.0.2.0/24");
}

// Who met many pages that are not there is no greater attacker than who looked for a hole once.
TEST_F(AggregatesTest, AttackersComeBeforeMereVisitors) {
  Aggregates aggregates(64U << 20U, lookups());
  for (int second = 0; second < 9; ++second) {
    aggregates.take({.rule = &flood, .address = address("192.0.2.1"), .time = at(second)});
  }
  aggregates.take({.rule = &probe, .address = address("198.51.100.9"), .time = at(20)});
  aggregates.take({.rule = &flood, .address = address("198.51.100.9"), .time = at(20), .same_line = true});
  aggregates.take({.rule = &probe, .address = address("198.51.100.10"), .time = at(30)});
  const auto rows = aggregates.rows(Dimension::address, 3);
  ASSERT_EQ(rows.size(), 3U);
  EXPECT_EQ(rows[0].key, "198.51.100.9");
  EXPECT_EQ(rows[0].attacks, 1U);
  EXPECT_EQ(rows[0].hits, 2U);
  EXPECT_EQ(rows[1].key, "198.51.100.10");
  EXPECT_EQ(rows[2].attacks, 0U);
  EXPECT_EQ(rows[2].hits, 9U);
  EXPECT_EQ(aggregates.rows(Dimension::rule, 1)[0].key, "web/probe");
  EXPECT_EQ(aggregates.rows(Dimension::hour, 1)[0].attacks, 2U);
}

TEST_F(AggregatesTest, ShowsHitsOverTime) {
  Aggregates aggregates(64U << 20U, lookups());
  for (const int second : {30, 59, 60, 200}) {
    aggregates.take({.rule = second == 60 ? &flood : &probe, .address = address("192.0.2.1"), .time = at(second)});
  }
  const auto timeline = aggregates.timeline();
  EXPECT_EQ(timeline.step, Seconds(60));
  EXPECT_EQ(timeline.begin, at(0));
  EXPECT_THAT(timeline.classes, ElementsAre("probe", "flood"));
  EXPECT_THAT(timeline.counts, ElementsAre(ElementsAre(2, 0), ElementsAre(0, 1), ElementsAre(0, 0), ElementsAre(1, 0)));
}

// A year, and lines that come out of order: few steps, and no hit is lost.
TEST_F(AggregatesTest, StepsBecomeLongerWithTheTime) {
  TimelineCounts timeline;
  std::mt19937_64 random(3);
  const auto number = timeline.number_of("probe");
  for (int i = 0; i < 10'000; ++i) {
    timeline.add(number, at(1'000'000'000 + static_cast<int64_t>(random() % 31'536'000)));
  }
  const auto result = timeline.result();
  EXPECT_LE(result.counts.size(), TimelineCounts::most_steps);
  EXPECT_EQ(result.step, Seconds(604'800));
  uint64_t sum = 0;
  for (const auto& step : result.counts) {
    sum += step.front();
  }
  EXPECT_EQ(sum, 10'000U);
  EXPECT_LE(result.begin, at(1'000'000'000 + 86'400));
}

// Far more groups than fit: the memory holds, the frequent ones are right, and what is not exact is said.
TEST_F(AggregatesTest, KeepsWithinItsMemory) {
  Aggregates aggregates(Aggregates::least_budget, lookups());
  std::mt19937_64 random(5);
  constexpr int hits = 300'000;
  std::set<uint32_t> addresses;
  for (int i = 0; i < hits; ++i) {
    const auto ipv4 = static_cast<uint32_t>(random() % 4 == 0 ? 0xc0000201U : 0xc6120000U + random() % 131'072);
    addresses.insert(ipv4);
    const std::string path = "/" + std::to_string(random() % 200'000);
    aggregates.take({.rule = &probe, .address = net::Address::from_ipv4(ipv4), .time = at(i), .path = path});
  }
  EXPECT_LE(aggregates.bytes(), Aggregates::least_budget + (1U << 20U));
  EXPECT_FALSE(aggregates.approximate().empty());
  const auto rows = aggregates.rows(Dimension::address, 1);
  EXPECT_EQ(rows[0].key, "192.0.2.1");
  EXPECT_NEAR(static_cast<double>(rows[0].hits), hits / 4.0, hits / 100.0);
  EXPECT_NEAR(static_cast<double>(aggregates.addresses()), static_cast<double>(addresses.size()),
              static_cast<double>(addresses.size()) * 4 * 0.13);
  EXPECT_EQ(aggregates.hits(), static_cast<uint64_t>(hits));
}

TEST_F(AggregatesTest, HoursBefore1970AreHoursToo) {
  Aggregates aggregates(64U << 20U, lookups());
  const auto long_ago = parse_rfc3339("0020-02-25T04:30:17Z");
  ASSERT_TRUE(long_ago);
  aggregates.take({.rule = &probe, .address = address("192.0.2.1"), .time = *long_ago});
  aggregates.take({.rule = &probe, .address = address("192.0.2.1"), .time = at(-1)});
  const auto rows = aggregates.rows(Dimension::hour, 10);
  ASSERT_EQ(rows.size(), 2U);
  EXPECT_EQ(rows[0].key, "0020-02-25T04:00:00Z");
  EXPECT_EQ(rows[1].key, "1969-12-31T23:00:00Z");
}

// Different things are counted exactly as long as all fits; then the largest counts become estimates before any group
// gives way.
TEST_F(AggregatesTest, EstimatesOnlyWhatDoesNotFit) {
  constexpr size_t budget = 16U << 20U;
  Aggregates aggregates(budget, lookups());
  const auto take = [&](uint32_t from, uint32_t to) {
    for (uint32_t i = from; i < to; ++i) {
      const auto path = "/" + std::to_string(i);
      aggregates.take(
          {.rule = &probe, .address = net::Address::from_ipv4(0xc6120000U + i), .time = at(i), .path = path});
    }
  };
  const auto of_rule = [&] { return aggregates.rows(Dimension::rule, 1).front(); };
  take(0, 40'000);
  EXPECT_EQ(of_rule().addresses, 40'000U);
  EXPECT_EQ(of_rule().distinct_error, 0);
  EXPECT_LE(aggregates.bytes(), budget);

  take(40'000, 58'000);
  EXPECT_LE(aggregates.bytes(), budget + (1U << 20U));
  EXPECT_THAT(aggregates.approximate(), ElementsAre());
  EXPECT_EQ(of_rule().hits, 58'000U);
  EXPECT_NEAR(of_rule().addresses_error, 0.01625, 0.0001);
  EXPECT_NEAR(static_cast<double>(of_rule().addresses), 58'000, 4 * 0.01625 * 58'000);
}

// Everything that rows show, for comparing two ways of counting.
std::string shown(const Aggregates& aggregates) {
  std::string text;
  for (const Dimension dimension : all_dimensions) {
    for (const auto& row : aggregates.rows(dimension, 1000)) {
      text += row.key + '|' + row.label + '|' + row.route + '|' + std::to_string(row.hits) + '|' +
              std::to_string(row.error) + '|' + std::to_string(row.addresses) + '|' + std::to_string(row.routes) + '|' +
              std::to_string(row.asns) + '|' + format_rfc3339(row.first) + '|' + format_rfc3339(row.last) + '\n';
    }
  }
  return text + std::to_string(aggregates.addresses()) + '|' + std::to_string(aggregates.hits());
}

// Whether or not who feeds it knows that several rules hit the same line.
TEST_F(AggregatesTest, HitsOfOneLineCountLikeHitsOfMany) {
  for (const size_t addresses : {50U, 200'000U}) {  // beyond the memory, too
    std::mt19937 random(11);
    Aggregates one_by_one(0, lookups());
    Aggregates by_line(0, lookups());
    for (int line = 0; line < 60'000; ++line) {
      const auto host = static_cast<uint32_t>(random() % addresses);
      Fact fact{.rule = &probe,
                .address = net::Address::from_ipv4(0xc0000200U + host),
                .time = at(static_cast<int64_t>(random() % 20'000)),
                .path = random() % 3 == 0 ? "/a" : "/b",
                .user_agent = random() % 2 == 0 ? "" : "x"};
      const size_t hits = 1 + random() % 3;
      for (size_t hit = 0; hit < hits; ++hit) {
        fact.rule = hit == 1 ? &flood : &probe;
        fact.user = hit == 2 ? "root" : random() % 5 == 0 ? "admin" : "";
        fact.same_line = false;
        one_by_one.take(fact);
        fact.same_line = hit > 0;
        by_line.take(fact);
      }
    }
    EXPECT_EQ(shown(by_line), shown(one_by_one)) << addresses;
    EXPECT_EQ(by_line.approximate().empty(), addresses == 50) << addresses;
  }
}

}  // namespace
}  // namespace ipguard::report
