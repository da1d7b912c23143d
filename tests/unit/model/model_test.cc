// Names and targets: what people type and what is shown.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

#include "model/decision.h"
#include "model/event.h"
#include "model/rule.h"

namespace ipguard::model {
namespace {

TEST(Target, ParsesWhatAPersonTypes) {
  struct Case {
    const char* text;
    Scope scope;
    const char* shown;
  };
  for (const auto& each : std::vector<Case>{{"192.0.2.7", Scope::address, "192.0.2.7"},
                                            {"192.0.2.7/32", Scope::address, "192.0.2.7"},
                                            {"::ffff:192.0.2.7", Scope::address, "192.0.2.7"},
                                            {"2001:DB8::1", Scope::address, "2001:db8::1"},
                                            {"2001:db8::1/128", Scope::address, "2001:db8::1"},
                                            {"192.0.2.0/24", Scope::route, "192.0.2.0/24"},
                                            {"2001:db8::/32", Scope::route, "2001:db8::/32"},
                                            {"AS64500", Scope::asn, "AS64500"},
                                            {"as64500", Scope::asn, "AS64500"},
                                            {"CN", Scope::country, "CN"},
                                            {"cn", Scope::country, "CN"},
                                            {"AS", Scope::country, "AS"}}) {
    const auto target = Target::parse(each.text);
    ASSERT_TRUE(target) << each.text << ": " << target.error().message;
    EXPECT_EQ(target->scope, each.scope) << each.text;
    EXPECT_EQ(target->to_string(), each.shown);
    EXPECT_EQ(Target::parse(target->to_string()), *target);
  }
}

TEST(Target, RefusesAnythingElse) {
  struct Case {
    const char* text;
    const char* says;
  };
  for (const auto& each : std::vector<Case>{{"", "'' is no address, no prefix"},
                                            {"64500", "no AS number such as AS64500 and no country code such as CN"},
                                            {"C1", "is no address"},
                                            {"CHN", "is no address"},
                                            {"AS0", "is no AS number"},
                                            {"ASx", "is no AS number"},
                                            {"as\x1b[2J", "'as\\x1b[2J' is no AS number"},
                                            {"192.0.2.7/24", "the prefix is 192.0.2.0/24"},
                                            {"example.net", "is no address"},
                                            {"192.0.2.0/33", "has a prefix length above 32"},
                                            {"fe80::1%eth0", "is neither an address nor a prefix"}}) {
    const auto target = Target::parse(each.text);
    ASSERT_FALSE(target) << each.text;
    EXPECT_EQ(target.error().code, Errc::invalid);
    EXPECT_THAT(target.error().message, testing::HasSubstr(each.says)) << each.text;
  }
}

TEST(Target, IsIdentifiedByScopeAndTarget) {
  Target route = Target::parse("192.0.2.7").value();
  route.scope = Scope::route;
  EXPECT_NE(route, Target::parse("192.0.2.7").value());
  EXPECT_EQ(Target::parse("192.0.2.7/32").value(), Target::parse("192.0.2.7").value());
  EXPECT_NE(Target::parse("AS1").value(), Target::parse("AS2").value());
}

TEST(Decision, IsActiveUntilItsEnd) {
  Decision decision;
  const auto end = from_civil(2026, 2, 25, 4, 0, 0);
  EXPECT_TRUE(decision.active_at(end)) << "permanent";
  decision.until = end;
  EXPECT_TRUE(decision.active_at(end - std::chrono::microseconds(1)));
  EXPECT_FALSE(decision.active_at(end));
  decision.confirm_by = end + Seconds(1);
  EXPECT_EQ(decision.end(), end) << "its time is over before anybody has to confirm it";
  decision.confirm_by = end - Seconds(1);
  EXPECT_FALSE(decision.active_at(end - Seconds(1)));
  decision.until.reset();
  EXPECT_EQ(decision.end(), end - Seconds(1));
}

TEST(GoodClient, IsAsGoodAsTheBestThatIsStillRemembered) {
  const auto now = from_civil(2026, 2, 25, 4, 0, 0);
  GoodClient client;
  EXPECT_EQ(client.kind_since(now), std::nullopt);
  client.visit = now;
  EXPECT_EQ(client.kind_since(now), GoodKind::visit);
  EXPECT_EQ(client.kind_since(now + Seconds(1)), std::nullopt);
  client.spoiled = now - Seconds(5);
  EXPECT_EQ(client.kind_since(now), GoodKind::visit) << "that is too long ago";
  EXPECT_EQ(client.kind_since(now - Seconds(5)), std::nullopt);
  client.user = now - Seconds(5);
  EXPECT_EQ(client.kind_since(now - Seconds(5)), GoodKind::user);
  client.login = now - Seconds(5);
  EXPECT_EQ(client.kind_since(now - Seconds(5)), GoodKind::login);
  EXPECT_EQ(client.last(), now);
}

TEST(Names, ComeBackAndAreDistinct) {
  std::set<std::string_view> names;
  for (size_t i = 0; i < field_count; ++i) {
    const auto field = static_cast<Field>(i);
    EXPECT_EQ(field_from(to_string(field)), field) << i;
    EXPECT_TRUE(names.insert(to_string(field)).second) << to_string(field);
  }
  for (const auto kind : {LogKind::access, LogKind::error, LogKind::syslog, LogKind::message}) {
    EXPECT_EQ(log_kind_from(to_string(kind)), kind);
  }
  for (const auto scope : all_scopes) {
    EXPECT_EQ(scope_from(to_string(scope)), scope);
  }
  EXPECT_EQ(to_string(Scope::asn), "asn");
  EXPECT_EQ(to_string(Scope::country), "country");
  EXPECT_EQ(to_string(RuleKind::login), "login");
  EXPECT_EQ(to_string(RuleKind::attack), "attack");
  EXPECT_EQ(to_string(RuleKind::rate), "rate");
  for (const char* text : {"", "Address", "addres", "address "}) {
    EXPECT_FALSE(scope_from(text)) << text;
    EXPECT_FALSE(field_from(text)) << text;
    EXPECT_FALSE(log_kind_from(text)) << text;
  }
}

}  // namespace
}  // namespace ipguard::model
