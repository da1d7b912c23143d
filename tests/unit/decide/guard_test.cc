#include "decide/guard.h"

#include <gtest/gtest.h>

#include "decide/refusal_log.h"
#include "decide/sentences.h"
#include "world.h"

namespace ipguard::decide {
namespace {

using test::address;
using test::at;
using test::country;
using test::prefix;
using test::target;
using test::World;

struct Fixture {
  explicit Fixture(Policy new_policy = {}) : policy(std::move(new_policy)), allow(policy.allow) {}

  Guard guard() {
    protection.refresh_now(at(0));
    for (const auto& [member, nothing] : allow.prefixes().members()) {
      holes[member];
    }
    for (const auto& [member, why] : protection.members()) {
      holes[member];
    }
    return {policy, lookups, allow, protection, holes};
  }

  World world;
  Policy policy;
  Lookups lookups = world.lookups();
  Allowlist allow;
  ProtectedSet protection{lookups.protected_prefixes};
  net::PrefixSet holes;
};

// The message of a refusal, or the prefixes.
std::string answer(const Result<std::vector<net::Prefix>>& result) {
  if (!result) {
    return "no: " + result.error().message;
  }
  std::string text;
  for (const auto& name : test::texts(*result)) {
    text += (text.empty() ? "" : " ") + name;
  }
  return text;
}

TEST(Guard, SaysWhatATargetCovers) {
  Policy policy;
  policy.allow.prefixes = {prefix("192.0.2.16/28"), prefix("198.51.100.0/25")};
  policy.protect.widest_ipv4 = 16;
  policy.protect.widest_ipv6 = 40;
  Fixture fixture(policy);
  fixture.world.protected_now = {{prefix("203.0.113.5"), "own address on eth0"}};
  const auto guard = fixture.guard();
  const struct {
    std::string_view target;
    std::string_view answer;
  } cases[] = {
      {"192.0.2.1", "192.0.2.1"},
      {"192.0.2.17", "no: allowlist: prefix 192.0.2.16/28"},
      {"203.0.113.5", "no: protected: own address on eth0"},
      {"192.0.2.0/24", "192.0.2.0/24"},  // holes are the planner's
      {"192.0.2.16/29", "no: nothing is left of it: allowlist: prefix 192.0.2.16/28"},
      {"203.0.113.4/30", "203.0.113.4/30"},
      {"192.0.0.0/15", "no: 192.0.0.0/15 is wider than /16 (protect.widest_ipv4)"},
      {"192.0.0.0/16", "192.0.0.0/16"},
      {"2001:db8::/32", "no: 2001:db8::/32 is wider than /40 (protect.widest_ipv6)"},
      {"AS64500", "192.0.2.0/24 2001:db8::/48"},
      {"AS64999", "no: the database knows no prefixes of AS64999"},
  };
  for (const auto& c : cases) {
    EXPECT_EQ(answer(guard.coverage(target(c.target))), c.answer) << c.target;
  }
}

TEST(Guard, AllowedAsAndCountriesAreCutOutOfWideBans) {
  Policy policy;
  policy.allow.asns = {net::Asn{64501}};
  policy.allow.countries = {country("AT"), country("NL")};
  Fixture fixture(policy);
  const auto guard = fixture.guard();
  const struct {
    std::string_view target;
    std::string_view answer;
  } cases[] = {
      {"AS64501", "no: allowlist: AS64501"},
      {"AS64500", "192.0.2.0/25 192.0.2.128/26 2001:db8::/48"},  // .192/26 is in AT
      {"AS64502", "no: allowlist: country NL"},
      {"198.51.100.0/25", "no: allowlist: AS64501"},
      {"198.51.100.7", "no: allowlist: AS64501"},
      {"192.0.2.200", "no: allowlist: country AT"},
      {"192.0.2.1", "192.0.2.1"},
  };
  for (const auto& c : cases) {
    EXPECT_EQ(answer(guard.coverage(target(c.target))), c.answer) << c.target;
  }
}

TEST(Guard, TheBudgetCountsIpv4Addresses) {
  Policy policy;
  policy.route_ladder.budget.addresses = 64;
  policy.asn_ladder.budget.addresses = 255;
  Fixture fixture(policy);
  const auto guard = fixture.guard();
  EXPECT_TRUE(guard.within_budget(target("192.0.2.0/26"), {prefix("192.0.2.0/26")}));
  const auto route = guard.within_budget(target("192.0.2.0/25"), {prefix("192.0.2.0/25")});
  ASSERT_FALSE(route);
  EXPECT_EQ(route.error().message,
            "it would cover 128 IPv4 addresses; the budget is 64 (ladder.route.budget_addresses)");
  const auto asn = guard.within_budget(target("AS64500"), World::prefixes_of(net::Asn{64500}));
  ASSERT_FALSE(asn);
  EXPECT_EQ(asn.error().message,
            "it would cover 256 IPv4 addresses and 65,536 IPv6 /64 networks; the budget is 255 "
            "(ladder.asn.budget_addresses)");
  EXPECT_TRUE(guard.within_budget(target("AS64502"), World::prefixes_of(net::Asn{64502})));
}

TEST(Guard, Ipv6HasABudgetOfItsOwn) {
  Policy policy;
  policy.route_ladder.budget.ipv6_64s = 65'536;
  policy.asn_ladder.budget.ipv6_64s = 65'535;
  Fixture fixture(policy);
  const auto guard = fixture.guard();
  EXPECT_TRUE(guard.within_budget(target("2001:db8::/48"), {prefix("2001:db8::/48")}));
  const auto route = guard.within_budget(target("2001:db8::/47"), {prefix("2001:db8::/47")});
  ASSERT_FALSE(route);
  EXPECT_EQ(route.error().message,
            "it would cover 131,072 IPv6 /64 networks; the budget is 65,536 (ladder.route.budget_ipv6_64s)");
  const auto asn = guard.within_budget(target("AS64502"), World::prefixes_of(net::Asn{64502}));
  ASSERT_FALSE(asn);
  EXPECT_NE(asn.error().message.find("(ladder.asn.budget_ipv6_64s)"), std::string::npos);
}

TEST(Guard, JudgesActiveDecisionsByTheirPrefixes) {
  Policy policy;
  policy.allow.countries = {country("AT")};
  policy.allow.asns = {net::Asn{64501}};
  Fixture fixture(policy);
  const auto guard = fixture.guard();
  model::Decision decision;
  decision.target = target("AS64500");
  decision.prefixes = {prefix("192.0.2.128/25")};
  EXPECT_EQ(answer(guard.still_allowed(decision.target, decision.prefixes)), "192.0.2.128/26");
  decision.prefixes = {prefix("192.0.2.192/26")};
  EXPECT_EQ(answer(guard.still_allowed(decision.target, decision.prefixes)), "no: allowlist: country AT");
  decision.target = target("AS64501");
  EXPECT_EQ(answer(guard.still_allowed(decision.target, decision.prefixes)), "no: allowlist: AS64501");
  decision.target = target("192.0.2.7");
  decision.prefixes = {prefix("192.0.2.7")};
  EXPECT_EQ(answer(guard.still_allowed(decision.target, decision.prefixes)), "192.0.2.7");
}

TEST(ProtectedSet, AsksAgainAfterASecond) {
  World world;
  ProtectedSet set(world.lookups().protected_prefixes);
  EXPECT_FALSE(set.refresh(at(0)));  // asked, nothing there
  world.protected_now = {{prefix("192.0.2.7"), "SSH session of root"}};
  EXPECT_FALSE(set.refresh(at(0)));
  EXPECT_EQ(world.asked, 1);
  EXPECT_TRUE(set.refresh(at(1)));
  EXPECT_EQ(world.asked, 2);
  EXPECT_FALSE(set.refresh_now(at(1)));
  EXPECT_EQ(world.asked, 3);
  EXPECT_EQ(set.reason(prefix("192.0.2.0/24")), "SSH session of root");
  EXPECT_EQ(set.reason(prefix("192.0.2.8")), std::nullopt);
}

TEST(ProtectedSet, AsksOnceForWorkThatHasOneTime) {
  World world;
  ProtectedSet set(world.lookups().protected_prefixes);
  EXPECT_FALSE(set.refresh_once(at(0)));
  world.protected_now = {{prefix("192.0.2.7"), "SSH session of root"}};
  EXPECT_FALSE(set.refresh_once(at(0)));
  EXPECT_EQ(world.asked, 1);
  EXPECT_TRUE(set.refresh_once(at(0) + std::chrono::milliseconds(1)));
}

TEST(RefusalLog, TellsOfRefusalsByHandOnlyWhereTheyAreNarrow) {
  RefusalLog log;
  for (const char* name :
       {"0.0.0.0/0", "192.0.0.0/15", "192.0.0.0/16", "192.0.2.1", "AS64500", "2001:db8::/31", "2001:db8::/32"}) {
    log.add(target(name), "too wide", at(0), RefusalLog::Kind::by_hand);
  }
  EXPECT_EQ(log.about(address("192.0.2.1"), World::route(address("192.0.2.1"))),
            (std::vector<std::string>{"2026-02-25T00:00:00Z: 192.0.2.1 was not banned: too wide",
                                      "2026-02-25T00:00:00Z: 192.0.0.0/16 was not banned: too wide"}));
  EXPECT_EQ(log.about(address("2001:db8::1"), World::route(address("2001:db8::1"))),
            (std::vector<std::string>{"2026-02-25T00:00:00Z: 2001:db8::/32 was not banned: too wide"}));
  EXPECT_FALSE(log.refused_lately(target("192.0.0.0/16"), at(0), Seconds(10))) << "evidence is judged by itself";
  ASSERT_NE(log.reason(target("AS64500")), nullptr);
  EXPECT_EQ(*log.reason(target("AS64500")), "too wide");
  EXPECT_EQ(log.reason(target("AS64501")), nullptr);
}

TEST(RefusalLog, RemembersOnePerTargetAndIsBounded) {
  RefusalLog log(2);
  log.add(target("192.0.2.0/26"), "too wide", at(0));
  log.add(target("AS64500"), "over budget", at(10));
  log.add(target("192.0.2.0/26"), "still too wide", at(20));
  EXPECT_TRUE(log.refused_lately(target("AS64500"), at(20), Seconds(10)));
  EXPECT_TRUE(log.refused_lately(target("AS64500"), at(5), Seconds(10)));
  EXPECT_FALSE(log.refused_lately(target("AS64500"), at(21), Seconds(10)));
  const auto route = World::route(address("192.0.2.1"));
  EXPECT_EQ(log.about(address("192.0.2.1"), route),
            (std::vector<std::string>{"2026-02-25T00:00:20Z: 192.0.2.0/26 was not banned: still too wide",
                                      "2026-02-25T00:00:10Z: AS64500 was not banned: over budget"}));
  EXPECT_TRUE(log.about(address("198.51.100.1"), World::route(address("198.51.100.1"))).empty());
  log.add(target("192.0.2.9"), "protected", at(30));
  EXPECT_FALSE(log.refused_lately(target("AS64500"), at(10), Seconds(10)));
  log.forget_times();
  EXPECT_FALSE(log.refused_lately(target("192.0.2.9"), at(30), Seconds(10)));
}

TEST(Sentences, NameTenAndCountTheRest) {
  Ladder::RouteStep step{.traces = {}, .window = Seconds(3600), .by_rule = false};
  for (uint32_t i = 1; i <= 12; ++i) {
    step.traces.push_back({.member = net::Address::from_ipv4(0xc0000200U + i), .time = at(i), .line = {}});
  }
  const auto text = route_sentence(prefix("192.0.2.0/26"), step, {prefix("192.0.2.0/26")});
  EXPECT_EQ(text,
            "12 addresses of 192.0.2.0/26 offended within 1h (192.0.2.1, 192.0.2.2, 192.0.2.3, 192.0.2.4, 192.0.2.5, "
            "192.0.2.6, 192.0.2.7, 192.0.2.8, 192.0.2.9, 192.0.2.10 and 2 more); covers 64 IPv4 addresses");
}

}  // namespace
}  // namespace ipguard::decide
