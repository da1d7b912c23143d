// What wide bans by hand may cover, what of them is in force, and what explain says of an address that they leave out.
#include <gtest/gtest.h>

#include "engine_fixture.h"

namespace ipguard::decide {
namespace {

using test::address;
using test::at;
using test::country;
using test::EngineFixture;
using test::prefix;
using test::target;
using test::Texts;

std::string ban(EngineFixture& f, std::string_view name, bool force = false) {
  const auto decision = f.engine.ban(target(name), Seconds(60), "why", "manual", at(0), force);
  return decision ? f.find(name)->reason : "no: " + decision.error().message;
}

// "PREFIX: reason" of what is cut out.
Texts cut_out(const InForce& in_force) {
  Texts result;
  for (const auto& part : in_force.cut_out) {
    result.push_back(part.prefix.to_target() + ": " + part.reason);
  }
  return result;
}

TEST(EngineWide, BansByHandHaveABudgetToo) {
  Policy policy;
  policy.route_ladder.budget.addresses = 128;
  policy.route_ladder.budget.ipv6_64s = 65'536;
  policy.asn_ladder.budget.addresses = 255;
  const struct {
    const char* target;
    const char* refused;  // nullptr: within the budget
    const char* forced;
  } cases[] = {
      {"192.0.2.0/25", nullptr, "why"},
      {"192.0.2.0/24", "it would cover 256 IPv4 addresses; the budget is 128 (ladder.route.budget_addresses)",
       "why (forced: it would cover 256 IPv4 addresses; the budget is 128 (ladder.route.budget_addresses))"},
      {"2001:db8::/48", nullptr, "why"},
      {"2001:db8::/40",
       "it would cover 16,777,216 IPv6 /64 networks; the budget is 65,536 (ladder.route.budget_ipv6_64s)",
       "why (forced: it would cover 16,777,216 IPv6 /64 networks; the budget is 65,536 "
       "(ladder.route.budget_ipv6_64s))"},
      {"AS64501", "it would cover 256 IPv4 addresses; the budget is 255 (ladder.asn.budget_addresses)",
       "why (forced: it would cover 256 IPv4 addresses; the budget is 255 (ladder.asn.budget_addresses))"},
  };
  for (const auto& c : cases) {
    EngineFixture f(policy);
    if (c.refused == nullptr) {
      EXPECT_EQ(ban(f, c.target), "why") << c.target;
    } else {
      EXPECT_EQ(ban(f, c.target),
                "no: " + std::string(c.target) + " cannot be banned: " + c.refused + "; --force bans it nevertheless");
      EXPECT_FALSE(f.engine.find(target(c.target)));
    }
    EXPECT_EQ(ban(f, c.target, true), c.forced);
    EXPECT_TRUE(f.engine.find(target(c.target)));
  }
}

TEST(EngineWide, ForceDoesNotOpenWhatIsProtected) {
  Policy policy;
  policy.allow.prefixes = {prefix("192.0.2.0/24")};
  EngineFixture f(policy);
  EXPECT_EQ(ban(f, "192.0.2.0/25", true),
            "no: 192.0.2.0/25 cannot be banned: nothing is left of it: allowlist: prefix 192.0.2.0/24");
  EXPECT_EQ(ban(f, "192.0.0.0/7", true).substr(0, 3), "no:");
}

TEST(EngineWide, AsksForWhatIsProtectedOnceForManyBans) {
  EngineFixture f;
  const int before = f.world.asked;
  for (uint32_t i = 1; i <= 100; ++i) {
    ASSERT_TRUE(f.engine.ban(
        {.scope = model::Scope::address, .prefix = net::Prefix(net::Address::from_ipv4(0xc0000200U + i)), .asn = {}},
        std::nullopt, "why", "import", at(0)));
  }
  EXPECT_EQ(f.world.asked, before + 1);
}

TEST(EngineWide, ShowsWhatIsInForceAndWhatIsCutOut) {
  Policy policy;
  policy.allow.prefixes = {prefix("198.51.100.128/26")};
  EngineFixture f(policy);
  f.world.protected_now = {{prefix("198.51.100.1"), "own address on eth0"}};
  ASSERT_EQ(ban(f, "198.51.100.0/24"), "why");
  const auto decision = f.engine.find(target("198.51.100.0/24"));
  ASSERT_TRUE(decision);
  const auto in_force = f.engine.in_force(*decision);
  EXPECT_EQ(in_force.covered, (model::Coverage{.ipv4_addresses = 256 - 64 - 1, .ipv6_64s = 0}));
  EXPECT_EQ(cut_out(in_force), (Texts{"198.51.100.1: protected: own address on eth0",
                                      "198.51.100.128/26: allowlist: prefix 198.51.100.128/26"}));
  // Exactly the elements that the kernel gets.
  Texts elements;
  for (const auto& element : f.engine.desired()) {
    elements.push_back(element.prefix.to_target());
  }
  EXPECT_EQ(test::texts(in_force.prefixes), elements);
}

TEST(EngineWide, ShowsWhatTheWriterRefused) {
  EngineFixture f;
  ASSERT_EQ(ban(f, "198.51.100.0/24"), "why");
  f.world.protected_now = {{prefix("198.51.100.1"), "SSH session of root"}};
  f.engine.protection_changed(at(1));
  (void)f.engine.take_batch();
  f.engine.on_report(
      {.added = 0,
       .removed = 0,
       .failures = {{.element = {.scope = model::Scope::route, .prefix = prefix("198.51.100.128/25"), .until = at(60)},
                     .reason = "SSH session of you",
                     .refused = true}}},
      at(1));
  EXPECT_EQ(cut_out(f.engine.in_force(*f.engine.find(target("198.51.100.0/24")))),
            (Texts{"198.51.100.1: protected: SSH session of root", "198.51.100.128/25: SSH session of you"}));
}

TEST(EngineWide, ShowsAllowedCountriesThatAreCutOutOfAnAs) {
  Policy policy;
  policy.allow.countries = {country("AT")};
  EngineFixture f(policy);
  ASSERT_EQ(ban(f, "AS64500"), "why");
  const auto in_force = f.engine.in_force(*f.engine.find(target("AS64500")));
  EXPECT_EQ(cut_out(in_force), Texts{"192.0.2.192/26: allowlist: country AT"});
  EXPECT_EQ(in_force.covered, (model::Coverage{.ipv4_addresses = 192, .ipv6_64s = 65'536}));
}

TEST(EngineWide, AnAddressThatABanLeavesOutIsNotBanned) {
  Policy policy;
  policy.allow.countries = {country("AT")};
  EngineFixture f(policy);
  f.world.protected_now = {{prefix("198.51.100.1"), "own address on eth0"}};
  ASSERT_EQ(ban(f, "198.51.100.0/24"), "why");
  ASSERT_EQ(ban(f, "AS64500"), "why");
  const struct {
    const char* address;
    const char* banned_by;
    const char* covered_by;
    const char* protection;
  } cases[] = {
      {"198.51.100.2", "198.51.100.0/24", "", ""},
      {"198.51.100.1", "", "198.51.100.0/24", "protected: own address on eth0"},
      {"192.0.2.1", "AS64500", "", ""},
      {"192.0.2.200", "", "AS64500", "allowlist: country AT"},
      {"203.0.113.1", "", "", ""},
  };
  const auto only = [](const std::vector<model::Decision>& decisions) {
    return decisions.size() == 1 ? decisions.front().target.to_string() : std::string(decisions.size(), '?');
  };
  for (const auto& c : cases) {
    const auto explanation = f.engine.explain(address(c.address), at(1));
    EXPECT_EQ(only(explanation.decisions), c.banned_by) << c.address;
    EXPECT_EQ(only(explanation.covered_by), c.covered_by) << c.address;
    EXPECT_EQ(explanation.protections, *c.protection == 0 ? Texts{} : Texts{c.protection}) << c.address;
  }
}

model::Target nth(uint32_t i) {
  return {.scope = model::Scope::address, .prefix = net::Prefix(net::Address::from_ipv4(0xc6120000U + i)), .asn = {}};
}

void ban_many(EngineFixture& f, uint32_t count) {
  for (uint32_t i = 0; i < count; ++i) {
    ASSERT_TRUE(f.engine.ban(nth(i), Seconds(60), "why", "import", at(0)));
  }
}

TEST(EngineWide, AMassOfBansEndsInPortions) {
  EngineFixture f;
  ban_many(f, 2500);
  std::vector<size_t> left;
  while (f.engine.next_expiry() && *f.engine.next_expiry() <= at(60)) {
    f.engine.expire_some(at(60));
    left.push_back(f.engine.decisions().size());
  }
  EXPECT_EQ(left, (std::vector<size_t>{1500, 500, 0}));
}

TEST(EngineWide, ABanThatIsOverAndStillThereIsOverForWhoNamesIt) {
  EngineFixture f;
  ban_many(f, 5000);
  EXPECT_FALSE(f.engine.unban(nth(4999), at(60)));
  ASSERT_TRUE(f.engine.ban(nth(4998), Seconds(60), "again", "manual", at(60)));
  EXPECT_EQ(f.engine.find(nth(4998))->since, at(60));
  EXPECT_EQ(f.engine.find(nth(4998))->repeat, 1U);
  f.engine.expire(at(61));
  EXPECT_EQ(f.targets(), Texts{nth(4998).to_string()});
}

TEST(EngineWide, SaysWhyABanWasLifted) {
  EngineFixture f;
  ASSERT_EQ(ban(f, "198.51.100.7"), "why");
  ASSERT_EQ(ban(f, "198.51.100.8"), "why");
  (void)f.engine.take_changes();
  f.world.protected_now = {{prefix("198.51.100.7"), "SSH session of root"}};
  f.engine.protection_changed(at(1));
  ASSERT_TRUE(f.engine.unban(target("198.51.100.8"), at(2)));
  Texts notes;
  for (const auto& change : f.engine.take_changes()) {
    notes.push_back(change.decision.target.to_string() + " " + change.note);
  }
  EXPECT_EQ(notes, (Texts{"198.51.100.7 protected: SSH session of root", "198.51.100.8 by hand"}));
}

}  // namespace
}  // namespace ipguard::decide
