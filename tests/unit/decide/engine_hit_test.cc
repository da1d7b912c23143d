// From hits to address decisions, in log time.
#include <gtest/gtest.h>

#include "engine_fixture.h"

namespace ipguard::decide {
namespace {

using test::at;
using test::country;
using test::EngineFixture;
using test::prefix;
using test::rule;
using test::Texts;

TEST(EngineHit, BansAnAddressAtTheThreshold) {
  EngineFixture f;
  const auto r = rule();
  f.hit(r, "192.0.2.7", 0, 100, "one");
  f.hit(r, "192.0.2.7", 10, 100, "two");
  EXPECT_TRUE(f.engine.decisions().empty());
  f.hit(r, "192.0.2.7", 20, 100, "three");
  EXPECT_EQ(f.changes(), Texts{"+ 192.0.2.7"});
  EXPECT_EQ(f.batch(), Texts{"+ address 192.0.2.7"});
  const auto decision = f.find("192.0.2.7");
  ASSERT_TRUE(decision);
  EXPECT_EQ(decision->reason,
            "3 hits of sshd/failed-password within 10m (first 2026-02-25T00:00:00Z, last 2026-02-25T00:00:20Z)");
  EXPECT_EQ(decision->rule, "sshd/failed-password");
  EXPECT_EQ(decision->issuer, "ledger");
  EXPECT_EQ(decision->since, at(20));
  EXPECT_EQ(decision->until, at(20 + 3600));
  EXPECT_EQ(decision->addresses_covered, 1U);
  EXPECT_EQ(decision->route.prefix, prefix("192.0.2.0/26"));
  ASSERT_EQ(decision->evidence.size(), 3U);
  EXPECT_EQ(decision->evidence[2].text, "three");
  EXPECT_EQ(decision->evidence[2].path, "/var/log/auth.log");
  EXPECT_EQ(f.engine.wanted(), 1U);
}

// Servers write a line when the request is over, with the time when it began.
TEST(EngineHit, ABanIsNoOlderThanItsEvidence) {
  EngineFixture f;
  const auto r = rule();
  f.hit(r, "192.0.2.7", 10);
  f.hit(r, "192.0.2.7", 26);
  f.hit(r, "192.0.2.7", 20);
  const auto decision = f.find("192.0.2.7");
  ASSERT_TRUE(decision);
  EXPECT_EQ(decision->since, at(26));
}

TEST(EngineHit, CountsHitsOfTheBannedAndBansThemOnce) {
  EngineFixture f;
  const auto r = rule("r", 1);
  f.hit(r, "192.0.2.7", 0);
  f.hit(r, "192.0.2.7", 1);
  f.hit(r, "192.0.2.7", 2);
  const auto& counters = f.engine.counters();
  EXPECT_EQ(counters.hits, 3U);
  EXPECT_EQ(counters.hits_banned, 2U);
  EXPECT_EQ(counters.offences, 1U);
  EXPECT_EQ(counters.decisions, 1U);
  EXPECT_EQ(f.changes().size(), 1U);
}

// Hits of one line ask for the same address at the same time: what the first led to counts for the others.
TEST(EngineHit, KnowsWithinALineWhatTheHitBeforeLedTo) {
  EngineFixture f;
  const auto bans = rule("bans", 1);
  const auto counts = rule("counts", 3);
  f.hit(counts, "192.0.2.7", 5);
  f.hit(bans, "192.0.2.7", 5);
  f.hit(counts, "192.0.2.7", 5);
  EXPECT_EQ(f.engine.counters().hits_banned, 1U);
  ASSERT_TRUE(f.engine.unban(*model::Target::parse("192.0.2.7"), at(5)));
  f.hit(counts, "192.0.2.7", 5);
  EXPECT_EQ(f.engine.counters().hits_banned, 1U) << "it is lifted";
  f.hit(counts, "192.0.2.8", 5);
  EXPECT_EQ(f.engine.counters().hits_banned, 1U) << "another address at the same time";
}

TEST(EngineHit, ExpiresAndGrows) {
  EngineFixture f;
  const auto r = rule("r", 1);
  f.hit(r, "192.0.2.7", 0);
  EXPECT_EQ(f.engine.next_expiry(), at(3600));
  (void)f.batch();
  (void)f.changes();
  f.engine.expire(at(3599));
  EXPECT_TRUE(f.changes().empty());
  f.engine.expire(at(3700));
  EXPECT_EQ(f.changes(), Texts{"- 192.0.2.7 expired"});
  EXPECT_EQ(f.batch(), Texts{"- address 192.0.2.7"});
  EXPECT_EQ(f.engine.next_expiry(), std::nullopt);

  f.hit(r, "192.0.2.7", 4000);
  EXPECT_EQ(f.find("192.0.2.7")->repeat, 1U);
  EXPECT_EQ(f.find("192.0.2.7")->until, at(4000 + 7200));
  // Quiet for longer than ban.forget: it starts afresh.
  const int64_t later = 4000 + 7200 + 14 * 86400 + 1;
  f.hit(r, "192.0.2.7", later);
  EXPECT_EQ(f.find("192.0.2.7")->repeat, 0U);
}

TEST(EngineHit, AHitAfterTheEndCountsWithoutACallOfExpire) {
  EngineFixture f;
  const auto r = rule("r", 1);
  f.hit(r, "192.0.2.7", 0);
  f.hit(r, "192.0.2.7", 3600);
  EXPECT_EQ(f.changes(), (Texts{"+ 192.0.2.7", "- 192.0.2.7 expired", "+ 192.0.2.7"}));
}

TEST(EngineHit, ABanTimeOfZeroIsPermanent) {
  EngineFixture f;
  auto r = rule("r", 1);
  r.ban = Seconds(0);
  f.hit(r, "192.0.2.7", 0);
  EXPECT_EQ(f.find("192.0.2.7")->until, std::nullopt);
  EXPECT_EQ(f.engine.next_expiry(), std::nullopt);
}

TEST(EngineHit, ABacklogBansNobodyWhoseBanWouldBeOver) {
  EngineFixture f;
  const auto r = rule("r", 1);
  const int64_t now = 100'000;
  f.hit(r, "192.0.2.7", 0, now);
  EXPECT_EQ(f.changes(), (Texts{"+ 192.0.2.7", "- 192.0.2.7 expired"}));
  EXPECT_TRUE(f.batch().empty());
  EXPECT_TRUE(f.engine.decisions().empty());
  f.hit(r, "192.0.2.7", 1800, now);  // the ban would have been in force
  EXPECT_TRUE(f.changes().empty());
  EXPECT_EQ(f.engine.counters().hits_banned, 1U);
  f.hit(r, "192.0.2.7", 3600, now);  // over, and the second one is longer
  EXPECT_EQ(f.changes().size(), 2U);
  const auto ended = f.engine.explain(test::address("192.0.2.7"), at(now)).ended;
  ASSERT_EQ(ended.size(), 2U);
  EXPECT_EQ(ended[0].decision.repeat, 1U);
  EXPECT_EQ(ended[0].at, at(3600 + 7200));
  f.hit(r, "192.0.2.8", now - 3000, now);  // begun in the log, not over yet
  EXPECT_EQ(f.batch(), Texts{"+ address 192.0.2.8"});
  EXPECT_EQ(f.find("192.0.2.8")->until, at(now + 600));
}

TEST(EngineHit, ATimeAheadOfNowCountsAsNow) {
  EngineFixture f;
  const auto r = rule("r", 1);
  f.hit(r, "192.0.2.7", 1060, 1000);
  f.hit(r, "192.0.2.8", 1061, 1000);
  EXPECT_EQ(f.find("192.0.2.7")->since, at(1060));
  EXPECT_EQ(f.find("192.0.2.8")->since, at(1000));
}

TEST(EngineHit, TheAllowlistIsNeverBanned) {
  Policy policy;
  policy.allow.prefixes = {prefix("192.0.2.0/28")};
  policy.allow.asns = {net::Asn{64501}};
  policy.allow.countries = {country("NL")};
  EngineFixture f(policy);
  const auto r = rule("r", 2);
  for (const auto from : {"192.0.2.7", "198.51.100.1", "203.0.113.1", "2001:db8:1::1", "::ffff:192.0.2.7"}) {
    f.hit(r, from, 0);
    f.hit(r, from, 1);
  }
  EXPECT_TRUE(f.changes().empty());
  EXPECT_TRUE(f.engine.decisions().empty());
  EXPECT_EQ(f.engine.counters().hits_allowed, 10U);
  EXPECT_EQ(f.engine.counters().refused, 3U);
  f.hit(r, "192.0.2.17", 0);
  f.hit(r, "192.0.2.17", 0);
  EXPECT_EQ(f.targets(), Texts{"192.0.2.17"});
}

TEST(EngineHit, TheProtectedAreNeverBannedAndOnlyDecisionsAskForThem) {
  EngineFixture f;
  const int asked = f.world.asked;
  const auto r = rule("r", 3);
  f.world.protected_now = {{prefix("192.0.2.7"), "SSH session of root"}};
  f.hit(r, "192.0.2.7", 0);
  f.hit(r, "192.0.2.7", 0);
  EXPECT_EQ(f.world.asked, asked);
  f.hit(r, "192.0.2.7", 0);
  EXPECT_EQ(f.world.asked, asked + 1);
  EXPECT_TRUE(f.engine.decisions().empty());
  const auto explanation = f.engine.explain(test::address("192.0.2.7"), at(0));
  EXPECT_EQ(explanation.protections, Texts{"protected: SSH session of root"});
  EXPECT_EQ(explanation.refusals,
            Texts{"2026-02-25T00:00:00Z: 192.0.2.7 was not banned: protected: SSH session of root"});
}

TEST(EngineHit, ReplayRefillsWindowsAndDecidesNothing) {
  EngineFixture f;
  const auto r = rule();
  const auto replay = [&](std::string_view from, int64_t time) {
    f.engine.replay_hit(test::hit(r, from, at(time)), "/var/log/auth.log", at(1000));
  };
  for (int i = 0; i < 5; ++i) {
    replay("192.0.2.7", i);  // an offence and two hits towards the next one
  }
  EXPECT_TRUE(f.changes().empty());
  EXPECT_EQ(f.engine.counters().hits, 0U);
  f.hit(r, "192.0.2.7", 5);
  EXPECT_EQ(f.changes(), Texts{"+ 192.0.2.7"});
  // Its offence and two more in the replay make three offenders of the route.
  for (int i = 0; i < 3; ++i) {
    replay("192.0.2.8", i);
  }
  EXPECT_EQ(f.engine.explain(test::address("192.0.2.1"), at(6)).route_offenders, 2U);
}

TEST(EngineHit, ReplayLeavesTheBannedAlone) {
  EngineFixture f;
  const auto r = rule();
  model::Decision decision;
  decision.target = test::target("192.0.2.7");
  decision.rule = r.id;
  decision.route = test::World::route(test::address("192.0.2.7"));
  decision.since = at(2);
  decision.until = at(3602);
  f.engine.restore(decision);
  f.engine.finish_restoring();
  for (int i = 0; i < 10; ++i) {
    f.engine.replay_hit(test::hit(r, "192.0.2.7", at(i)), "p", at(1000));
  }
  EXPECT_TRUE(f.engine.explain(test::address("192.0.2.7"), at(10)).counting.empty());
}

TEST(EngineHit, AReplayedStampInTheFutureCountsAsNow) {
  EngineFixture f;
  const auto r = rule();
  f.engine.replay_hit(test::hit(r, "192.0.2.7", at(1'000'000)), "p", at(10));
  f.engine.replay_hit(test::hit(r, "192.0.2.7", at(2'000'000)), "p", at(10));
  f.hit(r, "192.0.2.7", 11);  // the third within the window
  EXPECT_EQ(f.changes(), Texts{"+ 192.0.2.7"});
  EXPECT_EQ(f.find("192.0.2.7")->since, at(11));
}

TEST(EngineHit, AClockThatIsWrongKeepsNobodyFromBeingCounted) {
  EngineFixture f;
  const auto r = rule();
  f.hit(r, "192.0.2.7", 5'000'000, 10);
  f.hit(r, "192.0.2.7", 11);
  f.hit(r, "192.0.2.7", 12);
  EXPECT_EQ(f.changes(), Texts{"+ 192.0.2.7"});
  EXPECT_EQ(f.find("192.0.2.7")->until, at(12 + 3600)) << "and the ban ends as if the stamp had been right";
}

}  // namespace
}  // namespace ipguard::decide
