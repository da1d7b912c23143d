// Sets that are too big to be compared element by element, and changes while nobody listens.
#include <csignal>

#include "kernel_fixture.h"

namespace ipguard::writer::testing {
namespace {

using model::Scope;

class BigSets : public KernelTest {
 protected:
  // Disjoint /28s or single addresses, more than are compared.
  static model::SetBatch many(Scope scope, uint32_t count, TimePoint until) {
    model::SetBatch batch;
    for (uint32_t i = 0; i < count; ++i) {
      const unsigned length = scope == Scope::address ? 32 : 28;
      batch.add.push_back({scope, net::Prefix(net::Address::from_ipv4(0x0a000000 + i * 32), length), until});
    }
    return batch;
  }
  static constexpr uint32_t big = 25'000;
};

TEST_F(BigSets, AreWrittenAnewWhenOthersChangeThem) {
  for (const auto scope : {Scope::address, Scope::route}) {
    const std::string set = scope == Scope::address ? "address4" : "route4";
    auto enforcer = make();
    ASSERT_TRUE(enforcer->prepare().has_value());
    EXPECT_EQ(enforcer->apply(many(scope, big, now_ + Seconds(900)), now_).added, big);
    ASSERT_FALSE(enforcer->verify(now_)->any());
    ASSERT_EQ(run("nft add element inet ipguard " + set + " '{ 192.0.2.9 }'").status, 0);
    ASSERT_EQ(run("nft delete element inet ipguard " + set +
                  (scope == Scope::address ? " '{ 10.0.0.32 }'" : " '{ 10.0.0.32/28 }'"))
                  .status,
              0);
    const auto repair = enforcer->verify(now_);
    ASSERT_TRUE(repair.has_value()) << repair.error().message;
    EXPECT_EQ(repair->rewritten, big);
    EXPECT_TRUE(repair->failures.empty());
    EXPECT_EQ(enforcer->holds(address("192.0.2.9")), false) << set;
    EXPECT_EQ(enforcer->holds(address("10.0.0.32")), true) << set;
    EXPECT_EQ(enforcer->enforced(), big);
    EXPECT_EQ(enforcer->repairs().times, 1U);
    EXPECT_FALSE(enforcer->verify(now_)->any());
    const auto listed = enforcer->list(now_);
    ASSERT_TRUE(listed.has_value());
    EXPECT_EQ(listed->size(), big);
    ASSERT_TRUE(enforcer->remove_all().has_value());
  }
}

TEST_F(BigSets, ThatAreEmptyNowAreFilledAgain) {
  auto enforcer = make();
  EXPECT_EQ(enforcer->apply(many(Scope::route, big, now_ + Seconds(900)), now_).added, big);
  ASSERT_EQ(run("nft flush set inet ipguard route4").status, 0);
  const auto repair = enforcer->verify(now_);
  ASSERT_TRUE(repair.has_value()) << repair.error().message;
  EXPECT_EQ(repair->rewritten, 0U);
  EXPECT_EQ(repair->added, big);
}

// During a big transaction of ours nobody listens to what others do. They are found out all the same.
TEST_F(BigSets, WhatOthersDoDuringABigTransactionIsUndone) {
  auto enforcer = make();
  ASSERT_TRUE(enforcer->prepare().has_value());
  const pid_t meddler = fork();
  ASSERT_GE(meddler, 0);
  if (meddler == 0) {
    execlp("sh", "sh", "-c",
           "trap 'exit 0' TERM; i=0; while :; do i=$((i + 1)); nft add element inet ipguard address4 \"{ 192.0.2.$((i "
           "% 250)) }\"; done",
           nullptr);
    _exit(1);
  }
  for (int i = 0; i < 5; ++i) {
    const auto batch = many(Scope::address, big, now_ + Seconds(900));
    EXPECT_EQ(enforcer->apply(batch, now_).added, big);
    EXPECT_EQ(enforcer->apply({batch.add, {}}, now_).removed, big);
  }
  kill(meddler, SIGTERM);
  waitpid(meddler, nullptr, 0);
  ASSERT_TRUE(enforcer->verify(now_).has_value());
  for (const auto& [element, time_out] : elements("address4")) {
    ADD_FAILURE() << element << " stays";
  }
  EXPECT_GT(enforcer->repairs().removed, 0U);
}

}  // namespace
}  // namespace ipguard::writer::testing
