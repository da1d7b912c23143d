// Guard as a whole, in a dry run: what goes to the model of the kernel, and when.
#include "daemon/guard.h"

#include <gtest/gtest.h>

#include <string>

#include "base/log.h"
#include "loaded_fixture.h"

namespace ipguard::daemon {
namespace {

constexpr uint32_t bench_range = 0xc6120000U;  // 198.18.0.0/15, RFC 2544

Loaded loaded(std::vector<net::Prefix> allowed = {}) {
  config::Config config;
  config.allow.prefixes = std::move(allowed);
  return test_loaded(std::move(config));
}

class GuardTest : public testing::Test {
 protected:
  GuardTest() : guard(loaded(), State(store::Store::in_memory())) {
    set_log_level(LogLevel::warning);
    EXPECT_TRUE(guard.start(wall_clock_now()));
  }

  void ban(uint32_t count) {
    std::vector<BanOrder> orders;
    for (uint32_t i = 0; i < count; ++i) {
      orders.push_back({.target = {.scope = model::Scope::address,
                                   .prefix = net::Prefix(net::Address::from_ipv4(bench_range + i)),
                                   .asn = {}},
                        .duration = Seconds(600),
                        .reason = "number " + std::to_string(i),
                        .issuer = "import"});
    }
    for (const auto& result : guard.ban(orders, wall_clock_now())) {
      EXPECT_TRUE(result);
    }
  }

  Guard guard;
};

// A great many changes are not one transaction that holds up everything; `status` tells how far they are.
TEST_F(GuardTest, ManyChangesReachTheKernelInPortions) {
  constexpr uint32_t many = 20'000;
  ban(many);
  EXPECT_TRUE(guard.behind());
  EXPECT_EQ(guard.engine().wanted(), many);
  EXPECT_LT(guard.enforcer().enforced(), many);
  int turns = 0;
  while (guard.behind() && ++turns < 10) {
    guard.flush(wall_clock_now(), nullptr);
  }
  EXPECT_EQ(turns, 2);
  EXPECT_EQ(guard.enforcer().enforced(), many);
  EXPECT_FALSE(guard.unfinished());
}

// A mass of bans that end together is told of as fast as it can be passed on.
TEST_F(GuardTest, EndsWaitForThoseWhoAreTold) {
  ban(300);
  size_t told = 0;
  bool behind = true;
  guard.tell([&](const auto& changes, TimePoint) { told += changes.size(); }, [&] { return behind; });
  const auto later = wall_clock_now() + Seconds(3600);
  guard.expire(later);
  EXPECT_EQ(told, 0U);
  ASSERT_TRUE(guard.expiry_delay(later));
  EXPECT_GT(*guard.expiry_delay(later), TimePoint::duration::zero()) << "it would turn busily";
  EXPECT_LE(*guard.expiry_delay(later), std::chrono::milliseconds(20));
  behind = false;
  EXPECT_EQ(guard.expiry_delay(later), TimePoint::duration::zero());
  guard.expire(later);
  EXPECT_EQ(told, 300U);
}

// What a ban says besides its target is read when it is asked for.
TEST_F(GuardTest, TellsTheReasonOfEachBan) {
  ban(300);
  decide::TablePlace place;
  size_t seen = 0;
  for (auto part = guard.engine().decisions_after(place, 100, decide::Texts::reason); !part.empty();
       part = guard.engine().decisions_after(place, 100, decide::Texts::reason)) {
    for (const auto& decision : part) {
      EXPECT_EQ(decision.reason, "number " + std::to_string(seen++));
    }
  }
  EXPECT_EQ(seen, 300U);
}

// The kernel's clock is not the one that people set.
TEST_F(GuardTest, NoticesThatTheClockWasSet) {
  const auto said = [&](TimePoint now) {
    ::testing::internal::CaptureStderr();
    guard.check_protection(now);
    return ::testing::internal::GetCapturedStderr();
  };
  const auto start = wall_clock_now();
  EXPECT_EQ(said(start), "");
  EXPECT_EQ(said(wall_clock_now()), "") << "it goes on as it did";
  EXPECT_NE(said(wall_clock_now() + Seconds(3600)).find("the clock was set 1h on"), std::string::npos);
  EXPECT_EQ(said(wall_clock_now() + Seconds(3600)), "") << "once";
  EXPECT_NE(said(wall_clock_now() - Seconds(1800)).find("the clock was set 1h30m back"), std::string::npos);
}

// What is over by the new time ends with the step, not with a timer that was set by the old one.
TEST_F(GuardTest, AStepOfTheClockEndsWhatIsOverByIt) {
  ban(3);
  guard.check_protection(wall_clock_now());
  guard.check_protection(wall_clock_now() + Seconds(3600));
  EXPECT_EQ(guard.enforcer().enforced(), 0U);
}

TEST_F(GuardTest, AReloadTakesWhatIsAllowedByNowOutOfTheKernel) {
  ban(300);
  EXPECT_EQ(guard.enforcer().enforced(), 300U);
  ASSERT_TRUE(guard.reload(loaded({net::Prefix::parse("198.18.0.0/24").value()}), wall_clock_now()));
  EXPECT_EQ(guard.enforcer().enforced(), 44U);
  EXPECT_EQ(guard.engine().count(model::Scope::address), 44U);
  EXPECT_EQ(guard.enforcer().holds(*net::Address::parse("198.18.0.7")), false);
  EXPECT_EQ(guard.enforcer().holds(*net::Address::parse("198.18.1.7")), true);
}

}  // namespace
}  // namespace ipguard::daemon
