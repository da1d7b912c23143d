// Wide bans and the good clients that they would hit; confirmation; previews.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "engine_fixture.h"

namespace ipguard::decide {
namespace {

using test::address;
using test::at;
using test::country;
using test::EngineFixture;
using test::prefix;
using test::rule;
using test::target;
using test::Texts;
using testing::HasSubstr;

// Not even a mere visitor may be hit.
Policy no_budget() {
  Policy policy;
  policy.route_ladder.budget.visitors = 0;
  policy.asn_ladder.budget.visitors = 0;
  policy.country_ladder.budget.visitors = 0;
  return policy;
}

std::string ban(EngineFixture& f, std::string_view name, bool force = false) {
  const auto result = f.engine.ban(target(name), std::nullopt, "why", "manual", at(0), force);
  return result ? f.find(name)->reason : result.error().message;
}

// Three addresses of 192.0.2.0/26 offend: enough for the route.
void route_offends(EngineFixture& f, int64_t from = 0) {
  const auto r = rule("sshd/failed-password", 1);
  for (const char* each : {"192.0.2.1", "192.0.2.2", "192.0.2.3"}) {
    f.hit(r, each, from++);
  }
}

TEST(EngineCollateral, GoodClientsAreLeftOutOfARouteBan) {
  EngineFixture f(no_budget());
  f.engine.on_login(address("192.0.2.9"), at(-100), at(-100));
  f.engine.on_visit(address("192.0.2.40"), true, at(-50), at(-50));
  f.engine.on_login(address("192.0.2.3"), at(-40), at(-40));  // it will offend: no longer good
  route_offends(f);
  const auto decision = f.find("192.0.2.0/26");
  ASSERT_TRUE(decision);
  EXPECT_EQ(decision->reason,
            "3 addresses of 192.0.2.0/26 offended within 1h (192.0.2.1, 192.0.2.2, 192.0.2.3); covers 62 IPv4 "
            "addresses; leaves out 2 good clients (1 login, 1 visitor)");
  EXPECT_EQ(test::texts(decision->left_out), (Texts{"192.0.2.9", "192.0.2.40"}));
  EXPECT_EQ(decision->addresses_covered, 62U);
  EXPECT_EQ(decision->good_clients.all(), 0U);
  const auto explanation = f.engine.explain(address("192.0.2.9"), at(10));
  EXPECT_TRUE(explanation.decisions.empty());
  ASSERT_EQ(explanation.covered_by.size(), 1U);
  EXPECT_EQ(explanation.good, "good client: logged in 2026-02-24T23:58:20Z");
  const auto cut_out = f.engine.in_force(*decision).cut_out;
  ASSERT_EQ(cut_out.size(), 2U);
  EXPECT_EQ(cut_out[0].prefix, prefix("192.0.2.9"));
  EXPECT_EQ(cut_out[0].reason, "a good client");
  // Whoever was left out is judged by itself.
  f.hit(rule("sshd/failed-password", 1), "192.0.2.9", 20);
  EXPECT_TRUE(f.find("192.0.2.9"));
}

// Visitors are many and easily faked: a few of them are no reason to spare anybody; logins are.
TEST(EngineCollateral, VisitorsHaveABudgetOfTheirOwn) {
  Policy policy;
  policy.route_ladder.budget.visitors = 2;
  EngineFixture f(policy);
  f.engine.on_login(address("192.0.2.9"), at(-100), at(-100));
  f.engine.on_visit(address("192.0.2.40"), true, at(-50), at(-50));
  f.engine.on_visit(address("192.0.2.41"), true, at(-50), at(-50));
  route_offends(f);
  const auto decision = f.find("192.0.2.0/26");
  ASSERT_TRUE(decision);
  EXPECT_THAT(decision->reason, HasSubstr("; leaves out 1 good client (1 login)"));
  EXPECT_EQ(test::texts(decision->left_out), Texts{"192.0.2.9"});
  EXPECT_EQ(decision->good_clients, (model::GoodCounts{.visitors = 2}));
  EXPECT_EQ(test::texts(f.engine.good_clients_of(*decision, at(0))), (Texts{"192.0.2.40", "192.0.2.41"}));
  f.engine.on_visit(address("192.0.2.70"), true, at(-50), at(-50));
  f.engine.on_visit(address("192.0.2.71"), true, at(-50), at(-50));
  f.engine.on_visit(address("192.0.2.72"), true, at(-50), at(-50));
  EXPECT_THAT(ban(f, "192.0.2.64/26"), HasSubstr("; leaves out 3 good clients (3 visitors)"));
}

TEST(EngineCollateral, WithinTheBudgetTheyAreHitAndCounted) {
  Policy policy = no_budget();
  policy.route_ladder.budget.good_clients = 2;
  EngineFixture f(policy);
  f.engine.on_login(address("192.0.2.9"), at(-100), at(-100));
  f.engine.on_user(address("192.0.2.10"), at(-100), at(-100));
  route_offends(f);
  const auto decision = f.find("192.0.2.0/26");
  ASSERT_TRUE(decision);
  EXPECT_EQ(decision->good_clients, (model::GoodCounts{.logins = 1, .users = 1}));
  EXPECT_EQ(test::texts(f.engine.good_clients_of(*decision, at(0))), (Texts{"192.0.2.9", "192.0.2.10"}));
  EXPECT_TRUE(decision->left_out.empty());
  EXPECT_EQ(decision->addresses_covered, 64U);
}

TEST(EngineCollateral, TooManyRefuseTheBan) {
  Policy policy = no_budget();
  policy.collateral.leave_out = 1;
  EngineFixture f(policy);
  f.engine.on_login(address("192.0.2.9"), at(-100), at(-100));
  f.engine.on_visit(address("192.0.2.10"), true, at(-100), at(-100));
  route_offends(f);
  EXPECT_FALSE(f.find("192.0.2.0/26"));
  const auto refusals = f.engine.explain(address("192.0.2.9"), at(10)).refusals;
  ASSERT_EQ(refusals.size(), 1U);
  EXPECT_THAT(refusals[0], HasSubstr("192.0.2.0/26 was not banned: it would hit 2 good clients (1 login, 1 visitor) "
                                     "seen within 2w; the budget is 0 (ladder.route.budget_good_clients), and at most "
                                     "1 are left out of a ban (collateral.leave_out)"));
  EXPECT_THAT(ban(f, "192.0.2.0/24"), HasSubstr("--force bans it nevertheless"));
  EXPECT_EQ(ban(f, "192.0.2.0/24", true), "why (forced: hits 2 good clients (1 login, 1 visitor))");
  EXPECT_EQ(f.find("192.0.2.0/24")->addresses_covered, 256U);
}

TEST(EngineCollateral, NothingButGoodClientsIsNotBanned) {
  EngineFixture f(no_budget());
  f.engine.on_login(address("192.0.2.8"), at(0), at(0));
  f.engine.on_login(address("192.0.2.9"), at(0), at(0));
  EXPECT_THAT(ban(f, "192.0.2.8/31"), HasSubstr("and nothing else is in it"));
  EXPECT_EQ(ban(f, "192.0.2.8"), "why") << "who bans one address means it";
}

TEST(EngineCollateral, CountsNobodyWhoIsNotHit) {
  Policy policy = no_budget();
  policy.allow.prefixes = {prefix("192.0.2.32/27")};
  EngineFixture f(policy);
  f.engine.on_login(address("192.0.2.40"), at(0), at(0));    // on the allowlist anyway
  f.engine.on_login(address("198.51.100.1"), at(0), at(0));  // elsewhere
  EXPECT_EQ(ban(f, "192.0.2.0/24"), "why");
  // What a banned address does says nothing of it.
  f.engine.on_login(address("192.0.2.1"), at(1), at(1));
  EXPECT_EQ(f.engine.counters().good_clients, 2U);
}

TEST(EngineCollateral, CountriesAreBannedWithoutTheirGoodClients) {
  EngineFixture f(no_budget());
  f.engine.on_login(address("192.0.2.9"), at(0), at(0));
  EXPECT_EQ(ban(f, "DE"), "why; leaves out 1 good client (1 login)");
  const auto decision = f.find("DE");
  ASSERT_TRUE(decision);
  EXPECT_EQ(decision->addresses_covered, 191U);  // three /26 without one
  EXPECT_EQ(decision->ipv6_64s_covered, 65'536U);
  EXPECT_EQ(f.engine.count(model::Scope::country), 1U);
  const auto batch = f.engine.take_batch();
  EXPECT_TRUE(std::ranges::all_of(batch.add, [](const auto& e) { return e.scope == model::Scope::country; }));
  EXPECT_EQ(f.engine.explain(address("192.0.2.1"), at(1)).decisions.size(), 1U);
  EXPECT_EQ(ban(f, "CH"), "CH cannot be banned: the database knows no prefixes of the country CH");
  Policy policy = no_budget();
  policy.allow.countries = {country("DE")};
  EngineFixture allowed(policy);
  EXPECT_EQ(ban(allowed, "DE"), "DE cannot be banned: allowlist: country DE");
}

TEST(EngineCollateral, ARuleOrTheLadderBansACountry) {
  auto wide = rule("x/whole-country", 1);
  wide.scope = model::Scope::country;
  EngineFixture by_rule;
  by_rule.hit(wide, "198.51.100.1", 0);
  EXPECT_EQ(by_rule.targets(), Texts{"FR"});
  EXPECT_THAT(by_rule.find("FR")->reason, HasSubstr("bans the whole FR at the first offence (198.51.100.1)"));

  Policy policy = no_budget();
  policy.route_ladder.addresses = 1;
  policy.asn_ladder.routes = 1;
  policy.country_ladder.asns = 1;
  EngineFixture f(policy);
  f.hit(rule("sshd/failed-password", 1), "198.51.100.1", 0);
  EXPECT_EQ(f.targets(), (Texts{"198.51.100.1", "198.51.100.0/25", "AS64501", "FR"}));
  EXPECT_THAT(f.find("FR")->reason, HasSubstr("1 AS of FR was banned within 1d (AS64501); covers 256"));
  // One step down at a time: what is still running stays in force.
  f.engine.unban(target("FR"), at(1)).value();
  f.engine.unban(target("AS64501"), at(1)).value();
  f.engine.expire(at(4 * 3600));  // the address's hour and the route's four are over
  EXPECT_TRUE(f.targets().empty());
}

TEST(EngineCollateral, AnAddressOutlivesItsRoute) {
  Policy policy = no_budget();
  policy.route_ladder.ban = Seconds(600);
  EngineFixture f(policy);
  route_offends(f);
  EXPECT_EQ(f.targets().size(), 4U);
  (void)f.engine.take_batch();
  f.engine.expire(at(700));
  EXPECT_EQ(f.targets(), (Texts{"192.0.2.1", "192.0.2.2", "192.0.2.3"}));
  EXPECT_EQ(f.batch(), Texts{"- route 192.0.2.0/26"});
  EXPECT_EQ(f.engine.explain(address("192.0.2.1"), at(700)).decisions.size(), 1U);
  EXPECT_EQ(f.engine.desired().size(), 3U);
}

TEST(EngineConfirm, AnUnconfirmedBanIsLifted) {
  EngineFixture f(no_budget());
  const auto order = [&](std::string_view name, std::optional<Seconds> within, int64_t now) {
    return f.engine.ban(target(name), Seconds(3600), "why", "manual", at(now), false, within);
  };
  ASSERT_TRUE(order("AS64500", Seconds(300), 0));
  ASSERT_TRUE(order("AS64501", Seconds(300), 0));
  EXPECT_EQ(f.find("AS64500")->confirm_by, at(300));
  EXPECT_EQ(f.engine.next_expiry(), at(300));
  for (const auto& element : f.engine.take_batch().add) {
    EXPECT_EQ(element.until, at(300)) << "the kernel reverts it as well";
  }
  ASSERT_TRUE(f.engine.confirm(target("AS64501"), at(299)));
  for (const auto& element : f.engine.take_batch().add) {
    EXPECT_EQ(element.until, at(3600)) << element.prefix.to_string();
  }
  (void)f.changes();
  f.engine.expire(at(300));
  EXPECT_EQ(f.changes(), Texts{"- AS64500 lifted"});
  EXPECT_EQ(f.targets(), Texts{"AS64501"});
  EXPECT_EQ(f.engine.confirm(target("AS64501"), at(301)).error().message, "the ban of AS64501 needs no confirmation");
  EXPECT_EQ(f.engine.confirm(target("AS64500"), at(301)).error().message, "AS64500 is not banned");
  EXPECT_THAT(order("AS64501", Seconds(10), 302).error().message, HasSubstr("it is banned already"));
  ASSERT_TRUE(order("AS64501", std::nullopt, 302)) << "renewed, as ever";
  EXPECT_FALSE(order("192.0.2.1", Seconds(0), 302));
}

TEST(EngineConfirm, ARestartDoesNotConfirm) {
  EngineFixture f(no_budget());
  ASSERT_TRUE(f.engine.ban(target("AS64500"), {}, "why", "manual", at(0), false, Seconds(60)));
  const auto decision = f.find("AS64500").value();
  for (const int64_t back : {30, 90}) {
    EngineFixture later;
    later.engine.restore(decision);
    later.engine.finish_restoring();
    later.engine.expire(at(back));
    EXPECT_EQ(later.targets(), back < 60 ? Texts{"AS64500"} : Texts{});
    if (back < 60) {
      later.engine.expire(at(60));
      EXPECT_EQ(later.changes(), Texts{"- AS64500 lifted"});
    }
  }
}

// Nobody can order such a ban; a state may hold one.
TEST(EngineConfirm, ABanThatEndsBeforeItHadToBeConfirmedHasExpired) {
  EngineFixture before(no_budget());
  ASSERT_TRUE(before.engine.ban(target("AS64500"), {}, "why", "manual", at(0), false, Seconds(60)));
  auto decision = before.find("AS64500").value();
  decision.until = at(10);
  EngineFixture f(no_budget());
  f.engine.restore(decision);
  f.engine.finish_restoring();
  (void)f.changes();
  f.engine.expire(at(10));
  EXPECT_EQ(f.changes(), Texts{"- AS64500 expired"});
}

TEST(EnginePreview, SaysWhatABanWouldDoAndDoesNothing) {
  Policy policy = no_budget();
  policy.allow.prefixes = {prefix("192.0.2.128/26")};
  EngineFixture f(policy);
  f.engine.on_login(address("192.0.2.9"), at(0), at(0));
  f.engine.on_login(address("192.0.2.130"), at(0), at(0));  // on the allowlist
  ASSERT_TRUE(f.engine.ban(target("192.0.2.1"), {}, "why", "manual", at(0)));
  (void)f.engine.take_batch();
  (void)f.changes();
  const auto preview = f.engine.preview(target("AS64500"), false, at(1));
  EXPECT_EQ(preview.refusal, std::nullopt);
  EXPECT_FALSE(preview.banned);
  EXPECT_EQ(preview.inside, 1U);
  EXPECT_EQ(preview.good, (model::GoodCounts{.logins = 1}));
  EXPECT_EQ(preview.decision.route.as_name, "Example 64500");
  EXPECT_EQ(preview.in_force.covered.ipv4_addresses, 191U);
  EXPECT_EQ(preview.in_force.cut_out.size(), 2U);
  EXPECT_TRUE(f.engine.preview(target("192.0.2.1"), false, at(1)).banned);

  policy.asn_ladder.budget.addresses = 10;
  policy.collateral.leave_out = 0;
  f.engine.reconfigure(policy, at(2));
  const auto refused = f.engine.preview(target("AS64500"), false, at(2));
  EXPECT_THAT(refused.refusal.value_or(""), HasSubstr("the budget is 10 (ladder.asn.budget_addresses)"));
  EXPECT_EQ(refused.in_force.covered.ipv4_addresses, 192U) << "what it would be, had it not been refused";
  EXPECT_EQ(refused.good, (model::GoodCounts{.logins = 1}));
  EXPECT_THAT(f.engine.preview(target("AS1"), false, at(2)).refusal.value_or(""), HasSubstr("knows no prefixes"));
  EXPECT_EQ(f.targets(), Texts{"192.0.2.1"});
  EXPECT_TRUE(f.changes().empty());
  EXPECT_TRUE(f.engine.take_batch().empty());
}

TEST(EngineList, ComesInPortions) {
  EngineFixture f(no_budget());
  for (const char* name : {"192.0.2.1", "192.0.2.2", "192.0.2.3", "192.0.2.4", "192.0.2.5"}) {
    ASSERT_TRUE(f.engine.ban(target(name), {}, "why", "manual", at(0)));
  }
  TablePlace last;
  Texts seen;
  const auto portion = [&] {
    const auto part = f.engine.decisions_after(last, 2);
    for (const auto& decision : part) {
      seen.push_back(decision.target.to_string());
    }
    return part.size();
  };
  EXPECT_EQ(portion(), 2U);
  f.engine.unban(target("192.0.2.2"), at(1)).value();  // what was the last one ends in between
  f.engine.unban(target("192.0.2.3"), at(1)).value();
  EXPECT_EQ(portion(), 2U);
  EXPECT_EQ(portion(), 0U);
  EXPECT_EQ(seen, (Texts{"192.0.2.1", "192.0.2.2", "192.0.2.4", "192.0.2.5"}));
}

}  // namespace
}  // namespace ipguard::decide
