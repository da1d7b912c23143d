// Bans and lifts by people, restored decisions, reports of the enforcer, changes of policy and protection, explain.
#include <gtest/gtest.h>

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
using test::World;

std::string ban(EngineFixture& f, std::string_view what, std::optional<int64_t> seconds, int64_t now) {
  const auto duration = seconds ? std::optional(Seconds(*seconds)) : std::nullopt;
  const auto result = f.engine.ban(target(what), duration, "because", "manual", at(now));
  return result ? "banned" : result.error().message;
}

std::string unban(EngineFixture& f, std::string_view what, int64_t now) {
  const auto result = f.engine.unban(target(what), at(now));
  return result ? "lifted" : result.error().message;
}

TEST(EngineManual, BansAndLifts) {
  EngineFixture f;
  EXPECT_EQ(ban(f, "192.0.2.7", 60, 0), "banned");
  EXPECT_EQ(ban(f, "192.0.2.0/24", std::nullopt, 0), "banned");
  EXPECT_EQ(ban(f, "AS64501", 60, 0), "banned");
  EXPECT_EQ(f.batch(), (Texts{"+ address 192.0.2.7", "+ route 192.0.2.0/24", "+ asn 198.51.100.0/24"}));
  const auto decision = f.find("AS64501");
  EXPECT_EQ(decision->reason, "because");
  EXPECT_EQ(decision->issuer, "manual");
  EXPECT_EQ(decision->rule, "");
  EXPECT_EQ(decision->route.as_name, "Example 64501");
  EXPECT_EQ(decision->addresses_covered, 256U);
  EXPECT_EQ(f.find("192.0.2.0/24")->until, std::nullopt);
  EXPECT_EQ(unban(f, "192.0.2.0/24", 10), "lifted");
  EXPECT_EQ(f.batch(), Texts{"- route 192.0.2.0/24"});
  EXPECT_EQ(f.changes(), (Texts{"+ 192.0.2.7", "+ 192.0.2.0/24", "+ AS64501", "- 192.0.2.0/24 lifted"}));
}

TEST(EngineManual, ASingleAddressIsAnAddressWhateverItIsCalled) {
  EngineFixture f;
  const model::Target odd{.scope = model::Scope::route, .prefix = prefix("192.0.2.7/32"), .asn = {}};
  ASSERT_TRUE(f.engine.ban(odd, Seconds(60), "r", "manual", at(0)));
  EXPECT_EQ(f.engine.decisions()[0].target, target("192.0.2.7"));
  EXPECT_TRUE(f.engine.unban(odd, at(1)));
}

TEST(EngineManual, ASecondBanRenews) {
  EngineFixture f;
  ASSERT_EQ(ban(f, "192.0.2.7", 60, 0), "banned");
  (void)f.batch();
  ASSERT_EQ(ban(f, "192.0.2.7", 600, 30), "banned");
  EXPECT_EQ(f.find("192.0.2.7")->until, at(630));
  EXPECT_EQ(f.find("192.0.2.7")->since, at(0));
  EXPECT_EQ(f.batch(), Texts{"+ address 192.0.2.7"});
  EXPECT_EQ(f.changes(), (Texts{"+ 192.0.2.7", "+ 192.0.2.7"}));
  f.engine.expire(at(60));
  EXPECT_EQ(f.targets(), Texts{"192.0.2.7"});
}

TEST(EngineManual, TheSameBanAgainIsNoNews) {
  EngineFixture f;
  using How = Banned::How;
  const auto again = [&](std::string_view what, std::optional<Seconds> duration, int64_t now,
                         std::string_view reason = "because", std::string_view issuer = "manual") {
    const auto result = f.engine.ban(target(what), duration, std::string(reason), std::string(issuer), at(now));
    return result ? result->how : How::begun;
  };
  for (const auto what : {"192.0.2.7", "192.0.2.0/24", "AS64501"}) {
    ASSERT_EQ(ban(f, what, std::nullopt, 0), "banned");
  }
  EXPECT_EQ(again("192.0.2.7", {}, 0), How::already) << "before it was told";
  EXPECT_EQ(f.changes().size(), 3U);
  (void)f.batch();
  for (const auto what : {"192.0.2.7", "192.0.2.0/24", "AS64501"}) {
    EXPECT_EQ(again(what, {}, 10), How::already) << what;
  }
  EXPECT_TRUE(f.changes().empty());
  EXPECT_TRUE(f.batch().empty());
  EXPECT_EQ(f.engine.counters().decisions, 3U);
  EXPECT_EQ(again("192.0.2.7", {}, 20, "for another reason"), How::renewed);
  EXPECT_EQ(again("192.0.2.7", Seconds(60), 20, "for another reason"), How::renewed);
  EXPECT_EQ(again("192.0.2.7", Seconds(60), 20, "for another reason"), How::already) << "the same end";
  EXPECT_EQ(again("192.0.2.7", Seconds(60), 30, "for another reason"), How::renewed) << "a later one";
  EXPECT_EQ(f.changes(), (Texts{"+ 192.0.2.7", "+ 192.0.2.7", "+ 192.0.2.7"}));
  EXPECT_EQ(f.find("192.0.2.7")->until, at(90));
}

TEST(EngineManual, ABanLastsAsLongAsItMayBeConfirmed) {
  EngineFixture f;
  const auto ban_for = [&](Seconds duration) {
    return f.engine.ban(target("192.0.2.7"), duration, "because", "manual", at(0), false, Seconds(300));
  };
  const auto refused = ban_for(Seconds(299));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, Errc::invalid);
  EXPECT_NE(refused.error().message.find("shorten --confirm-within"), std::string::npos);
  EXPECT_TRUE(f.targets().empty());
  EXPECT_TRUE(ban_for(Seconds(300)));
}

// Who bans what waits to be confirmed, or what evidence led to, means something else.
TEST(EngineManual, ABanOfAnotherKindIsRenewed) {
  EngineFixture f;
  ASSERT_TRUE(f.engine.ban(target("192.0.2.7"), {}, "because", "manual", at(0), false, Seconds(300)));
  EXPECT_EQ(f.engine.ban(target("192.0.2.7"), {}, "because", "manual", at(1))->how, Banned::How::renewed);
  EXPECT_EQ(f.find("192.0.2.7")->confirm_by, std::nullopt);
  f.hit(rule("r", 1), "192.0.2.9", 10);
  const auto known = f.find("192.0.2.9");
  EXPECT_EQ(f.engine.ban(target("192.0.2.9"), *known->until - at(11), known->reason, "manual", at(11))->how,
            Banned::How::renewed);
  EXPECT_EQ(f.find("192.0.2.9")->issuer, "manual");
}

TEST(EngineManual, SaysWhyNot) {
  Policy policy;
  policy.allow.prefixes = {prefix("192.0.2.64/26")};
  policy.allow.asns = {net::Asn{64502}};
  EngineFixture f(policy);
  f.world.protected_now = {{prefix("192.0.2.1"), "default gateway"}};
  const struct {
    std::string_view target;
    std::optional<int64_t> seconds;
    std::string_view answer;
  } cases[] = {
      {"192.0.2.65", 60, "192.0.2.65 cannot be banned: allowlist: prefix 192.0.2.64/26"},
      {"192.0.2.1", 60, "192.0.2.1 cannot be banned: protected: default gateway"},
      {"192.0.2.64/27", 60, "192.0.2.64/27 cannot be banned: nothing is left of it: allowlist: prefix 192.0.2.64/26"},
      {"0.0.0.0/7", 60, "0.0.0.0/7 cannot be banned: 0.0.0.0/7 is wider than /8 (protect.widest_ipv4)"},
      {"AS64999", 60, "AS64999 cannot be banned: the database knows no prefixes of AS64999"},
      {"AS64502", 60, "AS64502 cannot be banned: allowlist: AS64502"},
      {"192.0.2.9", 0, "a ban must last longer than 0s"},
  };
  for (const auto& c : cases) {
    EXPECT_EQ(ban(f, c.target, c.seconds, 0), c.answer);
  }
  EXPECT_TRUE(f.engine.decisions().empty());
  EXPECT_TRUE(f.batch().empty());
  EXPECT_EQ(ban(f, "192.0.2.0/24", 60, 0), "banned");  // with those cut out
  for (const auto& element : f.engine.desired()) {
    EXPECT_FALSE(element.prefix.contains(test::address("192.0.2.1")));
    EXPECT_FALSE(element.prefix.overlaps(prefix("192.0.2.64/26")));
  }
}

TEST(EngineManual, UnbanSaysWhatDoesCoverTheTarget) {
  EngineFixture f;
  ASSERT_EQ(ban(f, "192.0.2.0/24", 60, 0), "banned");
  ASSERT_EQ(ban(f, "198.51.100.7", 60, 0), "banned");
  EXPECT_EQ(unban(f, "192.0.2.7", 1),
            "192.0.2.7 is not banned itself; it lies in the banned route 192.0.2.0/24: unban that");
  EXPECT_EQ(unban(f, "198.51.100.0/24", 1),
            "198.51.100.0/24 is not banned itself; narrower bans lie in it (1): unban that");
  EXPECT_EQ(unban(f, "203.0.113.1", 1), "203.0.113.1 is not banned");
  EXPECT_EQ(unban(f, "AS64500", 1), "AS64500 is not banned");
  ASSERT_EQ(ban(f, "AS64500", 60, 0), "banned");
  EXPECT_EQ(unban(f, "192.0.2.7", 1),
            "192.0.2.7 is not banned itself; it lies in the banned route 192.0.2.0/24 and in the banned AS64500: unban "
            "those");
  EXPECT_EQ(f.engine.unban(target("203.0.113.1"), at(1)).error().code, Errc::not_found);
}

TEST(EngineManual, AnExpiredBanIsNotThereToBeLifted) {
  EngineFixture f;
  ASSERT_EQ(ban(f, "192.0.2.7", 60, 0), "banned");
  EXPECT_EQ(unban(f, "192.0.2.7", 60), "192.0.2.7 is not banned");
}

TEST(EngineRestore, IsNotReportedAndIsCutByWhatIsProtected) {
  World world;
  world.protected_now = {{prefix("192.0.2.1"), "default gateway"}};
  Engine engine({}, world.lookups());
  model::Decision decision;
  decision.target = target("192.0.2.0/30");
  decision.until = at(60);
  engine.restore(decision);
  engine.finish_restoring();
  EXPECT_TRUE(engine.take_changes().empty());
  EXPECT_EQ(engine.desired().size(), 2U);  // .0 and .2/31
  EXPECT_EQ(engine.decisions()[0].addresses_covered, 4U);
  decision.target = target("AS64501");
  engine.restore(decision);
  engine.finish_restoring();
  EXPECT_EQ(test::texts(engine.decisions()[1].prefixes), Texts{"198.51.100.0/24"});
}

TEST(EngineRestore, WhatThePolicyNoLongerAllowsIsLiftedAtTheFirstTick) {
  Policy policy;
  policy.allow.countries = {country("FR")};
  EngineFixture f(policy);
  model::Decision decision;
  decision.target = target("198.51.100.7");
  decision.until = at(600);
  f.engine.restore(decision);
  f.engine.finish_restoring();
  f.engine.expire(at(0));
  EXPECT_EQ(f.changes(), Texts{"- 198.51.100.7 lifted"});
  EXPECT_TRUE(f.batch().empty());
}

TEST(EngineRestore, HistoryMakesBansGrow) {
  EngineFixture f;
  f.engine.restore_history(target("192.0.2.7"), 2, at(0));
  f.hit(rule("r", 1), "192.0.2.7", 10);
  EXPECT_EQ(f.find("192.0.2.7")->repeat, 2U);
  EXPECT_EQ(f.find("192.0.2.7")->until, at(10 + 4 * 3600));
}

model::ApplyReport refusal(const model::SetBatch& batch, std::string_view which, bool refused) {
  model::ApplyReport report;
  for (const auto& element : batch.add) {
    if (element.prefix.to_target() == which) {
      report.failures.push_back({.element = element, .reason = "SSH session of root", .refused = refused});
    }
  }
  return report;
}

TEST(EngineReport, FailedElementsAreOfferedAgain) {
  EngineFixture f;
  ASSERT_EQ(ban(f, "192.0.2.7", 60, 0), "banned");
  const auto batch = f.engine.take_batch();
  f.engine.on_report(refusal(batch, "192.0.2.7", false), at(1));
  EXPECT_EQ(f.batch(), Texts{"+ address 192.0.2.7"});
  EXPECT_TRUE(f.batch().empty());
}

TEST(EngineReport, ARefusedAddressEndsItsDecision) {
  EngineFixture f;
  ASSERT_EQ(ban(f, "192.0.2.7", 60, 0), "banned");
  const auto batch = f.engine.take_batch();
  f.engine.on_report(refusal(batch, "192.0.2.7", true), at(1));
  EXPECT_EQ(f.changes(), (Texts{"+ 192.0.2.7", "- 192.0.2.7 refused"}));
  EXPECT_TRUE(f.engine.desired().empty());
  EXPECT_EQ(f.engine.explain(test::address("192.0.2.7"), at(1)).refusals,
            Texts{"2026-02-25T00:00:01Z: 192.0.2.7 was not banned: SSH session of root"});
}

TEST(EngineReport, ARouteStandsOnWhatIsLeftOfIt) {
  EngineFixture f;
  ASSERT_EQ(ban(f, "192.0.2.0/30", 60, 0), "banned");
  const auto batch = f.engine.take_batch();
  // The writer knows of a session that began since we asked; asked again, we know of it too.
  f.world.protected_now = {{prefix("192.0.2.2"), "SSH session of root"}};
  f.engine.on_report(refusal(batch, "192.0.2.0/30", true), at(1));
  EXPECT_EQ(f.targets(), Texts{"192.0.2.0/30"});
  const auto next = f.engine.take_batch();
  EXPECT_EQ(next.add.size(), 2U);  // .0/31 and .3
  f.engine.on_report(refusal(next, "192.0.2.3", true), at(2));
  EXPECT_EQ(f.targets(), Texts{"192.0.2.0/30"});
  f.engine.on_report(refusal(next, "192.0.2.0/31", true), at(2));
  EXPECT_TRUE(f.targets().empty());
  EXPECT_EQ(f.engine.wanted(), 0U);
}

TEST(EnginePolicy, ANewAllowlistLiftsAndCuts) {
  EngineFixture f;
  for (const auto what : {"192.0.2.7", "192.0.2.0/24", "198.51.100.7", "AS64501", "AS64500", "203.0.113.1"}) {
    ASSERT_EQ(ban(f, what, 600, 0), "banned");
  }
  (void)f.changes();
  Policy policy;
  policy.allow.prefixes = {prefix("192.0.2.0/28"), prefix("203.0.113.1")};
  policy.allow.asns = {net::Asn{64501}};
  policy.allow.countries = {country("AT")};
  f.engine.reconfigure(policy, at(10));
  EXPECT_EQ(f.targets(), (Texts{"192.0.2.0/24", "AS64500"}));
  EXPECT_EQ(f.changes(),
            (Texts{"- 192.0.2.7 lifted", "- 203.0.113.1 lifted", "- 198.51.100.7 lifted", "- AS64501 lifted"}));
  EXPECT_EQ(test::texts(f.find("AS64500")->prefixes), (Texts{"192.0.2.0/25", "192.0.2.128/26", "2001:db8::/48"}));
  for (const auto& element : f.engine.desired()) {
    EXPECT_FALSE(element.prefix.overlaps(prefix("192.0.2.0/28"))) << element.prefix.to_string();
    EXPECT_FALSE(element.prefix.overlaps(prefix("192.0.2.192/26"))) << element.prefix.to_string();
  }
}

TEST(EnginePolicy, NewlyProtectedAddressesAreLiftedAndCutAtOnce) {
  EngineFixture f;
  ASSERT_EQ(ban(f, "192.0.2.7", 600, 0), "banned");
  ASSERT_EQ(ban(f, "192.0.2.6/31", 600, 0), "banned");
  (void)f.batch();
  f.world.protected_now = {{prefix("192.0.2.7"), "SSH session of root"}};
  f.engine.protection_changed(at(1));
  EXPECT_EQ(f.targets(), Texts{"192.0.2.6/31"});
  EXPECT_EQ(f.batch(), (Texts{"- address 192.0.2.7", "- route 192.0.2.6/31", "+ route 192.0.2.6"}));
  f.world.protected_now.clear();
  f.engine.protection_changed(at(2));
  EXPECT_EQ(f.batch(), (Texts{"- route 192.0.2.6", "+ route 192.0.2.6/31"}));
}

TEST(EngineExplain, TellsEverythingAboutAnAddress) {
  Policy policy;
  policy.allow.prefixes = {prefix("192.0.2.7")};
  EngineFixture f(policy);
  auto two = rule("two", 1);
  f.hit(two, "192.0.2.8", 0);
  f.hit(two, "192.0.2.9", 1);
  f.hit(rule("three", 3), "192.0.2.10", 2, 2, "a line");
  ASSERT_EQ(ban(f, "AS64500", 60, 3), "banned");
  ASSERT_EQ(ban(f, "192.0.2.0/24", 60, 3), "banned");
  ASSERT_EQ(ban(f, "192.0.2.10", 10, 3), "banned");
  f.engine.expire(at(13));
  const auto explanation = f.engine.explain(test::address("192.0.2.10"), at(13));
  EXPECT_EQ(explanation.route.prefix, prefix("192.0.2.0/26"));
  ASSERT_EQ(explanation.decisions.size(), 2U);
  EXPECT_EQ(explanation.decisions[0].target, target("192.0.2.0/24"));
  EXPECT_EQ(explanation.decisions[1].target, target("AS64500"));
  EXPECT_TRUE(explanation.protections.empty());
  ASSERT_EQ(explanation.counting.size(), 1U);
  EXPECT_EQ(explanation.counting[0].rule, "three");
  EXPECT_EQ(explanation.counting[0].count, 1U);
  EXPECT_EQ(explanation.counting[0].lines[0].text, "a line");
  EXPECT_EQ(explanation.route_offenders, 2U);
  EXPECT_EQ(explanation.route_threshold, 3U);
  EXPECT_EQ(explanation.asn_routes, 0U);
  EXPECT_EQ(explanation.asn_threshold, 3U);
  ASSERT_EQ(explanation.ended.size(), 1U);
  EXPECT_EQ(explanation.ended[0].ending, model::Ending::expired);
  EXPECT_EQ(f.engine.explain(test::address("192.0.2.7"), at(13)).protections, Texts{"allowlist: prefix 192.0.2.7/32"});
}

// Killed between the kernel and the store: the element is there, the decision is not, and the lines are read again.
TEST(EngineManual, AnAdoptedBanLearnsItsReasonFromTheLog) {
  for (const char* name : {"192.0.2.7", "192.0.2.0/26"}) {
    EngineFixture f;
    model::Decision decision;
    decision.target = target(name);
    decision.prefixes = {decision.target.prefix};
    decision.issuer = "kernel";
    decision.since = at(100);
    decision.until = at(50'000);
    f.engine.restore(decision);
    f.engine.finish_restoring();
    (void)f.engine.take_batch();
    const auto r = rule("sshd/failed-password", 1);
    for (const char* from : {"192.0.2.7", "192.0.2.8", "192.0.2.9"}) {
      f.hit(r, from, 50, 101);
    }
    const auto known = f.find(name);
    ASSERT_TRUE(known);
    EXPECT_NE(known->issuer, "kernel") << name;
    EXPECT_EQ(known->rule, "sshd/failed-password");
    EXPECT_FALSE(known->evidence.empty());
    EXPECT_EQ(known->since, at(50));
    EXPECT_EQ(known->until, at(50'000)) << "it does not end earlier for that";
    f.hit(r, "192.0.2.7", 60, 102);
    EXPECT_EQ(f.engine.counters().hits_banned, 1U) << "known by now";
  }
}

}  // namespace
}  // namespace ipguard::decide
