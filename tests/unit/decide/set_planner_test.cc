#include "decide/set_planner.h"

#include <gtest/gtest.h>

#include "world.h"

namespace ipguard::decide {
namespace {

using model::Scope;
using test::at;
using test::prefix;

std::string text(const model::SetElement& element) {
  return std::string(model::to_string(element.scope)) + " " + element.prefix.to_target() +
         (element.until ? " " + format_rfc3339(*element.until).substr(11, 8) : " ever");
}

std::vector<std::string> texts(const std::vector<model::SetElement>& elements) {
  std::vector<std::string> result;
  result.reserve(elements.size());
  for (const auto& element : elements) {
    result.push_back(text(element));
  }
  return result;
}

using Texts = std::vector<std::string>;

// What a batch removes and adds, as prefixes.
void expect_batch(SetPlanner& planner, const Texts& removed, const Texts& added, std::string_view what) {
  const auto batch = planner.take_batch();
  Texts removals;
  for (const auto& element : batch.remove) {
    removals.push_back(element.prefix.to_target());
  }
  EXPECT_EQ(removals, removed) << what;
  EXPECT_EQ(texts(batch.add), added) << what;
}

TEST(SetPlanner, EachScopeHasItsOwnSets) {
  SetPlanner planner;
  planner.want(Scope::address, prefix("192.0.2.7"), 1, at(60));
  planner.want(Scope::route, prefix("192.0.2.0/24"), 2, at(120));
  planner.want(Scope::asn, prefix("192.0.2.0/24"), 3, std::nullopt);
  planner.want(Scope::asn, prefix("2001:db8::/48"), 3, std::nullopt);
  EXPECT_EQ(texts(planner.desired()), (Texts{"address 192.0.2.7 00:01:00", "route 192.0.2.0/24 00:02:00",
                                             "asn 192.0.2.0/24 ever", "asn 2001:db8::/48 ever"}));
  EXPECT_EQ(planner.size(), 4U);
}

TEST(SetPlanner, NestedPrefixesWaitForTheOuterOneToGo) {
  SetPlanner planner;
  planner.want(Scope::route, prefix("192.0.2.0/25"), 1, at(500));
  planner.want(Scope::route, prefix("192.0.2.64/26"), 2, at(600));
  expect_batch(planner, {}, {"route 192.0.2.0/25 00:10:00"}, "inner waits");
  planner.want(Scope::route, prefix("192.0.2.0/24"), 3, at(60));
  expect_batch(planner, {"192.0.2.0/25"}, {"route 192.0.2.0/24 00:10:00"}, "outer takes over");
  planner.drop(Scope::route, prefix("192.0.2.0/24"), 3);
  expect_batch(planner, {"192.0.2.0/24"}, {"route 192.0.2.0/25 00:10:00"}, "outer goes, next one surfaces");
  planner.want(Scope::route, prefix("192.0.2.96/27"), 3, at(70));
  planner.drop(Scope::route, prefix("192.0.2.96/27"), 3);
  expect_batch(planner, {}, {}, "a nested one that ends earlier goes unseen");
  planner.drop(Scope::route, prefix("192.0.2.64/26"), 2);
  expect_batch(planner, {}, {"route 192.0.2.0/25 00:08:20"}, "one that ends later took the time-out with it");
  planner.drop(Scope::route, prefix("192.0.2.0/25"), 1);
  expect_batch(planner, {"192.0.2.0/25"}, {}, "nothing is left");
}

// If nobody is there to lift bans, the kernel does: never one that is wanted on.
TEST(SetPlanner, AnElementLastsAsLongAsAnythingInIt) {
  SetPlanner planner;
  (void)planner.set_holes({prefix("192.0.2.128/26")});
  planner.want(Scope::route, prefix("192.0.2.0/26"), 1, std::nullopt);
  planner.want(Scope::route, prefix("192.0.2.0/24"), 2, at(20));
  expect_batch(planner, {}, {"route 192.0.2.0/25 ever", "route 192.0.2.192/26 00:00:20"}, "each part for itself");
  planner.want(Scope::route, prefix("192.0.2.192/27"), 3, at(30));
  expect_batch(planner, {}, {"route 192.0.2.192/26 00:00:30"}, "a nested one came");
  planner.want(Scope::route, prefix("192.0.2.192/27"), 3, at(25));
  expect_batch(planner, {}, {"route 192.0.2.192/26 00:00:25"}, "and is shortened");
  planner.want(Scope::route, prefix("192.0.2.192/27"), 4, at(40));
  planner.drop(Scope::route, prefix("192.0.2.192/27"), 3);
  expect_batch(planner, {}, {"route 192.0.2.192/26 00:00:40"}, "of two owners the later");
  planner.want(Scope::route, prefix("192.0.2.0/26"), 1, at(10));
  expect_batch(planner, {}, {"route 192.0.2.0/25 00:00:20"}, "the outer one lasts longer now");
  planner.want(Scope::asn, prefix("192.0.2.0/26"), 5, std::nullopt);
  expect_batch(planner, {}, {"asn 192.0.2.0/26 ever"}, "other sets are no matter");
}

TEST(SetPlanner, AdjacentElementsStayApart) {
  SetPlanner planner;
  planner.want(Scope::route, prefix("192.0.2.0/25"), 1, at(60));
  planner.want(Scope::route, prefix("192.0.2.128/25"), 2, at(90));
  EXPECT_EQ(planner.size(), 2U);
}

TEST(SetPlanner, OfSeveralOwnersTheLatestUntilCounts) {
  SetPlanner planner;
  planner.want(Scope::asn, prefix("192.0.2.0/24"), 1, at(60));
  planner.want(Scope::asn, prefix("192.0.2.0/24"), 2, at(120));
  expect_batch(planner, {}, {"asn 192.0.2.0/24 00:02:00"}, "latest");
  planner.drop(Scope::asn, prefix("192.0.2.0/24"), 1);
  expect_batch(planner, {}, {}, "the shorter one goes");
  planner.want(Scope::asn, prefix("192.0.2.0/24"), 3, std::nullopt);
  expect_batch(planner, {}, {"asn 192.0.2.0/24 ever"}, "for ever is later than any");
  planner.drop(Scope::asn, prefix("192.0.2.0/24"), 3);
  expect_batch(planner, {}, {"asn 192.0.2.0/24 00:02:00"}, "back to the other's");
  planner.want(Scope::asn, prefix("192.0.2.0/24"), 2, at(180));
  expect_batch(planner, {}, {"asn 192.0.2.0/24 00:03:00"}, "renewed");
  planner.drop(Scope::asn, prefix("192.0.2.0/24"), 99);
  planner.drop(Scope::asn, prefix("198.51.100.0/24"), 2);
  expect_batch(planner, {}, {}, "who wants nothing drops nothing");
}

TEST(SetPlanner, WhatCameAndWentIsNotMentioned) {
  SetPlanner planner;
  planner.want(Scope::address, prefix("192.0.2.7"), 1, at(60));
  planner.drop(Scope::address, prefix("192.0.2.7"), 1);
  EXPECT_TRUE(planner.take_batch().empty());
  planner.want(Scope::address, prefix("192.0.2.7"), 1, at(60));
  EXPECT_FALSE(planner.take_batch().empty());
  EXPECT_TRUE(planner.take_batch().empty());
  planner.drop(Scope::address, prefix("192.0.2.7"), 1);
  planner.want(Scope::address, prefix("192.0.2.7"), 2, at(60));
  EXPECT_TRUE(planner.take_batch().empty());
}

TEST(SetPlanner, HolesAreCutOut) {
  SetPlanner planner;
  EXPECT_TRUE(planner.set_holes({prefix("192.0.2.64/26"), prefix("192.0.2.70")}).empty());
  planner.want(Scope::route, prefix("192.0.2.0/24"), 1, at(60));
  planner.want(Scope::address, prefix("192.0.2.70"), 2, at(60));
  EXPECT_EQ(texts(planner.desired()), (Texts{"route 192.0.2.0/26 00:01:00", "route 192.0.2.128/25 00:01:00"}));
  EXPECT_TRUE(planner.stands(Scope::route, prefix("192.0.2.0/24")));
  EXPECT_FALSE(planner.stands(Scope::route, prefix("192.0.2.64/26")));
  EXPECT_FALSE(planner.stands(Scope::address, prefix("192.0.2.70")));
  EXPECT_TRUE(planner.stands(Scope::route, prefix("192.0.2.5")));
}

TEST(SetPlanner, NewHolesTellWhoIsTouched) {
  SetPlanner planner;
  planner.want(Scope::address, prefix("192.0.2.7"), 1, at(60));
  planner.want(Scope::route, prefix("192.0.2.0/24"), 2, at(60));
  planner.want(Scope::route, prefix("192.0.2.0/25"), 3, at(60));
  planner.want(Scope::asn, prefix("198.51.100.0/24"), 4, at(60));
  planner.want(Scope::route, prefix("192.0.2.7"), 5, at(60));
  planner.want(Scope::route, prefix("192.0.2.128/25"), 6, at(60));
  (void)planner.take_batch();
  EXPECT_EQ(planner.set_holes({prefix("192.0.2.7")}), (std::vector<Owner>{1, 2, 3, 5}));
  const auto batch = planner.take_batch();
  EXPECT_EQ(batch.remove.size(), 2U);  // the address, and the /24 …
  EXPECT_EQ(batch.add.size(), 8U);     // … which is now its eight largest parts around it
  EXPECT_TRUE(planner.set_holes({}).empty());
  expect_batch(planner,
               {"192.0.2.0/30", "192.0.2.4/31", "192.0.2.6", "192.0.2.8/29", "192.0.2.16/28", "192.0.2.32/27",
                "192.0.2.64/26", "192.0.2.128/25"},
               {"address 192.0.2.7 00:01:00", "route 192.0.2.0/24 00:01:00"}, "the hole closes");
}

TEST(SetPlanner, AHoleAroundEverythingLeavesNothing) {
  SetPlanner planner;
  planner.want(Scope::route, prefix("192.0.2.0/25"), 1, at(60));
  planner.want(Scope::route, prefix("192.0.2.128/25"), 2, at(60));
  EXPECT_EQ(planner.set_holes({prefix("192.0.2.0/24")}), (std::vector<Owner>{1, 2}));
  EXPECT_EQ(planner.size(), 0U);
  EXPECT_TRUE(planner.take_batch().empty());
  (void)planner.set_holes({});
  EXPECT_EQ(planner.size(), 2U);
}

TEST(SetPlanner, FailedElementsAreOfferedAgain) {
  SetPlanner planner;
  planner.want(Scope::address, prefix("192.0.2.7"), 1, at(60));
  const auto batch = planner.take_batch();
  planner.offer_again(batch.add[0]);
  expect_batch(planner, {}, {"address 192.0.2.7 00:01:00"}, "an addition");
  planner.drop(Scope::address, prefix("192.0.2.7"), 1);
  const auto removal = planner.take_batch();
  ASSERT_EQ(removal.remove.size(), 1U);
  planner.offer_again(removal.remove[0]);
  expect_batch(planner, {"192.0.2.7"}, {}, "a removal");
  expect_batch(planner, {}, {}, "once");
}

TEST(SetPlanner, RefusedElementsAreNotOfferedAgainUntilSomethingChanges) {
  SetPlanner planner;
  (void)planner.set_holes({prefix("192.0.2.64/26")});
  planner.want(Scope::route, prefix("192.0.2.0/24"), 1, at(60));
  planner.want(Scope::route, prefix("192.0.2.0/25"), 2, at(90));
  const auto batch = planner.take_batch();
  ASSERT_EQ(texts(batch.add), (Texts{"route 192.0.2.0/26 00:01:30", "route 192.0.2.128/25 00:01:00"}));
  EXPECT_EQ(planner.refuse({.element = batch.add[0], .reason = "why", .refused = true}), std::vector<Owner>{1});
  EXPECT_TRUE(planner.refuse({.element = batch.add[0], .reason = "why", .refused = true}).empty());
  ASSERT_EQ(planner.refused(Scope::route).size(), 1U);
  EXPECT_EQ(*planner.refused(Scope::route).find(prefix("192.0.2.0/26"))->reason, "why");
  EXPECT_EQ(texts(planner.desired()), Texts{"route 192.0.2.128/25 00:01:00"});
  EXPECT_TRUE(planner.stands(Scope::route, prefix("192.0.2.0/24")));
  EXPECT_FALSE(planner.stands(Scope::route, prefix("192.0.2.0/25")));
  (void)planner.take_batch();
  planner.want(Scope::route, prefix("192.0.2.0/24"), 1, at(120));
  expect_batch(planner, {}, {"route 192.0.2.0/26 00:02:00", "route 192.0.2.128/25 00:02:00"}, "renewed");
  EXPECT_TRUE(planner.refused(Scope::route).empty());
}

TEST(SetPlanner, WhatWasRefusedForWantOfRoomIsOfferedWhenThereIsSome) {
  SetPlanner planner;
  planner.want(Scope::asn, prefix("192.0.2.0/24"), 1, at(60));
  planner.want(Scope::asn, prefix("198.51.100.0/24"), 1, at(60));
  planner.want(Scope::asn, prefix("203.0.113.0/24"), 1, at(60));
  const auto batch = planner.take_batch();
  ASSERT_EQ(batch.add.size(), 3U);
  (void)planner.refuse({.element = batch.add[0], .reason = "too much", .refused = true, .for_room = true});
  (void)planner.refuse({.element = batch.add[1], .reason = "loopback", .refused = true});
  (void)planner.refuse({.element = batch.add[2], .reason = "too much", .refused = true, .for_room = true});
  (void)planner.take_batch();
  planner.drop(Scope::asn, prefix("203.0.113.0/24"), 1);
  EXPECT_EQ(planner.refused(Scope::asn).size(), 2U) << "one is not wanted any more";
  (void)planner.take_batch();
  planner.offer_refused();
  expect_batch(planner, {}, {"asn 192.0.2.0/24 00:01:00"}, "what lacked room");
  EXPECT_EQ(planner.refused(Scope::asn).size(), 1U);
}

// A batch of a country's size goes in portions; what takes the place of something is never in another one than that.
TEST(SetPlanner, ManyChangesComeInPortionsThatBelongTogether) {
  SetPlanner planner;
  for (uint32_t i = 0; i < 100; ++i) {
    planner.want(Scope::route, net::Prefix(net::Address::from_ipv4(0xc0000000U + i * 256), 24), 1, at(60));
  }
  planner.want(Scope::address, prefix("198.51.100.1"), 2, at(60));
  EXPECT_EQ(planner.pending(), 101U);
  std::vector<size_t> sizes;
  while (planner.pending() > 0) {
    sizes.push_back(planner.take_batch(30).add.size());
  }
  EXPECT_EQ(sizes, (std::vector<size_t>{30, 30, 30, 11}));
  planner.want(Scope::route, prefix("192.0.0.0/18"), 3, at(60));  // around 64 of them
  planner.want(Scope::route, prefix("203.0.113.0/24"), 4, at(60));
  const auto batch = planner.take_batch(1);
  EXPECT_EQ(batch.remove.size(), 64U);
  EXPECT_EQ(batch.add.size(), 1U);
  EXPECT_EQ(planner.pending(), 1U);
  EXPECT_EQ(planner.take_batch(1).add.front().prefix, prefix("203.0.113.0/24"));
  EXPECT_TRUE(planner.take_batch().empty());
}

TEST(SetPlanner, KnowsWhoWantsWhat) {
  SetPlanner planner;
  planner.want(Scope::asn, prefix("192.0.2.0/24"), 1, at(60));
  planner.want(Scope::asn, prefix("192.0.2.0/24"), 2, at(60));
  planner.want(Scope::route, prefix("192.0.0.0/16"), 3, at(60));
  planner.want(Scope::route, prefix("192.0.2.0/26"), 4, at(60));
  planner.want(Scope::address, prefix("192.0.2.7"), 5, at(60));
  EXPECT_EQ(planner.owners_covering(prefix("192.0.2.7")), (std::vector<Owner>{5, 4, 3, 1, 2}));
  EXPECT_EQ(planner.owners_covering(prefix("192.0.2.64/26")), (std::vector<Owner>{3, 1, 2}));
  EXPECT_TRUE(planner.wants_all_of(Scope::route, prefix("192.0.0.0/16")));
  EXPECT_FALSE(planner.wants_all_of(Scope::route, prefix("192.0.0.0/15")));
  EXPECT_FALSE(planner.wants_all_of(Scope::asn, prefix("192.0.0.0/16")));
  EXPECT_TRUE(planner.wants_any_of(prefix("192.0.0.0/15")));
  EXPECT_FALSE(planner.wants_any_of(prefix("198.51.100.0/24")));
  planner.drop(Scope::asn, prefix("192.0.2.0/24"), 1);
  EXPECT_EQ(planner.owners_covering(prefix("192.0.2.64/26")), (std::vector<Owner>{3, 2}));
}

}  // namespace
}  // namespace ipguard::decide
