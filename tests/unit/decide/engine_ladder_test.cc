// From address decisions to routes and AS.
#include <gtest/gtest.h>

#include "engine_fixture.h"

namespace ipguard::decide {
namespace {

using test::at;
using test::EngineFixture;
using test::prefix;
using test::rule;
using test::Texts;

// Offences of the first `count` addresses of 192.0.2.(64 × block)/26, a second apart from `time`.
void offend(EngineFixture& f, const model::Rule& r, int block, int count, int64_t time,
            std::optional<int64_t> now = {}) {
  for (int i = 1; i <= count; ++i) {
    const auto from = "192.0.2." + std::to_string(block * 64 + i);
    f.hit(r, from, time + i, now.value_or(time + i), "from " + from);
  }
}

TEST(EngineLadder, ThreeAddressesBanTheRoute) {
  EngineFixture f;
  offend(f, rule("r", 1), 0, 3, 0);
  EXPECT_EQ(f.changes(), (Texts{"+ 192.0.2.1", "+ 192.0.2.2", "+ 192.0.2.3", "+ 192.0.2.0/26"}));
  EXPECT_EQ(f.batch(),
            (Texts{"+ address 192.0.2.1", "+ address 192.0.2.2", "+ address 192.0.2.3", "+ route 192.0.2.0/26"}));
  const auto decision = f.find("192.0.2.0/26");
  EXPECT_EQ(
      decision->reason,
      "3 addresses of 192.0.2.0/26 offended within 1h (192.0.2.1, 192.0.2.2, 192.0.2.3); covers 64 IPv4 addresses");
  EXPECT_EQ(decision->issuer, "ladder");
  EXPECT_EQ(decision->rule, "r");
  EXPECT_EQ(decision->addresses_covered, 64U);
  EXPECT_EQ(decision->until, at(3 + 4 * 3600));
  ASSERT_EQ(decision->evidence.size(), 3U);
  EXPECT_EQ(decision->evidence[0].text, "from 192.0.2.1");
  f.hit(rule("r", 1), "192.0.2.60", 10);  // covered by the route
  EXPECT_EQ(f.engine.counters().hits_banned, 1U);
  EXPECT_TRUE(f.changes().empty());
}

TEST(EngineLadder, EvidenceOfWideBansIsBounded) {
  Policy policy;
  policy.limits.evidence_lines = 2;
  EngineFixture f(policy);
  offend(f, rule("r", 1), 0, 3, 0);
  const auto evidence = f.find("192.0.2.0/26").value().evidence;
  ASSERT_EQ(evidence.size(), 2U);
  EXPECT_EQ(evidence[0].text, "from 192.0.2.2");
  EXPECT_EQ(evidence[1].text, "from 192.0.2.3");
}

TEST(EngineLadder, ThreeRoutesBanTheAs) {
  EngineFixture f;
  const auto r = rule("r", 1);
  offend(f, r, 0, 3, 0);
  offend(f, r, 1, 3, 100);
  (void)f.batch();
  EXPECT_EQ(f.engine.explain(test::address("192.0.2.1"), at(200)).asn_routes, 2U);
  offend(f, r, 2, 3, 200);
  const auto decision = f.find("AS64500");
  ASSERT_TRUE(decision);
  EXPECT_EQ(decision->reason,
            "3 routes of AS64500 were banned within 1d (192.0.2.0/26, 192.0.2.64/26, 192.0.2.128/26); covers 256 IPv4 "
            "addresses and 65,536 IPv6 /64 networks");
  EXPECT_EQ(test::texts(decision->prefixes), (Texts{"192.0.2.0/24", "2001:db8::/48"}));
  EXPECT_EQ(decision->addresses_covered, 256U);
  EXPECT_EQ(decision->ipv6_64s_covered, 65'536U);
  EXPECT_EQ(decision->until, at(203 + 86400));
  const auto batch = f.batch();
  EXPECT_EQ(Texts(batch.end() - 3, batch.end()),
            (Texts{"+ route 192.0.2.128/26", "+ asn 192.0.2.0/24", "+ asn 2001:db8::/48"}));
  f.hit(r, "2001:db8::7", 300);
  EXPECT_EQ(f.engine.counters().hits_banned, 1U);
}

TEST(EngineLadder, WithoutAnAsnOrDataItStops) {
  EngineFixture f;
  auto r = rule("r", 1);
  r.route_addresses = 1;
  r.asn_routes = 1;
  f.hit(r, "203.0.113.1", 0);    // a country, no AS
  f.hit(r, "203.0.113.200", 1);  // nothing
  EXPECT_EQ(f.targets(), (Texts{"203.0.113.1", "203.0.113.0/25", "203.0.113.200"}));
}

TEST(EngineLadder, ARuleOfWideScopeActsAtOnceForItsOwnBanTime) {
  EngineFixture f;
  auto r = rule("r", 2);
  r.scope = model::Scope::route;
  r.ban = Seconds(7200);
  f.hit(r, "192.0.2.1", 0);
  f.hit(r, "192.0.2.1", 1);
  EXPECT_EQ(f.targets(), Texts{"192.0.2.0/26"});
  EXPECT_EQ(f.find("192.0.2.0/26")->reason,
            "r bans the whole route 192.0.2.0/26 at the first offence (192.0.2.1); covers 64 IPv4 addresses");
  EXPECT_EQ(f.find("192.0.2.0/26")->until, at(1 + 7200));
  EXPECT_EQ(f.find("192.0.2.0/26")->evidence.size(), 2U);
  r.scope = model::Scope::asn;
  f.hit(r, "198.51.100.1", 2);
  f.hit(r, "198.51.100.1", 3);
  EXPECT_EQ(f.targets(), (Texts{"192.0.2.0/26", "AS64501"}));
  f.hit(r, "203.0.113.1", 4);  // no AS: its route
  f.hit(r, "203.0.113.1", 4);
  f.hit(r, "203.0.113.200", 5);  // no data: the address
  f.hit(r, "203.0.113.200", 5);
  EXPECT_EQ(f.targets(), (Texts{"192.0.2.0/26", "AS64501", "203.0.113.0/25", "203.0.113.200"}));
}

TEST(EngineLadder, OverTheBudgetTheNarrowerOnesStandAndItIsSaidOnce) {
  Policy policy;
  policy.route_ladder.budget.addresses = 63;
  EngineFixture f(policy);
  const auto r = rule("r", 1);
  offend(f, r, 0, 5, 0);
  EXPECT_EQ(f.changes(), (Texts{"+ 192.0.2.1", "+ 192.0.2.2", "+ 192.0.2.3", "- 192.0.2.0/26 refused", "+ 192.0.2.4",
                                "+ 192.0.2.5"}));
  EXPECT_EQ(f.engine.counters().refused, 1U);
  EXPECT_EQ(f.engine.wanted(), 5U);
  const auto refusals = f.engine.explain(test::address("192.0.2.9"), at(10)).refusals;
  EXPECT_EQ(refusals, Texts{"2026-02-25T00:00:03Z: 192.0.2.0/26 was not banned: it would cover 64 IPv4 addresses; the "
                            "budget is 63 (ladder.route.budget_addresses)"});
  // A window later it is worth saying again, with three new offenders.
  offend(f, r, 0, 10, 8000);
  EXPECT_EQ(f.engine.counters().refused, 2U);
}

TEST(EngineLadder, AnAsOverTheBudgetLeavesItsRoutesBanned) {
  Policy policy;
  policy.asn_ladder.budget.addresses = 255;
  policy.asn_ladder.routes = 2;
  EngineFixture f(policy);
  offend(f, rule("r", 1), 0, 3, 0);
  offend(f, rule("r", 1), 1, 3, 100);
  offend(f, rule("r", 1), 2, 3, 200);
  EXPECT_FALSE(f.find("AS64500"));
  EXPECT_TRUE(f.find("192.0.2.128/26"));
  EXPECT_EQ(f.engine.counters().refused, 1U);
}

TEST(EngineLadder, TooWideIsRefusedWhateverTheRuleSays) {
  Policy policy;
  policy.protect.widest_ipv4 = 27;
  EngineFixture f(policy);
  auto r = rule("r", 1);
  r.scope = model::Scope::asn;
  f.hit(r, "192.0.2.1", 0);
  EXPECT_EQ(f.changes(), (Texts{"- AS64500 refused", "- 192.0.2.0/26 refused", "+ 192.0.2.1"}));
  EXPECT_EQ(f.batch(), Texts{"+ address 192.0.2.1"});
}

TEST(EngineLadder, AllowedAndProtectedAddressesAreCutOut) {
  Policy policy;
  policy.allow.prefixes = {prefix("192.0.2.32/28")};
  EngineFixture f(policy);
  f.world.protected_now = {{prefix("192.0.2.63"), "own address on eth0"}};
  auto r = rule("r", 1);
  r.scope = model::Scope::route;
  f.hit(r, "192.0.2.1", 0);
  EXPECT_EQ(f.batch(), (Texts{"+ route 192.0.2.0/27", "+ route 192.0.2.48/29", "+ route 192.0.2.56/30",
                              "+ route 192.0.2.60/31", "+ route 192.0.2.62"}));
  EXPECT_EQ(f.engine.desired().size(), f.engine.wanted());
}

TEST(EngineLadder, ABacklogClimbsByLogTime) {
  EngineFixture f;
  const int64_t now = 604'800;  // a week later
  const auto r = rule("r", 1);
  offend(f, r, 0, 3, 0, now);
  EXPECT_EQ(f.changes().back(), "- 192.0.2.0/26 expired");
  offend(f, r, 0, 4, 100, now);  // .4 is new: the route was banned at that time in the log
  EXPECT_EQ(f.changes(), (Texts{"+ 192.0.2.4", "- 192.0.2.4 expired"}));
  offend(f, r, 1, 3, 200, now);
  offend(f, r, 2, 3, 300, now);
  EXPECT_EQ(f.changes().back(), "- AS64500 expired");
  EXPECT_TRUE(f.batch().empty());
}

TEST(EngineLadder, WhatWasLiftedByHandDoesNotClimb) {
  EngineFixture f;
  const auto r = rule("r", 1);
  offend(f, r, 0, 2, 0);
  ASSERT_TRUE(f.engine.unban(test::target("192.0.2.1"), at(10)));
  f.hit(r, "192.0.2.3", 11);
  EXPECT_FALSE(f.find("192.0.2.0/26"));
  f.hit(r, "192.0.2.4", 12);
  ASSERT_TRUE(f.find("192.0.2.0/26"));
  ASSERT_TRUE(f.engine.unban(test::target("192.0.2.0/26"), at(13)));
  f.hit(r, "192.0.2.5", 14);
  EXPECT_FALSE(f.find("192.0.2.0/26"));
}

TEST(EngineLadder, RestoredDecisionsAreEvidence) {
  EngineFixture f;
  for (int i = 1; i <= 2; ++i) {
    model::Decision decision;
    decision.target = test::target("192.0.2." + std::to_string(i));
    decision.route = test::World::route(test::address("192.0.2.1"));
    decision.rule = "r";
    decision.since = at(i);
    decision.until = at(3600);
    f.engine.restore(decision);
    f.engine.finish_restoring();
  }
  f.hit(rule("r", 1), "192.0.2.3", 10);
  EXPECT_TRUE(f.find("192.0.2.0/26"));
}

}  // namespace
}  // namespace ipguard::decide
