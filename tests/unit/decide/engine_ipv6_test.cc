// Offenders who change their address within their /64, and lines that stand for several events.
#include <gtest/gtest.h>

#include "decide/ledger.h"
#include "engine_fixture.h"

namespace ipguard::decide {
namespace {

using test::address;
using test::at;
using test::EngineFixture;
using test::target;
using test::Texts;

TEST(EngineIpv6, HitsFromOneAddressBanThatAddress) {
  EngineFixture f;
  const auto rule = test::rule();
  for (int i = 0; i < 3; ++i) {
    f.hit(rule, "2001:db8::7", i);
  }
  EXPECT_EQ(f.targets(), Texts{"2001:db8::7"});
}

TEST(EngineIpv6, HitsFromSeveralAddressesOfA64BanThe64) {
  EngineFixture f;
  const auto rule = test::rule();
  f.hit(rule, "2001:db8::7", 0);
  f.hit(rule, "2001:db8::8", 1);
  f.hit(rule, "2001:db8:0:1::7", 1);  // another /64
  f.hit(rule, "2001:db8::ffff:9", 2);
  EXPECT_EQ(f.targets(), Texts{"2001:db8::/64"});
  const auto decision = f.find("2001:db8::/64");
  EXPECT_EQ(decision->target.scope, model::Scope::route);
  EXPECT_EQ(decision->issuer, "ledger");
  EXPECT_EQ(decision->ipv6_64s_covered, 1U);
  EXPECT_EQ(decision->until, at(2 + 3600)) << "the rule's own ban time";
  EXPECT_EQ(decision->reason.find("3 hits of sshd/failed-password from several addresses of 2001:db8::/64"), 0U);
  EXPECT_EQ(decision->evidence.size(), 3U);
  EXPECT_EQ(f.batch(), Texts{"+ route 2001:db8::/64"});
}

TEST(EngineIpv6, ASecondAddressThatOffendsAloneBansThe64) {
  EngineFixture f;
  const auto rule = test::rule("web/probe", 1);
  f.hit(rule, "2001:db8::7", 0);
  f.hit(rule, "2001:db8::8", 10);
  f.hit(rule, "2001:db8::9", 20);  // banned already
  EXPECT_EQ(f.targets(), (Texts{"2001:db8::7", "2001:db8::/64"}));
  EXPECT_NE(f.find("2001:db8::/64")->reason.find("another address of 2001:db8::/64 offended shortly before"),
            std::string::npos);
}

TEST(EngineIpv6, OutsideOfTheWindowItIsNoNeighbour) {
  EngineFixture f;
  const auto rule = test::rule("web/probe", 1);
  f.hit(rule, "2001:db8::7", 0);
  f.hit(rule, "2001:db8::8", 3601);
  EXPECT_EQ(f.targets(), Texts{"2001:db8::8"});
}

TEST(EngineIpv6, OneSiteIsOneOffenderOfItsRoute) {
  Policy policy;
  policy.route_ladder.addresses = 3;
  EngineFixture f(policy);
  const auto rule = test::rule("web/probe", 1);
  for (const char* from : {"2001:db8::1", "2001:db8:0:1::1", "2001:db8:0:1::2"}) {
    f.hit(rule, from, 0);
  }
  EXPECT_FALSE(f.find("2001:db8::/48")) << "two sites";
  f.hit(rule, "2001:db8:0:2::1", 1);
  ASSERT_TRUE(f.find("2001:db8::/48"));
  EXPECT_EQ(f.find("2001:db8::/48")->reason,
            "3 /64 networks of 2001:db8::/48 offended within 1h (2001:db8::/64, 2001:db8:0:1::/64, 2001:db8:0:2::/64); "
            "covers 65,536 IPv6 /64 networks");
}

TEST(EngineIpv6, ALiftForgetsTheWhole64) {
  EngineFixture f;
  const auto rule = test::rule("web/probe", 1);
  f.hit(rule, "2001:db8::7", 0);
  f.hit(rule, "2001:db8::8", 1);
  ASSERT_TRUE(f.engine.unban(target("2001:db8::/64"), at(2)));
  f.hit(rule, "2001:db8::9", 3);
  EXPECT_EQ(f.targets(), (Texts{"2001:db8::7", "2001:db8::9"}));
}

TEST(EngineIpv6, ARestoredBanOfA64IsNoBannedRoute) {
  EngineFixture f;
  model::Decision decision;
  decision.target = target("2001:db8:0:5::/64");
  decision.route = test::World::route(address("2001:db8:0:5::"));
  decision.rule = "web/probe";
  decision.since = at(0);
  f.engine.restore(decision);
  f.engine.finish_restoring();
  const auto explanation = f.engine.explain(address("2001:db8::1"), at(1));
  EXPECT_EQ(explanation.asn_routes, 0U);
  EXPECT_EQ(explanation.route_offenders, 1U);
}

TEST(EngineIpv6, Ipv4NeighboursAreStrangers) {
  EngineFixture f;
  const auto rule = test::rule();
  f.hit(rule, "192.0.2.1", 0);
  f.hit(rule, "192.0.2.2", 1);
  f.hit(rule, "192.0.2.3", 2);
  EXPECT_EQ(f.targets(), Texts{});
}

TEST(OffenceLedger, ALineCountsAsOftenAsItSaysThatItHappened) {
  const struct {
    const char* about;
    uint32_t weight;
    uint32_t repeat;
    bool distinct;
    uint32_t offence;  // its count; 0 = none
  } cases[] = {
      {"once", 1, 1, false, 0},
      {"less often than the threshold", 1, 4, false, 0},
      {"as often", 1, 5, false, 5},
      {"bounded by the threshold", 1, 4'000'000'000, false, 5},
      {"times the weight", 2, 3, false, 5},
      {"a heavy rule keeps its weight", 7, 2, false, 7},
      {"one value is one value", 1, 9, true, 0},
  };
  for (const auto& c : cases) {
    OffenceLedger ledger({});
    auto rule = test::rule("sshd/failed-password", 5);
    rule.weight = c.weight;
    if (c.distinct) {
      rule.distinct = model::DistinctValue{.of = model::DistinctValue::Of::user, .field = {}, .key = {}};
    }
    auto hit = test::hit(rule, "192.0.2.1", at(0));
    hit.repeat = c.repeat;
    const auto offence = ledger.hit(hit, at(0), {.path = "log", .offset = 0, .text = "line"});
    EXPECT_EQ(offence ? offence->count : 0, c.offence) << c.about;
  }
}

}  // namespace
}  // namespace ipguard::decide
