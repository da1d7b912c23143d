// What each ban by itself met: sets with counters, and the way from sets without them and back.
#include "../enforce/peer_namespace.h"
#include "kernel_fixture.h"

namespace ipguard::writer::testing {
namespace {

using model::Scope;

class ElementCounters : public KernelTest {
 protected:
  const std::vector<model::SetElement> bans_ = {
      element(Scope::address, "192.0.2.7", 600), element(Scope::route, "192.0.2.128/25", 600),
      element(Scope::asn, "198.51.100.0/24"), element(Scope::address, "2001:db8::7")};
  static config::EnforceConfig counting() { return {.element_counters = true}; }
};

TEST_F(ElementCounters, TellWhoGoesOnTrying) {
  enforce::testing::PeerNamespace client("ipga");
  ASSERT_TRUE(client.ready());
  ASSERT_TRUE(client.set_addresses("192.0.2.1/24", {"192.0.2.7/24", "192.0.2.200/24"}));
  auto enforcer = make(counting());
  EXPECT_EQ(enforcer->apply({{}, bans_}, now_).added, bans_.size());
  EXPECT_FALSE(client.connects("192.0.2.7", "192.0.2.1", port));
  EXPECT_FALSE(client.connects("192.0.2.200", "192.0.2.1", port));
  EXPECT_FALSE(client.connects("192.0.2.200", "192.0.2.1", port));
  std::vector<model::SetElement> asked = bans_;
  asked.push_back(element(Scope::address, "192.0.2.9"));     // nobody's
  asked.push_back(element(Scope::route, "192.0.2.192/26"));  // inside another one
  const auto counters = enforcer->element_counters(asked);
  ASSERT_TRUE(counters.has_value());
  ASSERT_EQ(counters->size(), asked.size());
  ASSERT_TRUE((*counters)[0] && (*counters)[1] && (*counters)[2] && (*counters)[3]);
  EXPECT_GE((*counters)[0]->packets, 1U);
  EXPECT_GE((*counters)[0]->bytes, 40U);
  EXPECT_GE((*counters)[1]->packets, 2U);
  EXPECT_EQ((*counters)[2]->packets, 0U);
  EXPECT_EQ((*counters)[3]->bytes, 0U);
  EXPECT_FALSE((*counters)[4].has_value());
  EXPECT_FALSE((*counters)[5].has_value());
}

TEST_F(ElementCounters, OfManyAreAskedInPortions) {
  auto enforcer = make(counting());
  model::SetBatch batch;
  for (uint32_t i = 0; i < 3000; ++i) {
    batch.add.push_back({Scope::address, net::Prefix(net::Address::from_ipv4(0x0a000000 + i)), now_ + Seconds(900)});
  }
  EXPECT_EQ(enforcer->apply(batch, now_).added, batch.add.size());
  const auto counters = enforcer->element_counters(batch.add);
  ASSERT_TRUE(counters.has_value());
  for (const auto& counter : *counters) {
    ASSERT_TRUE(counter.has_value());
  }
}

// Another configuration makes the sets anew; the bans, and what the scopes met so far, come along.
TEST_F(ElementCounters, ComeAndGoWithoutLosingABan) {
  EXPECT_EQ(make()->apply({{}, bans_}, now_).added, bans_.size());
  ASSERT_EQ(run("nft add counter inet ipguard other").status, 0);
  for (const bool wanted : {true, false, true}) {
    auto enforcer = make({.element_counters = wanted});
    ASSERT_TRUE(enforcer->prepare().has_value());
    const auto listed = enforcer->list(now_);
    ASSERT_TRUE(listed.has_value());
    EXPECT_EQ(listed->size(), bans_.size());
    for (const auto& ban : bans_) {
      EXPECT_EQ(enforcer->holds(ban.prefix.address()), true) << ban.prefix.to_string();
    }
    EXPECT_LE(elements("address4").at("192.0.2.7"), 660);
    EXPECT_GT(elements("address4").at("192.0.2.7"), 600);
    EXPECT_EQ(elements("asn4").at("198.51.100.0/24"), 0);
    const auto counters = enforcer->element_counters(bans_);
    ASSERT_TRUE(counters.has_value());
    EXPECT_EQ((*counters)[0].has_value(), wanted);
    EXPECT_FALSE(enforcer->verify(now_)->any());
  }
}

}  // namespace
}  // namespace ipguard::writer::testing
