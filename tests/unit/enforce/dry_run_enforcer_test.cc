#include <gtest/gtest.h>

#include "base/time.h"
#include "enforce/enforcer.h"
#include "enforce/protection.h"

namespace ipguard::enforce {
namespace {

using model::Scope;

class DryRun : public ::testing::Test {
 protected:
  static config::ProtectConfig unprotected() {
    config::ProtectConfig config;
    config.own_addresses = config.gateways = config.resolvers = config.ssh_sessions = false;
    return config;
  }
  model::SetElement element(Scope scope, std::string_view text, int seconds = 600) const {
    return {scope, net::Prefix::parse(text).value(), now_ + Seconds(seconds)};
  }
  static net::Address address(std::string_view text) { return net::Address::parse(text).value(); }

  const TimePoint now_ = from_civil(2026, 2, 25, 4, 30, 17);
  Protection protection_{unprotected(), {net::Prefix::parse("198.51.100.7").value()}};
  std::unique_ptr<Enforcer> enforcer_ = make_dry_run_enforcer(protection_);
};

TEST_F(DryRun, KeepsWhatTheKernelWouldHold) {
  EXPECT_TRUE(enforcer_->prepare().has_value());
  const std::vector<model::SetElement> all = {element(Scope::address, "192.0.2.7"),
                                              element(Scope::route, "2001:db8::/48"),
                                              element(Scope::asn, "203.0.113.0/24")};
  EXPECT_EQ(enforcer_->apply({{}, all}, now_).added, 3U);
  EXPECT_EQ(enforcer_->enforced(), 3U);
  EXPECT_EQ(enforcer_->list(now_).value(), all);
  EXPECT_EQ(enforcer_->holds(address("192.0.2.7")), true);
  EXPECT_EQ(enforcer_->holds(address("2001:db8:0:ff::1")), true);
  EXPECT_EQ(enforcer_->holds(address("203.0.113.255")), true);
  EXPECT_EQ(enforcer_->holds(address("192.0.2.8")), false);
  EXPECT_FALSE(enforcer_->verify(now_)->any());
  EXPECT_EQ(enforcer_->notification_fd(), -1);
  EXPECT_EQ(enforcer_->apply({{all[0]}, {}}, now_).removed, 1U);
  EXPECT_EQ(enforcer_->holds(address("192.0.2.7")), false);
  EXPECT_EQ(enforcer_->counters().value()[0].packets, 0U);
  EXPECT_TRUE(enforcer_->remove_all().has_value());
  EXPECT_EQ(enforcer_->enforced(), 0U);
}

TEST_F(DryRun, RefusesWhatTheKernelMustNotGet) {
  const struct {
    model::SetElement element;
    const char* reason;
  } cases[] = {
      {element(Scope::address, "127.0.0.1"), "loopback (127.0.0.0/8)"},
      {element(Scope::route, "198.51.100.0/24"), "allowlist (198.51.100.7)"},
      {element(Scope::asn, "198.0.0.0/7"), "wider than the widest allowed, /8"},
      {element(Scope::asn, "2001::/16"), "wider than the widest allowed, /19"},
      {element(Scope::address, "192.0.2.0/24"), "a network cannot be banned with scope address"},
      {element(Scope::address, "192.0.2.7", 0), "its time is over already"},
  };
  for (const auto& test : cases) {
    const auto report = enforcer_->apply({{}, {test.element, element(Scope::address, "203.0.113.1")}}, now_);
    EXPECT_EQ(report.added, 1U) << test.reason;
    ASSERT_EQ(report.failures.size(), 1U) << test.reason;
    EXPECT_EQ(report.failures[0].element, test.element);
    EXPECT_EQ(report.failures[0].reason, test.reason);
    EXPECT_TRUE(report.failures[0].refused);
  }
}

TEST_F(DryRun, RefusesWhatWouldCoverTooMuch) {
  config::ProtectConfig config = unprotected();
  config.largest_share = 1;
  Protection protection(config, {});
  auto enforcer = make_dry_run_enforcer(protection);
  const std::vector<model::SetElement> wide = {element(Scope::route, "20.0.0.0/8"), element(Scope::route, "30.0.0.0/8"),
                                               element(Scope::asn, "40.0.0.0/8")};
  EXPECT_EQ(enforcer->apply({{}, wide}, now_).failures.size(), 1U);
  EXPECT_EQ(enforcer->apply({{}, {wide[0], wide[2]}}, now_).failures.size(), 1U);
  EXPECT_EQ(enforcer->apply({{wide[0]}, {wide[2]}}, now_).added, 1U);
  EXPECT_EQ(enforcer->enforced(), 2U);
}

TEST_F(DryRun, TellsWhatItWouldRefuse) {
  config::ProtectConfig config = unprotected();
  config.largest_share = 1;
  Protection protection(config, {});
  auto enforcer = make_dry_run_enforcer(protection);
  EXPECT_EQ(enforcer->apply({{}, {element(Scope::route, "20.0.0.0/8")}}, now_).added, 1U);
  const auto refused = enforcer->refusals({element(Scope::route, "30.0.0.0/8"), element(Scope::route, "127.0.0.1"),
                                           element(Scope::asn, "40.0.0.0/8"), element(Scope::asn, "20.0.0.0/8")},
                                          now_);
  ASSERT_EQ(refused.size(), 2U);
  EXPECT_EQ(refused[0].element.prefix.to_target(), "127.0.0.1");
  EXPECT_FALSE(refused[0].for_room);
  EXPECT_EQ(refused[1].element.prefix.to_target(), "40.0.0.0/8");
  EXPECT_TRUE(refused[1].for_room);
  EXPECT_EQ(enforcer->enforced(), 1U);
}

TEST_F(DryRun, OfSeveralAdditionsOfOneElementTheLastCounts) {
  const auto report = enforcer_->apply(
      {{}, {element(Scope::address, "192.0.2.7", 100), element(Scope::address, "192.0.2.7", 900)}}, now_);
  EXPECT_EQ(report.added, 1U);
  EXPECT_EQ(enforcer_->list(now_).value(), (std::vector{element(Scope::address, "192.0.2.7", 900)}));
}

TEST_F(DryRun, AnOverlapWithinASetFailsAsInTheKernel) {
  EXPECT_EQ(enforcer_->apply({{}, {element(Scope::route, "203.0.113.0/24")}}, now_).added, 1U);
  for (const char* overlapping : {"203.0.113.128/25", "203.0.112.0/23"}) {
    const auto report = enforcer_->apply({{}, {element(Scope::route, overlapping)}}, now_);
    ASSERT_EQ(report.failures.size(), 1U) << overlapping;
    EXPECT_EQ(report.failures[0].reason, "it overlaps another element of the set");
    EXPECT_FALSE(report.failures[0].refused);
  }
  EXPECT_EQ(enforcer_->apply({{}, {element(Scope::asn, "203.0.112.0/23")}}, now_).added, 1U);
}

}  // namespace
}  // namespace ipguard::enforce
