#include "decide/ladder.h"

#include <gtest/gtest.h>

#include "world.h"

namespace ipguard::decide {
namespace {

using test::address;
using test::at;
using test::prefix;
using test::rule;
using test::World;

LadderConfig config() {
  LadderConfig config;
  config.route = {.addresses = 3, .window = Seconds(3600), .ban = Seconds(14400), .budget = {.addresses = 1 << 20}};
  config.asn = {.routes = 2, .window = Seconds(86400), .ban = Seconds(86400), .budget = {.addresses = 1 << 22}};
  return config;
}

Ladder::Offenders::Trace offender(std::string_view from, int64_t time) {
  return {.member = address(from), .time = at(time), .line = {}};
}

// Steps reached, by the index of the offence, for offences of 192.0.2.x at given times.
std::vector<size_t> steps(Ladder& ladder, const model::Rule& r, const std::vector<std::pair<int, int64_t>>& offences) {
  std::vector<size_t> result;
  for (size_t i = 0; i < offences.size(); ++i) {
    const auto from = "192.0.2." + std::to_string(offences[i].first);
    if (ladder.offended(World::route(address(from)), r, offender(from, offences[i].second))) {
      result.push_back(i);
    }
  }
  return result;
}

TEST(Ladder, ReachesTheRouteByDistinctAddressesWithinTheWindow) {
  const struct {
    std::string_view name;
    std::vector<std::pair<int, int64_t>> offences;  // last octet, time
    std::vector<size_t> reached;
  } cases[] = {
      {"three addresses", {{1, 0}, {2, 10}, {3, 20}}, {2}},
      {"one address three times", {{1, 0}, {1, 10}, {1, 20}}, {}},
      {"too slowly", {{1, 0}, {2, 1800}, {3, 3601}}, {}},
      {"exactly a window", {{1, 0}, {2, 1800}, {3, 3600}}, {2}},
      {"a repeated offence is as good as new", {{1, 0}, {2, 1800}, {1, 3000}, {3, 5000}}, {3}},
      {"another route does not count", {{1, 0}, {2, 10}, {65, 20}, {130, 30}}, {}},
      {"out of order", {{1, 20}, {2, 10}, {3, 0}}, {2}},
      {"older log read later", {{1, 90000}, {2, 90001}, {3, 0}, {4, 1}, {5, 2}}, {4}},
  };
  for (const auto& c : cases) {
    Ladder ladder(config());
    EXPECT_EQ(steps(ladder, rule(), c.offences), c.reached) << c.name;
  }
}

TEST(Ladder, AWideRouteNeedsMoreOffenders) {
  const struct {
    std::string_view route;
    uint32_t one_in;
    uint32_t needed;
  } cases[] = {
      {"192.0.2.0/24", 65'536, 3},  {"10.0.0.0/15", 65'536, 3},   {"10.0.0.0/14", 65'536, 4},
      {"10.0.0.0/8", 65'536, 256},  {"10.0.0.0/8", 0, 3},         {"192.0.2.0/24", 16, 16},
      {"192.0.2.7", 1, 3},          {"2001:db8::/32", 65'536, 3}, {"2001:db8::/29", 65'536, 8},
      {"2001:db8::/64", 65'536, 3}, {"2001:db8::/48", 1, 3},      {"2000::/3", 65'536, 65'536},
  };
  for (const auto& c : cases) {
    auto with = config();
    with.route.one_in = c.one_in;
    EXPECT_EQ(Ladder(with).offenders_needed(prefix(c.route)), c.needed) << c.route << " " << c.one_in;
  }
  auto never = config();
  never.route.addresses = 0;
  EXPECT_EQ(Ladder(never).offenders_needed(prefix("10.0.0.0/8")), 0U);
  auto with = config();
  with.route.one_in = 16;  // 4 of a /26
  Ladder dense(with);
  EXPECT_EQ(steps(dense, rule(), {{1, 0}, {2, 1}, {3, 2}, {4, 3}}), std::vector<size_t>{3});
}

TEST(Ladder, AnAsNeedsEnoughOfItsAddressesInBannedRoutes) {
  auto with = config();
  with.asn.one_in = 4;
  const Ladder ladder(with);
  const auto step = [](std::initializer_list<std::string_view> routes) {
    Ladder::AsnStep result;
    for (const auto route : routes) {
      result.traces.push_back({.member = prefix(route), .time = at(0), .line = {}});
    }
    return result;
  };
  const std::vector<net::Prefix> whole = {prefix("192.0.2.0/24"), prefix("2001:db8::/32")};
  EXPECT_TRUE(ladder.dense(step({"192.0.2.0/26"}), whole));
  EXPECT_FALSE(ladder.dense(step({"192.0.2.0/27"}), whole));
  EXPECT_TRUE(ladder.dense(step({"192.0.2.0/27", "192.0.2.32/27"}), whole));
  EXPECT_TRUE(ladder.dense(step({"192.0.2.0/27", "2001:db8::/34"}), whole)) << "either family will do";
  EXPECT_FALSE(ladder.dense(step({"2001:db8::/48"}), whole));
  EXPECT_FALSE(ladder.dense(step({}), whole));
  with.asn.one_in = 0;
  EXPECT_TRUE(Ladder(with).dense(step({"192.0.2.0/32"}), whole));
}

TEST(Ladder, ReachesTheCountryByItsBannedAs) {
  auto with = config();
  with.country.asns = 2;
  Ladder ladder(with);
  const auto country = model::Country::parse("NL").value();
  const auto ban = [&](uint32_t asn, int64_t time, const model::Rule& r) {
    return ladder.asn_banned(country, r, {.member = net::Asn{asn}, .time = at(time), .line = {}}).has_value();
  };
  EXPECT_FALSE(ban(1, 0, rule()));
  EXPECT_FALSE(ban(1, 5, rule())) << "the same one";
  EXPECT_TRUE(ban(2, 10, rule()));
  ladder.forget(country, net::Asn{1});
  EXPECT_FALSE(ban(2, 20, rule()));
  auto more = rule();
  more.country_asns = 3;
  EXPECT_FALSE(ban(3, 30, more)) << "a rule's own threshold";
  EXPECT_TRUE(ban(3, 40, rule()));
  EXPECT_FALSE(Ladder(config()).asn_banned(country, rule(), {.member = net::Asn{1}, .time = at(0), .line = {}}))
      << "never, unless the configuration says so";
}

TEST(Ladder, ARuleMayOverrideTheThreshold) {
  auto two = rule();
  two.route_addresses = 2;
  auto never = rule();
  never.route_addresses = 0;
  Ladder ladder(config());
  EXPECT_EQ(steps(ladder, two, {{1, 0}, {2, 1}}), std::vector<size_t>{1});
  Ladder other(config());
  EXPECT_TRUE(steps(other, never, {{1, 0}, {2, 1}, {3, 2}, {4, 3}}).empty());
  EXPECT_EQ(steps(other, rule(), {{5, 4}}), std::vector<size_t>{0});  // they do count for other rules
}

TEST(Ladder, AThresholdAboveTheUsualNumberKeptIsReached) {
  auto many = rule();
  many.route_addresses = 100;
  auto big = config();
  Ladder ladder(big);
  std::optional<Ladder::RouteStep> step;
  for (uint32_t i = 0; i < 100; ++i) {
    ASSERT_FALSE(step);
    auto route = World::route(address("198.51.100.1"));
    step =
        ladder.offended(route, many, {.member = net::Address::from_ipv4(0xc6336400U + i), .time = at(i), .line = {}});
  }
  ASSERT_TRUE(step);
  EXPECT_EQ(step->traces.size(), 100U);
}

TEST(Ladder, WideRulesActAtTheFirstOffence) {
  auto wide = rule();
  wide.scope = model::Scope::route;
  Ladder ladder(config());
  const auto step = ladder.offended(World::route(address("192.0.2.1")), wide, offender("192.0.2.1", 0));
  ASSERT_TRUE(step);
  EXPECT_TRUE(step->by_rule);
}

TEST(Ladder, ARouteWithoutDataIsNeverReached) {
  auto wide = rule();
  wide.scope = model::Scope::route;
  wide.route_addresses = 1;
  Ladder ladder(config());
  const auto route = World::route(address("203.0.113.200"));
  ASSERT_FALSE(route.found);
  EXPECT_FALSE(ladder.offended(route, wide, offender("203.0.113.200", 0)));
  EXPECT_EQ(ladder.offenders(route.prefix, at(0)), 0U);
}

TEST(Ladder, YieldsTheEvidenceOldestFirst) {
  Ladder ladder(config());
  const auto route = World::route(address("192.0.2.1"));
  const auto trace = [](std::string_view from, int64_t time, std::string text) {
    auto result = offender(from, time);
    result.line.push_back({.path = "p", .offset = 0, .time = at(time), .text = std::move(text)});
    return result;
  };
  EXPECT_FALSE(ladder.offended(route, rule(), trace("192.0.2.1", 20, "one")));
  EXPECT_FALSE(ladder.offended(route, rule(), trace("192.0.2.2", 0, "two")));
  const auto step = ladder.offended(route, rule(), trace("192.0.2.3", 10, "three"));
  ASSERT_TRUE(step);
  ASSERT_EQ(step->traces.size(), 3U);
  EXPECT_EQ(step->traces[0].line[0].text, "two");
  EXPECT_EQ(step->traces[1].line[0].text, "three");
  EXPECT_EQ(step->traces[2].line[0].text, "one");
  EXPECT_EQ(step->window, Seconds(3600));
}

TEST(Ladder, ReachesTheAsByDistinctRoutes) {
  Ladder ladder(config());
  const net::Asn asn{64500};
  const auto banned = [&](std::string_view route, int64_t time, const model::Rule& r) {
    return ladder.route_banned(asn, r, {.member = prefix(route), .time = at(time), .line = {}}).has_value();
  };
  EXPECT_FALSE(banned("192.0.2.0/26", 0, rule()));
  EXPECT_FALSE(banned("192.0.2.0/26", 10, rule()));
  auto never = rule();
  never.asn_routes = 0;
  EXPECT_FALSE(banned("192.0.2.64/26", 20, never));
  EXPECT_EQ(ladder.banned_routes(asn, at(20)), 2U);
  EXPECT_TRUE(banned("192.0.2.64/26", 30, rule()));
  EXPECT_FALSE(banned("192.0.2.128/26", 90000, rule()));  // the others are out of the window
}

TEST(Ladder, RemembersAndForgets) {
  Ladder ladder(config());
  const auto route = World::route(address("192.0.2.1"));
  ladder.remember(route, offender("192.0.2.1", 0));
  ladder.remember(route, offender("192.0.2.2", 0));
  EXPECT_EQ(ladder.offenders(route.prefix, at(3600)), 2U);
  EXPECT_EQ(ladder.offenders(route.prefix, at(3601)), 0U);
  ladder.forget(route.prefix, address("192.0.2.1"));
  EXPECT_FALSE(ladder.offended(route, rule(), offender("192.0.2.3", 1)));
  EXPECT_TRUE(ladder.offended(route, rule(), offender("192.0.2.4", 1)));
  ladder.forget(route.prefix);
  EXPECT_EQ(ladder.offenders(route.prefix, at(1)), 0U);
  ladder.remember(net::Asn{64500}, {.member = route.prefix, .time = at(0), .line = {}});
  EXPECT_EQ(ladder.banned_routes(net::Asn{64500}, at(0)), 1U);
  ladder.forget(net::Asn{64500}, route.prefix);
  EXPECT_EQ(ladder.banned_routes(net::Asn{64500}, at(0)), 0U);
}

TEST(Ladder, IsBoundedAndCountsWhatItGivesUp) {
  auto small = config();
  small.limits.offenders = 4;
  Ladder ladder(small);
  const auto first = World::route(address("192.0.2.1"));
  const auto second = World::route(address("198.51.100.1"));
  ladder.remember(first, offender("192.0.2.1", 0));
  ladder.remember(first, offender("192.0.2.2", 0));
  for (int i = 1; i <= 3; ++i) {
    ladder.remember(second, offender("198.51.100." + std::to_string(i), i));
  }
  EXPECT_EQ(ladder.evicted(), 2U);
  EXPECT_EQ(ladder.offenders(first.prefix, at(3)), 0U);
  EXPECT_EQ(ladder.offenders(second.prefix, at(3)), 3U);
  small.limits.offenders = 1;
  ladder.reconfigure(small);
  EXPECT_EQ(ladder.offenders(second.prefix, at(3)), 3U);  // the only route is never given up
}

}  // namespace
}  // namespace ipguard::decide
