// Other programs that change elements, chains and rules of our table: noticed by notification, mended, counted.
#include <poll.h>

#include "kernel_fixture.h"
#include "support/temp_folder.h"

namespace ipguard::writer::testing {
namespace {

using model::Scope;

bool readable(int fd) {
  pollfd ready{fd, POLLIN, 0};
  return poll(&ready, 1, 0) == 1;
}

struct Meddling {
  const char* name;
  const char* command;
  uint64_t added;
  uint64_t removed;
  bool table;
};

class Meddled : public KernelTest, public ::testing::WithParamInterface<Meddling> {};

TEST_P(Meddled, IsNoticedAndMended) {
  protection_ = std::make_unique<enforce::Protection>(unprotected(), std::vector{prefix("203.0.113.1")});
  auto enforcer = make();
  ASSERT_TRUE(enforcer->prepare().has_value());
  ASSERT_TRUE(enforcer->verify(now_).has_value());
  EXPECT_EQ(enforcer
                ->apply({{},
                         {element(Scope::address, "192.0.2.7", 600), element(Scope::address, "192.0.2.8"),
                          element(Scope::route, "198.51.100.0/24", 900), element(Scope::asn, "2001:db8::/32")}},
                        now_)
                .added,
            4U);
  const std::string before = run("nft list table inet ipguard | sed 's/expires [^ ,]*//g'").output;
  ASSERT_FALSE(readable(enforcer->notification_fd())) << "our own elements woke us";
  ASSERT_EQ(run(GetParam().command).status, 0);
  EXPECT_TRUE(readable(enforcer->notification_fd()));

  const auto repair = enforcer->verify(now_);
  ASSERT_TRUE(repair.has_value()) << repair.error().message;
  EXPECT_EQ(repair->added, GetParam().added);
  EXPECT_EQ(repair->removed, GetParam().removed);
  EXPECT_EQ(repair->table, GetParam().table);
  EXPECT_TRUE(repair->failures.empty());
  EXPECT_EQ(run("nft list table inet ipguard | sed 's/expires [^ ,]*//g'").output, before);
  EXPECT_EQ(enforcer->holds(address("192.0.2.7")), true);
  EXPECT_EQ(enforcer->holds(address("203.0.113.1")), false);
  EXPECT_EQ(enforcer->enforced(), 4U);
  EXPECT_EQ(enforcer->repairs().times, 1U);
  EXPECT_EQ(enforcer->repairs().added, GetParam().added);
  EXPECT_EQ(enforcer->repairs().removed, GetParam().removed);
  EXPECT_FALSE(enforcer->verify(now_)->any());
  EXPECT_EQ(enforcer->repairs().times, 1U);
  EXPECT_FALSE(readable(enforcer->notification_fd()));
}

INSTANTIATE_TEST_SUITE_P(
    Meddling, Meddled,
    ::testing::Values(
        Meddling{"FlushSet", "nft flush set inet ipguard address4", 2, 0, false},
        Meddling{"FlushIntervalSet", "nft flush set inet ipguard asn6", 1, 0, false},
        Meddling{"DeleteElement", "nft delete element inet ipguard address4 '{ 192.0.2.8 }'", 1, 0, false},
        Meddling{"DeleteInterval", "nft delete element inet ipguard route4 '{ 198.51.100.0/24 }'", 1, 0, false},
        Meddling{"AddElement", "nft add element inet ipguard address4 '{ 192.0.2.9, 192.0.2.10 }'", 0, 2, false},
        Meddling{"AddProtected", "nft add element inet ipguard address4 '{ 203.0.113.1, 127.0.0.1 }'", 0, 2, false},
        Meddling{"AddInterval", "nft add element inet ipguard route4 '{ 203.0.113.0-203.0.113.6 timeout 1h }'", 0, 1,
                 false},
        Meddling{"Halve",
                 "nft 'delete element inet ipguard route4 { 198.51.100.0/24 }; "
                 "add element inet ipguard route4 { 198.51.100.0/25 }'",
                 1, 1, false},
        Meddling{"Shorten",
                 "nft 'delete element inet ipguard address4 { 192.0.2.7 }; "
                 "add element inet ipguard address4 { 192.0.2.7 timeout 10s }'",
                 1, 0, false},
        Meddling{"ReplaceRule",
                 "h=$(nft -a list chain inet ipguard input | sed -n 's/.*address4.*handle //p'); "
                 "nft replace rule inet ipguard input handle $h accept",
                 0, 0, true},
        Meddling{"InsertRule", "nft insert rule inet ipguard input accept", 0, 0, true},
        Meddling{"Policy", "nft add chain inet ipguard forward '{ policy drop; }'", 0, 0, true},
        Meddling{"ForeignChains",
                 "nft 'table inet ipguard { chain x { drop; }; "
                 "chain y { type filter hook input priority -300; policy drop; jump x; }; }'",
                 0, 0, true},
        Meddling{"FlushRuleset", "nft flush ruleset", 4, 0, true},
        Meddling{"Dormant", "nft 'add table inet ipguard { flags dormant; }'", 0, 0, true},
        Meddling{"AlienTable",
                 "nft 'delete table inet ipguard; add table inet ipguard; "
                 "add set inet ipguard address4 { type ipv4_addr; }'",
                 4, 0, true},
        Meddling{"AlienSet",
                 "nft 'flush table inet ipguard; delete chain inet ipguard input; delete chain inet ipguard forward; "
                 "delete set inet ipguard route4; add set inet ipguard route4 { type ipv6_addr; flags interval; }'",
                 4, 0, true}),
    [](const auto& chosen) { return chosen.param.name; });

class Noticing : public KernelTest {};

// A table that cannot be restored blocks nobody: that is what is shown, and what comes back when it can be.
TEST_F(Noticing, ATableOfAnotherProgramHoldsNothingOfOurs) {
  auto enforcer = make();
  ASSERT_TRUE(enforcer->prepare().has_value());
  EXPECT_EQ(enforcer->apply({{}, {element(Scope::address, "192.0.2.7", 600)}}, now_).added, 1U);
  FILE* owner = popen("nft -i > /dev/null 2>&1", "w");
  ASSERT_NE(owner, nullptr);
  ASSERT_GT(fputs("delete table inet ipguard\nadd table inet ipguard { flags owner; }\n", owner), 0);
  ASSERT_EQ(fflush(owner), 0);
  for (int i = 0; i < 200 && run("nft list table inet ipguard").output.find("owner") == std::string::npos; ++i) {
    poll(nullptr, 0, 20);
  }
  if (run("nft list table inet ipguard").output.find("owner") == std::string::npos) {
    pclose(owner);
    GTEST_SKIP() << "nft(8) owns no tables here";
  }
  EXPECT_FALSE(enforcer->verify(now_).has_value());
  EXPECT_EQ(enforcer->enforced(), 0U) << "the kernel holds nothing";
  EXPECT_EQ(enforcer->apply({{}, {element(Scope::address, "192.0.2.8", 600)}}, now_).failures.size(), 1U);
  EXPECT_EQ(enforcer->enforced(), 0U);
  pclose(owner);  // the table goes with its owner
  const auto repair = enforcer->verify(now_);
  ASSERT_TRUE(repair.has_value()) << repair.error().message;
  EXPECT_EQ(repair->added, 1U);
  EXPECT_EQ(enforcer->enforced(), 1U);
  EXPECT_EQ(enforcer->holds(address("192.0.2.7")), true);
}

// At start nobody can know whose it is.
TEST_F(Noticing, AnAlienTableIsRefusedAtStart) {
  ASSERT_EQ(run("nft 'add table inet ipguard; add set inet ipguard address4 { type ipv4_addr; }'").status, 0);
  auto enforcer = make();
  EXPECT_FALSE(enforcer->prepare().has_value());
  EXPECT_NE(run("nft list table inet ipguard").output.find("address4"), std::string::npos) << "it stays";
}

// The kernel's time-outs do not run on the clock that people set.
TEST_F(Noticing, AfterAStepOfTheClockTimeOutsAreMadeAnew) {
  auto enforcer = make();
  ASSERT_TRUE(enforcer->prepare().has_value());
  EXPECT_EQ(enforcer
                ->apply({{},
                         {element(Scope::address, "192.0.2.7", 600), element(Scope::address, "192.0.2.8"),
                          element(Scope::route, "198.51.100.0/24", 900)}},
                        now_)
                .added,
            3U);
  ASSERT_FALSE(enforcer->verify(now_ - Seconds(3600))->any()) << "nobody said so";
  enforcer->distrust();
  const auto repair = enforcer->verify(now_ - Seconds(3600));
  ASSERT_TRUE(repair.has_value()) << repair.error().message;
  EXPECT_EQ(repair->added, 2U) << "set back: they would lapse an hour early";
  const auto left = elements("address4")["192.0.2.7"];
  EXPECT_GT(left, 3600 + 600);
  EXPECT_LE(left, 3600 + 600 + 60);
  EXPECT_EQ(elements("address4")["192.0.2.8"], 0);
  EXPECT_EQ(enforcer->enforced(), 3U);
}

// The log has who it was: the administrator will look there.
TEST_F(Noticing, NamesTheProgram) {
  auto enforcer = make();
  EXPECT_EQ(enforcer->apply({{}, {element(Scope::address, "192.0.2.7")}}, now_).added, 1U);
  ASSERT_EQ(run("nft add element inet ipguard address4 '{ 192.0.2.9 }'").status, 0);
  ::testing::internal::CaptureStderr();
  ASSERT_TRUE(enforcer->verify(now_).has_value());
  std::string log = ::testing::internal::GetCapturedStderr();
  EXPECT_NE(log.find("not a ban of ipguard, removed from set address4: 192.0.2.9"), std::string::npos) << log;
  EXPECT_NE(log.find("nft (process "), std::string::npos) << log;
  EXPECT_NE(log.find("0 element(s) put back, 1 foreign one(s) removed"), std::string::npos) << log;
  ASSERT_EQ(run("nft flush ruleset").status, 0);
  ::testing::internal::CaptureStderr();
  ASSERT_TRUE(enforcer->verify(now_).has_value());
  log = ::testing::internal::GetCapturedStderr();
  EXPECT_NE(log.find("nft (process "), std::string::npos) << log;
}

TEST_F(Noticing, OurOwnBatchesCostNoLookAtTheSets) {
  auto enforcer = make();
  ASSERT_TRUE(enforcer->prepare().has_value());
  ASSERT_TRUE(enforcer->verify(now_).has_value());
  model::SetBatch batch;
  for (uint32_t i = 0; i < 200'000; ++i) {  // more notifications than a socket's queue holds
    batch.add.push_back({Scope::address, net::Prefix(net::Address::from_ipv4(0x0a000000 + i)), now_ + Seconds(900)});
  }
  EXPECT_EQ(enforcer->apply(batch, now_).added, batch.add.size());
  EXPECT_FALSE(readable(enforcer->notification_fd()));
  EXPECT_EQ(enforcer->apply({batch.add, {}}, now_).removed, batch.add.size());
  EXPECT_FALSE(readable(enforcer->notification_fd()));
}

TEST_F(Noticing, AnElementThatTimesOutIsNobodysDoing) {
  auto enforcer = make();
  // Over in the past by our clock, so that the kernel's time-out is the shortest that there is.
  const TimePoint then = now_ - Seconds(60);
  ASSERT_TRUE(enforcer->prepare().has_value());
  ASSERT_TRUE(enforcer->verify(then).has_value());
  ASSERT_EQ(run("nft add element inet ipguard address4 '{ 192.0.2.9 timeout 1s }'").status, 0);
  ASSERT_TRUE(enforcer->list(then).has_value());  // taken over, as at start
  while (enforcer->holds(address("192.0.2.9")).value_or(false)) {
    poll(nullptr, 0, 50);
  }
  ASSERT_EQ(run("nft add element inet ipguard address4 '{ 192.0.2.10 }'").status, 0);  // collects what is over
  const auto repair = enforcer->verify(now_);
  ASSERT_TRUE(repair.has_value());
  EXPECT_EQ(repair->added, 0U);
  EXPECT_EQ(repair->removed, 1U);
  EXPECT_EQ(enforcer->enforced(), 0U);
}

TEST_F(Noticing, LostNotificationsCountAsAChange) {
  auto enforcer = make();
  EXPECT_EQ(enforcer->apply({{}, {element(Scope::address, "192.0.2.7", 600)}}, now_).added, 1U);
  ASSERT_TRUE(enforcer->verify(now_).has_value());
  // Somebody else's big set fills the queue; the flush of ours is told of behind it, or not at all.
  ASSERT_EQ(run("(echo 'table inet other { set big { type ipv4_addr; }; }'; echo -n 'add element inet other big { '; "
                "seq -f '%.0f' 167772160 168172159 | awk '{ printf \"%d.%d.%d.%d, \", $1/16777216, $1/65536%256, "
                "$1/256%256, $1%256 }'; echo '192.0.2.1 }') | nft -f -")
                .status,
            0);
  ASSERT_EQ(run("nft flush set inet ipguard address4").status, 0);
  const auto repair = enforcer->verify(now_);
  ASSERT_TRUE(repair.has_value());
  EXPECT_EQ(repair->added, 1U);
  EXPECT_EQ(enforcer->holds(address("192.0.2.7")), true);
}

// What may not be put back is told to the caller, so that nobody goes on believing in it.
TEST_F(Noticing, WhatIsProtectedByNowIsNotPutBack) {
  const TempFolder tree;
  config::ProtectConfig config = unprotected();
  config.resolvers = true;
  enforce::HostPaths paths;
  paths.resolvers = {tree / "resolv.conf"};
  protection_ = std::make_unique<enforce::Protection>(config, std::vector<net::Prefix>{}, paths);
  auto enforcer = make();
  EXPECT_EQ(
      enforcer->apply({{}, {element(Scope::address, "192.0.2.7"), element(Scope::address, "192.0.2.8")}}, now_).added,
      2U);
  tree.write("resolv.conf", "nameserver 192.0.2.7\n");
  ASSERT_EQ(run("nft flush set inet ipguard address4").status, 0);
  const auto repair = enforcer->verify(now_);
  ASSERT_TRUE(repair.has_value());
  EXPECT_EQ(repair->added, 1U);
  ASSERT_EQ(repair->failures.size(), 1U);
  EXPECT_TRUE(repair->failures[0].refused);
  EXPECT_EQ(repair->failures[0].element.prefix, prefix("192.0.2.7"));
  EXPECT_EQ(enforcer->enforced(), 1U);
}

}  // namespace
}  // namespace ipguard::writer::testing
