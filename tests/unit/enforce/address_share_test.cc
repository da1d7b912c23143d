// How much of the address space all sets together cover, each address counted once; and what is refused for it.
#include <gtest/gtest.h>

#include <algorithm>
#include <random>

#include "enforce/element_mirror.h"
#include "enforce/vetting.h"

namespace ipguard::enforce {
namespace {

using model::Scope;

const TimePoint now = from_civil(2026, 2, 25, 4, 30, 17);

net::Prefix prefix(std::string_view text) { return net::Prefix::parse(text).value(); }
model::SetElement element(Scope scope, std::string_view text) { return {scope, prefix(text), now + Seconds(600)}; }

TEST(ElementMirror, CountsWhatSeveralSetsCoverOnce) {
  ElementMirror mirror;
  const auto covered = [&] { return mirror.share().covered(net::Family::ipv4); };
  mirror.put(element(Scope::country, "192.0.2.0/24"));
  EXPECT_EQ(covered(), 256);
  mirror.put(element(Scope::asn, "192.0.2.0/25"));
  mirror.put(element(Scope::address, "192.0.2.7"));
  EXPECT_EQ(covered(), 256);
  mirror.put(element(Scope::route, "192.0.0.0/16"));
  EXPECT_EQ(covered(), 65536);
  mirror.erase(element(Scope::route, "192.0.0.0/16"));
  EXPECT_EQ(covered(), 256);
  mirror.erase(element(Scope::country, "192.0.2.0/24"));
  EXPECT_EQ(covered(), 128);
  mirror.erase(element(Scope::asn, "192.0.2.0/25"));
  EXPECT_EQ(covered(), 1);
  mirror.erase(element(Scope::address, "192.0.2.7"));
  EXPECT_EQ(covered(), 0);
  EXPECT_EQ(mirror.share().covered(net::Family::ipv6), 0);
}

// Random elements of a world of 1,024 addresses in four sets, counted one by one.
TEST(ElementMirror, CountsAsOneWouldByHand) {
  constexpr uint32_t base = 0x0a000000;
  constexpr uint32_t world = 1024;
  std::mt19937 random(7);
  ElementMirror mirror;
  std::vector<model::SetElement> members;
  for (int step = 0; step < 3000; ++step) {
    if (!members.empty() && random() % 3 == 0) {
      const auto it = members.begin() + static_cast<std::ptrdiff_t>(random() % members.size());
      ASSERT_TRUE(mirror.erase(*it));
      members.erase(it);
    } else {
      const auto scope = static_cast<Scope>(random() % model::scope_count);
      const unsigned length = scope == Scope::address ? 32 : 22 + static_cast<unsigned>(random() % 11);
      const model::SetElement fresh{
          scope, net::Prefix(net::Address::from_ipv4(base + static_cast<uint32_t>(random() % world)), length), {}};
      const bool overlaps = std::ranges::any_of(
          members, [&](const auto& member) { return member.scope == scope && member.prefix.overlaps(fresh.prefix); });
      if (overlaps) {
        continue;  // sets are disjoint
      }
      mirror.put(fresh);
      members.push_back(fresh);
    }
    uint32_t covered = 0;
    for (uint32_t i = 0; i < world; ++i) {
      const net::Prefix single(net::Address::from_ipv4(base + i));
      covered +=
          std::ranges::any_of(members, [&](const auto& member) { return member.prefix.contains(single); }) ? 1U : 0U;
    }
    ASSERT_EQ(mirror.share().covered(net::Family::ipv4), covered) << "step " << step;
  }
}

class LargestShare : public ::testing::Test {
 protected:
  static config::ProtectConfig config() {
    config::ProtectConfig config;
    config.own_addresses = config.gateways = config.resolvers = config.ssh_sessions = false;
    config.largest_share = 1;  // 2.56 networks of /8
    return config;
  }
  // What vet() lets through, and refuses with "!".
  std::vector<std::string> vetted(const std::vector<model::SetElement>& additions,
                                  const std::vector<model::SetElement>& removals = {}) {
    std::vector<model::ElementFailure> failures;
    std::vector<std::string> result;
    const auto before = mirror_.size();
    const auto covered = mirror_.share().covered(net::Family::ipv4);
    for (const auto& one : vet(additions, removals, protection_, now, mirror_, failures)) {
      result.push_back(one.prefix.to_string());
    }
    for (const auto& failure : failures) {
      EXPECT_TRUE(failure.refused);
      EXPECT_TRUE(failure.for_room);
      result.push_back("!" + failure.element.prefix.to_string());
    }
    EXPECT_EQ(mirror_.size(), before) << "the mirror is changed";
    EXPECT_EQ(mirror_.share().covered(net::Family::ipv4), covered);
    return result;
  }

  Protection protection_{config(), {}};
  ElementMirror mirror_;
};

using Texts = std::vector<std::string>;

TEST_F(LargestShare, WhatIsCoveredAlreadyCostsNothing) {
  mirror_.put(element(Scope::country, "20.0.0.0/8"));
  mirror_.put(element(Scope::country, "30.0.0.0/8"));
  EXPECT_EQ(vetted({element(Scope::route, "20.0.0.0/8"), element(Scope::asn, "20.0.0.0/9"),
                    element(Scope::asn, "30.128.0.0/9")}),
            (Texts{"20.0.0.0/8", "20.0.0.0/9", "30.128.0.0/9"}));
  EXPECT_EQ(vetted({element(Scope::asn, "40.0.0.0/8"), element(Scope::asn, "50.0.0.0/9"),
                    element(Scope::country, "50.0.0.0/9")}),
            (Texts{"50.0.0.0/9", "50.0.0.0/9", "!40.0.0.0/8"}))
      << "the smaller one fits, twice";
}

TEST_F(LargestShare, WhatGoesMakesRoomUnlessItStaysCovered) {
  mirror_.put(element(Scope::country, "20.0.0.0/8"));
  mirror_.put(element(Scope::country, "30.0.0.0/8"));
  mirror_.put(element(Scope::asn, "30.0.0.0/8"));
  EXPECT_EQ(vetted({element(Scope::asn, "40.0.0.0/8")}, {element(Scope::country, "20.0.0.0/8")}), Texts{"40.0.0.0/8"});
  EXPECT_EQ(vetted({element(Scope::asn, "40.0.0.0/8")}, {element(Scope::country, "30.0.0.0/8")}), Texts{"!40.0.0.0/8"});
}

TEST_F(LargestShare, EachFamilyHasItsOwn) {
  mirror_.put(element(Scope::country, "20.0.0.0/7"));
  EXPECT_EQ(vetted({element(Scope::asn, "40.0.0.0/8"), element(Scope::asn, "2001:db8::/32")}),
            (Texts{"2001:db8::/32", "!40.0.0.0/8"}));
}

}  // namespace
}  // namespace ipguard::enforce
