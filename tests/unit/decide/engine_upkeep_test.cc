// What becomes of decisions that are there: adopted ones, those of lists, parts that are refused and given back, and
// wide ones whose allowed parts come and go.
#include <gtest/gtest.h>

#include <array>

#include "engine_fixture.h"

namespace ipguard::decide {
namespace {

using test::at;
using test::country;
using test::EngineFixture;
using test::prefix;
using test::rule;
using test::target;
using test::Texts;

model::Decision adopted(std::string_view name, std::vector<net::Prefix> prefixes, std::optional<TimePoint> until) {
  model::Decision decision;
  decision.target = target(name);
  decision.cover(std::move(prefixes));
  decision.issuer = "kernel";
  decision.since = at(0);
  decision.until = until;
  return decision;
}

TEST(EngineRestore, OfTwoAdoptionsOfATargetTheLaterEndCounts) {
  for (const bool permanent_first : {true, false}) {
    EngineFixture f;
    f.engine.restore(
        adopted("192.0.2.0/26", {prefix("192.0.2.0/26")}, permanent_first ? std::nullopt : std::optional(at(3))));
    f.engine.restore(
        adopted("192.0.2.0/26", {prefix("192.0.2.0/26")}, permanent_first ? std::optional(at(3)) : std::nullopt));
    f.engine.restore(adopted("AS64500", {prefix("192.0.2.0/26")}, at(10)));
    f.engine.restore(adopted("AS64500", {prefix("2001:db8::/48")}, at(5)));
    f.engine.finish_restoring();
    f.engine.expire(at(4));
    ASSERT_TRUE(f.find("192.0.2.0/26")) << "a permanent ban became a short one";
    EXPECT_EQ(f.find("192.0.2.0/26")->until, std::nullopt);
    EXPECT_EQ(f.find("AS64500")->until, at(10));
    EXPECT_EQ(test::texts(f.find("AS64500")->prefixes), (Texts{"192.0.2.0/26", "2001:db8::/48"}));
  }
}

TEST(EngineRestore, WhatTheStoreKnowsIsNotReplacedByWhatTheKernelHas) {
  EngineFixture f;
  ASSERT_TRUE(f.engine.ban(target("AS64500"), std::nullopt, "by name", "manual", at(0)));
  f.engine.restore(adopted("AS64500", {prefix("192.0.2.0/26")}, at(10)));
  f.engine.finish_restoring();
  EXPECT_EQ(f.find("AS64500")->issuer, "manual");
  EXPECT_EQ(f.find("AS64500")->until, std::nullopt);
  EXPECT_EQ(f.find("AS64500")->prefixes.size(), 2U);
}

// What a list says of one that is banned: "renewed until 600" and whose it is afterwards.
std::string import(EngineFixture& f, std::string_view name, std::optional<int64_t> seconds) {
  const auto duration = seconds ? std::optional(Seconds(*seconds)) : std::nullopt;
  const auto result = f.engine.ban(target(name), duration, "a list", "import", at(0));
  if (!result) {
    return result.error().message;
  }
  (void)f.changes();
  const auto decision = f.find(name);
  static constexpr std::array<const char*, 3> hows = {"begun", "renewed", "already"};
  return std::string(hows.at(static_cast<size_t>(result->how))) + ", " + decision->issuer + " because " +
         decision->reason + " until " +
         (decision->until ? std::to_string(std::chrono::round<Seconds>(*decision->until - at(0)).count()) : "ever");
}

TEST(EngineImport, NeverShortensNorTakesOver) {
  EngineFixture f;
  ASSERT_TRUE(f.engine.ban(target("192.0.2.7"), std::nullopt, "for good", "manual", at(0)));
  ASSERT_TRUE(f.engine.ban(target("192.0.2.0/26"), Seconds(100), "for now", "manual", at(0)));
  (void)f.changes();
  (void)f.batch();
  EXPECT_EQ(import(f, "192.0.2.7", 60), "already, manual because for good until ever");
  EXPECT_EQ(import(f, "192.0.2.7", std::nullopt), "already, manual because for good until ever");
  EXPECT_TRUE(f.batch().empty());
  EXPECT_EQ(import(f, "192.0.2.0/26", 60), "already, manual because for now until 100");
  EXPECT_EQ(import(f, "192.0.2.0/26", 200), "renewed, manual because for now until 200");
  EXPECT_EQ(f.batch(), Texts{"+ route 192.0.2.0/26"});
  EXPECT_EQ(import(f, "192.0.2.9", 60), "begun, import because a list until 60");
  EXPECT_EQ(import(f, "192.0.2.9", 50), "already, import because a list until 60");
  EXPECT_EQ(import(f, "192.0.2.9", 70), "renewed, import because a list until 70");
  f.hit(rule("r", 1), "198.51.100.7", 0);
  (void)f.changes();
  EXPECT_EQ(import(f, "198.51.100.7", std::nullopt).substr(0, 37), "renewed, ledger because 1 hit of r (2");
  EXPECT_EQ(f.find("198.51.100.7")->rule, "r");
  EXPECT_FALSE(f.find("198.51.100.7")->evidence.empty()) << "its lines stay";
}

TEST(EngineImport, AnAdoptedBanLearnsItsReasonAndIsNotShortened) {
  EngineFixture f;
  f.engine.restore(adopted("192.0.2.7", {prefix("192.0.2.7")}, at(100)));
  f.engine.finish_restoring();
  EXPECT_EQ(import(f, "192.0.2.7", 60), "renewed, import because a list until 100");
}

TEST(EngineImport, EndsToTheMicrosecond) {
  EngineFixture f;
  const auto span = std::chrono::microseconds(60'000'001);
  ASSERT_TRUE(f.engine.ban(target("192.0.2.7"), span, "why", "import", at(0)));
  EXPECT_EQ(f.find("192.0.2.7")->until, at(0) + span);
}

TEST(EngineManual, TellsWhatABanByHandTookThePlaceOf) {
  EngineFixture f;
  EXPECT_EQ(f.engine.ban(target("192.0.2.7"), std::nullopt, "why", "manual", at(0))->before, std::nullopt);
  const auto shortened = f.engine.ban(target("192.0.2.7"), Seconds(60), "why", "manual", at(0));
  EXPECT_EQ(shortened->how, Banned::How::renewed);
  EXPECT_EQ(shortened->before, model::Until()) << "it was permanent";
  EXPECT_EQ(f.find("192.0.2.7")->until, at(60)) << "a person may";
}

// Allowed by AS and country, then no more: a running ban is what it would be after a restart.
TEST(EnginePolicy, WhatIsAllowedNoMoreIsGivenBack) {
  const auto allowing = [](std::vector<net::Asn> asns, std::vector<model::Country> countries) {
    Policy policy;
    policy.allow.asns = std::move(asns);
    policy.allow.countries = std::move(countries);
    return policy;
  };
  EngineFixture f;
  std::vector<model::Decision> stored;
  for (const auto what : {"192.0.2.0/24", "AS64500", "192.0.0.0/16"}) {
    ASSERT_TRUE(f.engine.ban(target(what), std::nullopt, "why", "manual", at(0)));
    stored.push_back(*f.find(what));
  }
  (void)f.changes();
  const auto whole = f.engine.desired();
  f.engine.reconfigure(allowing({}, {country("AT")}), at(1));
  EXPECT_EQ(test::texts(f.find("192.0.2.0/24")->prefixes), (Texts{"192.0.2.0/25", "192.0.2.128/26"}));
  EXPECT_EQ(test::texts(f.find("AS64500")->prefixes), (Texts{"192.0.2.0/25", "192.0.2.128/26", "2001:db8::/48"}));
  f.engine.reconfigure(allowing({}, {country("FR")}), at(2));
  EXPECT_EQ(f.engine.desired(), whole) << "given back by another list";
  f.engine.reconfigure(allowing({}, {country("AT")}), at(3));
  f.engine.reconfigure(allowing({}, {}), at(4));
  EXPECT_EQ(f.engine.desired(), whole) << "given back by none";

  for (const auto& policy : {allowing({}, {}), allowing({}, {country("AT")}), allowing({}, {country("DE")})}) {
    f.engine.reconfigure(policy, at(5));
    EngineFixture restarted(policy);
    for (const auto& decision : stored) {
      restarted.engine.restore(decision);
    }
    restarted.engine.finish_restoring();
    restarted.engine.reconfigure(policy, at(5), true);
    EXPECT_EQ(restarted.engine.desired(), f.engine.desired()) << "memory and restart agree";
  }
}

TEST(EnginePolicy, WhatADecisionSparedStaysSpared) {
  Policy policy;
  policy.asn_ladder.budget.good_clients = 0;
  EngineFixture f(policy);
  f.engine.on_login(test::address("192.0.2.9"), at(0), at(0));
  ASSERT_TRUE(f.engine.ban(target("AS64500"), std::nullopt, "why", "manual", at(0)));
  const auto before = f.engine.desired();
  ASSERT_FALSE(f.find("AS64500")->left_out.empty());
  policy.allow.countries = {country("AT")};
  f.engine.reconfigure(policy, at(1));
  EXPECT_NE(f.engine.desired(), before);
  policy.allow.countries = {};
  f.engine.reconfigure(policy, at(2));
  EXPECT_EQ(f.engine.desired(), before);
}

// Nobody knows that it was meant to be more.
TEST(EnginePolicy, AnAdoptedBanBecomesNoWiderThanTheKernelHadIt) {
  EngineFixture f;
  f.engine.restore(adopted("AS64500", {prefix("192.0.2.0/26")}, std::nullopt));
  f.engine.finish_restoring();
  f.engine.reconfigure({}, at(1), true);
  EXPECT_EQ(test::texts(f.find("AS64500")->prefixes), Texts{"192.0.2.0/26"});
}

model::ElementFailure surplus(const model::SetElement& element) {
  return {.element = element, .reason = "with it too much", .refused = true, .for_room = true};
}

TEST(EngineReport, APartThatIsRefusedIsToldAsSuchAndCounted) {
  EngineFixture f;
  ASSERT_TRUE(f.engine.ban(target("AS64500"), std::nullopt, "why", "manual", at(0)));
  const auto batch = f.engine.take_batch();
  ASSERT_EQ(batch.add.size(), 2U);
  f.engine.on_report({.added = 1, .removed = 0, .failures = {surplus(batch.add[0])}}, at(1));
  EXPECT_EQ(f.targets(), Texts{"AS64500"});
  EXPECT_EQ(f.engine.refused_elements().count, 1U);
  EXPECT_EQ(f.engine.refused_elements().example, "192.0.2.0/24: with it too much");
  EXPECT_EQ(f.engine.explain(test::address("192.0.2.7"), at(1)).refusals,
            Texts{"2026-02-25T00:00:01Z: a part of AS64500 was not banned: with it too much"});
  const auto in_force = f.engine.in_force(*f.find("AS64500"));
  EXPECT_EQ(test::texts(in_force.prefixes), Texts{"2001:db8::/48"});
  ASSERT_EQ(in_force.cut_out.size(), 1U);
  EXPECT_EQ(in_force.cut_out[0].reason, "with it too much");
}

TEST(EngineReport, RoomThatIsFreedGoesToWhatLackedIt) {
  EngineFixture f;
  ASSERT_TRUE(f.engine.ban(target("AS64500"), std::nullopt, "why", "manual", at(0)));
  ASSERT_TRUE(f.engine.ban(target("FR"), std::nullopt, "why", "manual", at(0), true));
  const auto batch = f.engine.take_batch();
  f.engine.on_report({.added = 2, .removed = 0, .failures = {surplus(batch.add[0])}}, at(1));
  (void)f.batch();
  ASSERT_TRUE(f.engine.ban(target("203.0.113.7"), std::nullopt, "why", "manual", at(1)));
  ASSERT_TRUE(f.engine.unban(target("203.0.113.7"), at(1)));
  f.engine.on_report({.added = 0, .removed = 1, .failures = {}}, at(1));
  EXPECT_TRUE(f.batch().empty()) << "an address makes no room";
  ASSERT_TRUE(f.engine.unban(target("FR"), at(2)));
  const auto lifted = f.engine.take_batch();
  ASSERT_FALSE(lifted.remove.empty());
  f.engine.on_report({.added = 0, .removed = static_cast<uint32_t>(lifted.remove.size()), .failures = {}}, at(2));
  EXPECT_EQ(f.batch(), Texts{"+ asn 192.0.2.0/24"});
  EXPECT_EQ(f.engine.refused_elements().count, 0U);
}

TEST(EngineReport, AReloadMayMakeRoom) {
  EngineFixture f;
  ASSERT_TRUE(f.engine.ban(target("AS64500"), std::nullopt, "why", "manual", at(0)));
  const auto batch = f.engine.take_batch();
  f.engine.on_report({.added = 1, .removed = 0, .failures = {surplus(batch.add[0])}}, at(1));
  (void)f.batch();
  f.engine.reconfigure({}, at(2));
  EXPECT_EQ(f.batch(), Texts{"+ asn 192.0.2.0/24"});
}

// The sentence says what `bans` shows.
TEST(EngineLadder, CountsWhatABanCoversWithoutWhatStaysOpen) {
  EngineFixture f;
  f.world.protected_now = {{prefix("192.0.2.1"), "SSH session of root"}};
  const auto one = rule("one", 1);
  for (const auto* from : {"192.0.2.7", "192.0.2.8", "192.0.2.9"}) {
    f.hit(one, from, 10);
  }
  const auto decision = f.find("192.0.2.0/26");
  ASSERT_TRUE(decision);
  (void)f.changes();
  EXPECT_NE(f.find("192.0.2.0/26")->reason.find("covers 63 IPv4 addresses"), std::string::npos)
      << f.find("192.0.2.0/26")->reason;
  EXPECT_EQ(f.engine.in_force(*decision).covered.ipv4_addresses, 63U);
}

TEST(EngineExplain, TellsHowFarItsCountryIs) {
  Policy policy;
  policy.country_ladder.asns = 2;
  policy.asn_ladder.routes = 1;
  policy.asn_ladder.one_in = 1'000'000;
  EngineFixture f(policy);
  const auto one = rule("one", 1);
  for (const auto* from : {"192.0.2.7", "192.0.2.8", "192.0.2.9"}) {
    f.hit(one, from, 10);
  }
  const auto explanation = f.engine.explain(test::address("192.0.2.70"), at(11));
  EXPECT_EQ(explanation.country_threshold, 2U);
  EXPECT_EQ(explanation.country_asns, f.find("AS64500") ? 1U : 0U);
  EXPECT_TRUE(f.find("AS64500"));
}

}  // namespace
}  // namespace ipguard::decide
