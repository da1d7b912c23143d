#include "daemon/reconcile.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace ipguard::daemon {
namespace {

using model::Scope;
using model::SetElement;
using testing::ElementsAre;

const TimePoint moment = from_civil(2026, 2, 25, 4, 30, 0);

net::Prefix prefix(std::string_view text) { return *net::Prefix::parse(text); }

SetElement element(Scope scope, std::string_view text, std::optional<TimePoint> until = std::nullopt) {
  return {.scope = scope, .prefix = prefix(text), .until = until};
}

TEST(DifferenceTest, WhatAgreesIsLeftAlone) {
  const std::vector<SetElement> both = {element(Scope::address, "192.0.2.7", moment + Seconds{60}),
                                        element(Scope::route, "198.51.100.0/24")};
  EXPECT_TRUE(difference(both, both).empty());
}

TEST(DifferenceTest, MissingIsAddedAndStaleIsRemoved) {
  const auto batch = difference({element(Scope::address, "192.0.2.7"), element(Scope::route, "198.51.100.0/24")},
                                {element(Scope::address, "192.0.2.8"), element(Scope::route, "198.51.100.0/24")});
  EXPECT_THAT(batch.add, ElementsAre(element(Scope::address, "192.0.2.7")));
  EXPECT_THAT(batch.remove, ElementsAre(element(Scope::address, "192.0.2.8")));
}

TEST(DifferenceTest, TheSamePrefixInAnotherSetIsAnotherElement) {
  const auto batch = difference({element(Scope::asn, "198.51.100.0/24")}, {element(Scope::route, "198.51.100.0/24")});
  EXPECT_THAT(batch.add, ElementsAre(element(Scope::asn, "198.51.100.0/24")));
  EXPECT_THAT(batch.remove, ElementsAre(element(Scope::route, "198.51.100.0/24")));
}

TEST(DifferenceTest, ATimeOutIsRenewedOnlyWhenItReallyDiffers) {
  const auto wanted = element(Scope::address, "192.0.2.7", moment + Seconds{600});
  EXPECT_TRUE(difference({wanted}, {element(Scope::address, "192.0.2.7", moment + Seconds{598})}).empty());
  EXPECT_THAT(difference({wanted}, {element(Scope::address, "192.0.2.7", moment + Seconds{60})}).add,
              ElementsAre(wanted));
  EXPECT_THAT(difference({wanted}, {element(Scope::address, "192.0.2.7")}).add, ElementsAre(wanted));
}

decide::Lookups no_world() {
  return {.route =
              [](const net::Address& address) {
                model::Route route;
                route.prefix = net::Prefix(address);
                return route;
              },
          .prefixes_of = [](net::Asn) { return std::vector<net::Prefix>{}; },
          .prefixes_in = [](model::Country) { return std::vector<net::Prefix>{}; },
          .parts_where = {},
          .any_route_of = [](net::Asn) { return std::nullopt; },
          .protected_prefixes = [] { return std::vector<std::pair<net::Prefix, std::string>>{}; },
          .texts = {}};
}

TEST(UnknownElementsTest, OnlyWhatNoDecisionOverlapsIsUnknown) {
  decide::Engine engine({}, no_world());
  ASSERT_TRUE(engine.ban(*model::Target::parse("198.51.100.0/24"), std::nullopt, "test", "manual", moment));
  const auto unknown = unknown_elements({element(Scope::route, "198.51.100.0/25"),
                                         element(Scope::route, "198.51.0.0/16"), element(Scope::address, "192.0.2.7")},
                                        engine);
  EXPECT_THAT(unknown, ElementsAre(element(Scope::address, "192.0.2.7")));
}

// Each scope has sets of its own: what another scope blocks there says nothing of why this element is there.
TEST(UnknownElementsTest, ADecisionKnowsTheElementsOfItsScopeAlone) {
  decide::Engine engine({}, no_world());
  ASSERT_TRUE(engine.ban(*model::Target::parse("198.51.100.0/24"), std::nullopt, "test", "manual", moment));
  EXPECT_THAT(unknown_elements({element(Scope::country, "198.51.100.128/25"), element(Scope::route, "198.51.100.0/25")},
                               engine),
              ElementsAre(element(Scope::country, "198.51.100.128/25")));
}

TEST(AdoptedDecisionsTest, ElementsOfAnAsSetAreJoinedByTheirAs) {
  auto routes = enrich::RouteTable::open({IPGUARD_SOURCE_DIR "/tests/data/doc-ranges.mmdb"});
  ASSERT_TRUE(routes) << routes.error().message;
  const auto decisions = adopted_decisions({element(Scope::asn, "192.0.2.0/26"), element(Scope::asn, "192.0.2.64/26"),
                                            element(Scope::address, "198.51.100.70", moment + Seconds{60})},
                                           **routes, moment);
  ASSERT_EQ(decisions.size(), 2);
  EXPECT_EQ(decisions[0].target.to_string(), "198.51.100.70");
  EXPECT_EQ(decisions[0].until, moment + Seconds{60});
  EXPECT_EQ(decisions[1].target.to_string(), "AS64496");
  EXPECT_EQ(decisions[1].prefixes.size(), 2);
  EXPECT_EQ(decisions[1].addresses_covered, 128);
  EXPECT_EQ(decisions[1].issuer, "kernel");
}

// "TARGET PREFIX PREFIX until 60", in order.
std::vector<std::string> adopted(const std::vector<SetElement>& elements) {
  const auto routes = enrich::RouteTable::open({IPGUARD_SOURCE_DIR "/tests/data/doc-ranges.mmdb"});
  std::vector<std::string> result;
  for (const auto& decision : adopted_decisions(elements, **routes, moment)) {
    std::string text = decision.target.to_string();
    for (const auto& part : decision.prefixes) {
      text += " " + part.to_target();
    }
    result.push_back(text +
                     (decision.until ? " until " + std::to_string((*decision.until - moment) / Seconds{1}) : ""));
  }
  return result;
}

TEST(AdoptedDecisionsTest, ElementsOfACountrySetAreJoinedByTheirCountry) {
  EXPECT_THAT(adopted({element(Scope::country, "192.0.2.0/26", moment + Seconds{60}),
                       element(Scope::country, "192.0.2.128/25", moment + Seconds{60}),
                       element(Scope::country, "198.51.100.128/25"),
                       element(Scope::country, "203.0.113.128/25", moment + Seconds{9})}),
              ElementsAre("203.0.113.128/25 203.0.113.128/25 until 9", "FR 198.51.100.128/25",
                          "NL 192.0.2.0/26 192.0.2.128/25 until 60"))
      << "where the database has no country, a network is what is left";
}

TEST(AdoptedDecisionsTest, ALongBanIsNotShortenedByAShortOneOfAnotherScope) {
  EXPECT_THAT(adopted({element(Scope::route, "198.51.100.128/25"),
                       element(Scope::country, "198.51.100.128/25", moment + Seconds{3})}),
              ElementsAre("198.51.100.128/25 198.51.100.128/25", "FR 198.51.100.128/25 until 3"));
  // No AS is known there: all three are bans of the network.
  for (const bool permanent_first : {true, false}) {
    const auto first = permanent_first ? std::nullopt : std::optional(moment + Seconds{3});
    const auto second = permanent_first ? std::optional(moment + Seconds{3}) : std::nullopt;
    EXPECT_THAT(
        adopted({element(Scope::route, "203.0.113.128/25", first), element(Scope::asn, "203.0.113.128/25", second),
                 element(Scope::country, "203.0.113.128/25", moment + Seconds{5})}),
        ElementsAre("203.0.113.128/25 203.0.113.128/25"));
  }
  EXPECT_THAT(adopted({element(Scope::asn, "192.0.2.0/26", moment + Seconds{3}), element(Scope::asn, "192.0.2.64/26"),
                       element(Scope::asn, "192.0.2.128/25", moment + Seconds{3})}),
              ElementsAre("AS64496 192.0.2.0/26 192.0.2.64/26", "AS64497 192.0.2.128/25 until 3"));
}

}  // namespace
}  // namespace ipguard::daemon
