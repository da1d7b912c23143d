// Every operation on the real kernel, read back with nft(8).
#include <algorithm>
#include <random>

#include "kernel_fixture.h"

namespace ipguard::writer::testing {
namespace {

using model::Scope;

class NftablesEnforcer : public KernelTest {};

TEST_F(NftablesEnforcer, DeclaresATableThatAnAdministratorCanRead) {
  auto enforcer = make();
  ASSERT_TRUE(enforcer->prepare().has_value());
  const std::string text = run("nft list table inet ipguard").output;
  for (const char* part :
       {"table inet ipguard", "comment \"bans of ipguard", "set address4", "set address6", "set route4", "set route6",
        "set asn4", "set asn6", "counter address4", "chain input", "chain forward", "hook input priority filter - 10",
        "hook forward priority filter - 10", "iif \"lo\" return comment \"loopback is never blocked\"",
        "ip saddr @route4 counter name \"route4\" drop comment \"banned IPv4 routes\"", "flags interval,timeout"}) {
    EXPECT_NE(text.find(part), std::string::npos) << part << " is missing in\n" << text;
  }
  EXPECT_EQ(text.find("auto-merge"), std::string::npos);
  EXPECT_EQ(text.find("owner"), std::string::npos);
}

TEST_F(NftablesEnforcer, EverySetTakesAndGivesBackItsElements) {
  auto enforcer = make();
  ASSERT_TRUE(enforcer->prepare().has_value());
  const std::vector<model::SetElement> all = {
      element(Scope::address, "192.0.2.7", 600),      element(Scope::address, "2001:db8::7"),
      element(Scope::route, "198.51.100.0/24", 3600), element(Scope::route, "2001:db8:1::/48", 10),
      element(Scope::asn, "203.0.113.0/25"),          element(Scope::asn, "203.0.113.128/25", 7200),
      element(Scope::asn, "2001:db8:2::/47", 60)};
  const auto report = enforcer->apply({{}, all}, now_);
  EXPECT_EQ(report.added, all.size());
  EXPECT_TRUE(report.failures.empty());
  EXPECT_EQ(enforcer->enforced(), all.size());

  using Elements = std::map<std::string, int64_t>;  // with the backstop of 60 s
  EXPECT_EQ(elements("address4"), (Elements{{"192.0.2.7", 660}}));
  EXPECT_EQ(elements("address6"), (Elements{{"2001:db8::7", 0}}));
  EXPECT_EQ(elements("route4"), (Elements{{"198.51.100.0/24", 3660}}));
  EXPECT_EQ(elements("route6"), (Elements{{"2001:db8:1::/48", 70}}));
  EXPECT_EQ(elements("asn4"), (Elements{{"203.0.113.0/25", 0}, {"203.0.113.128/25", 7260}}));
  EXPECT_EQ(elements("asn6"), (Elements{{"2001:db8:2::/47", 120}}));

  for (const char* held : {"192.0.2.7", "2001:db8::7", "198.51.100.0", "198.51.100.255",
                           "2001:db8:1:ffff::", "203.0.113.127", "203.0.113.128", "2001:db8:3::1"}) {
    EXPECT_EQ(enforcer->holds(address(held)), true) << held;
  }
  for (const char* free : {"192.0.2.8", "2001:db8::8", "198.51.99.255", "198.51.101.0", "2001:db8:4::", "203.0.112.255",
                           "203.0.114.0", "::ffff:192.0.2.6"}) {
    EXPECT_EQ(enforcer->holds(address(free)), false) << free;
  }

  const auto removed = enforcer->apply({all, {}}, now_);
  EXPECT_EQ(removed.removed, all.size());
  EXPECT_TRUE(removed.failures.empty());
  EXPECT_EQ(enforcer->enforced(), 0U);
  for (const char* set : {"address4", "address6", "route4", "route6", "asn4", "asn6", "country4", "country6"}) {
    EXPECT_TRUE(elements(set).empty()) << set;
  }
}

TEST_F(NftablesEnforcer, ARenewedBanHasTheNewTimeOut) {
  auto enforcer = make();
  for (const int seconds : {100, 900, 30, 0}) {
    const auto report = enforcer->apply(
        {{}, {element(Scope::address, "192.0.2.7", seconds), element(Scope::route, "198.51.100.0/24", seconds)}}, now_);
    EXPECT_EQ(report.added, 2U);
    EXPECT_TRUE(report.failures.empty());
    EXPECT_EQ(elements("address4").at("192.0.2.7"), seconds == 0 ? 0 : seconds + 60);
    EXPECT_EQ(elements("route4").at("198.51.100.0/24"), seconds == 0 ? 0 : seconds + 60);
    EXPECT_EQ(enforcer->enforced(), 2U);
  }
}

TEST_F(NftablesEnforcer, AnElementThatSomebodyElseAddedIsReplaced) {
  auto enforcer = make();
  ASSERT_TRUE(enforcer->prepare().has_value());
  ASSERT_EQ(run("nft add element inet ipguard address4 { 192.0.2.7 timeout 10s }").status, 0);
  ASSERT_EQ(run("nft add element inet ipguard route4 { 198.51.100.0/24 timeout 10s }").status, 0);
  const auto report = enforcer->apply({{},
                                       {element(Scope::address, "192.0.2.7", 600), element(Scope::address, "192.0.2.8"),
                                        element(Scope::route, "198.51.100.0/24", 600)}},
                                      now_);
  EXPECT_EQ(report.added, 3U);
  EXPECT_TRUE(report.failures.empty());
  EXPECT_EQ(elements("address4").at("192.0.2.7"), 660);
  EXPECT_EQ(elements("route4").at("198.51.100.0/24"), 660);
}

TEST_F(NftablesEnforcer, RemovingWhatIsGoneAlreadyTakesTheRestAlong) {
  auto enforcer = make();
  model::SetBatch batch;
  for (int i = 1; i < 200; ++i) {
    batch.add.push_back(element(Scope::address, "192.0.2." + std::to_string(i), 600));
    batch.add.push_back(element(Scope::route, "10." + std::to_string(i) + ".0.0/16", 600));
  }
  EXPECT_EQ(enforcer->apply(batch, now_).added, batch.add.size());
  ASSERT_EQ(run("nft delete element inet ipguard address4 { 192.0.2.5, 192.0.2.77, 192.0.2.199 }").status, 0);
  ASSERT_EQ(run("nft delete element inet ipguard route4 { 10.9.0.0/16, 10.10.0.0/16 }").status, 0);
  const auto report = enforcer->apply({batch.add, {element(Scope::address, "203.0.113.1", 5)}}, now_);
  EXPECT_EQ(report.removed, batch.add.size());
  EXPECT_EQ(report.added, 1U);
  EXPECT_TRUE(report.failures.empty());
  EXPECT_TRUE(elements("route4").empty());
  EXPECT_EQ(elements("address4").size(), 1U);
}

TEST_F(NftablesEnforcer, RemovingEverythingAfterSomebodyFlushedTheSetsSucceeds) {
  auto enforcer = make();
  model::SetBatch batch;
  for (uint32_t i = 0; i < 20'000; ++i) {
    batch.add.push_back({Scope::address, net::Prefix(net::Address::from_ipv4(0x0a000000 + i)), std::nullopt});
  }
  EXPECT_EQ(enforcer->apply(batch, now_).added, batch.add.size());
  ASSERT_EQ(run("nft flush set inet ipguard address4").status, 0);
  const auto report = enforcer->apply({batch.add, {element(Scope::address, "203.0.113.1")}}, now_);
  EXPECT_EQ(report.removed, batch.add.size());
  EXPECT_EQ(report.added, 1U);
  EXPECT_TRUE(report.failures.empty());
}

TEST_F(NftablesEnforcer, AnOverlapFailsAloneWithAReason) {
  auto enforcer = make();
  EXPECT_EQ(enforcer->apply({{}, {element(Scope::route, "198.51.100.0/24")}}, now_).added, 1U);
  const auto report =
      enforcer->apply({{},
                       {element(Scope::route, "198.51.100.128/25"), element(Scope::route, "203.0.113.0/24"),
                        element(Scope::asn, "198.51.100.0/24")}},
                      now_);
  EXPECT_EQ(report.added, 2U);
  ASSERT_EQ(report.failures.size(), 1U);
  EXPECT_EQ(report.failures[0].element, element(Scope::route, "198.51.100.128/25"));
  EXPECT_EQ(report.failures[0].reason, "it overlaps another element of the set");
  EXPECT_FALSE(report.failures[0].refused);
  EXPECT_EQ(enforcer->enforced(), 3U);
  EXPECT_EQ(enforcer->holds(address("203.0.113.9")), true);
}

// A set that somebody made with room for three: what does not fit is told in the kernel's words, and fits later.
TEST_F(NftablesEnforcer, WhatTheKernelRefusesIsToldInItsWordsAndTakenLater) {
  ASSERT_EQ(run("nft 'table inet ipguard { set address4 { type ipv4_addr; size 3; flags timeout; gc-interval 1m; }; }'")
                .status,
            0);
  auto enforcer = make();
  ASSERT_TRUE(enforcer->prepare().has_value());
  std::vector<model::SetElement> all;
  for (int i = 1; i <= 5; ++i) {
    all.push_back(element(Scope::address, "192.0.2." + std::to_string(i), 600));
  }
  const auto report = enforcer->apply({{}, all}, now_);
  EXPECT_EQ(report.added, 3U);
  ASSERT_EQ(report.failures.size(), 2U);
  for (const auto& failure : report.failures) {
    EXPECT_FALSE(failure.refused);
    EXPECT_EQ(failure.reason, std::strerror(ENFILE));
    EXPECT_EQ(enforcer->holds(failure.element.prefix.address()), false);
  }
  EXPECT_EQ(enforcer->enforced(), 3U);
  std::vector<model::SetElement> again = {report.failures[0].element, report.failures[1].element};
  const auto room = enforcer->apply({{all[0], all[1]}, again}, now_);
  EXPECT_EQ(room.removed, 2U);
  EXPECT_EQ(room.added, 2U);
  EXPECT_TRUE(room.failures.empty());
}

TEST_F(NftablesEnforcer, AllBansTogetherCoverNoMoreThanTheLargestShare) {
  config::ProtectConfig config = unprotected();
  config.largest_share = 1;  // 42,949,672 IPv4 addresses: two /8 and a half
  protection_ = std::make_unique<enforce::Protection>(config, std::vector<net::Prefix>{});
  auto enforcer = make();
  const std::vector<model::SetElement> wide = {element(Scope::route, "20.0.0.0/8"), element(Scope::route, "30.0.0.0/8"),
                                               element(Scope::asn, "40.0.0.0/8")};
  const auto report = enforcer->apply({{}, wide}, now_);
  EXPECT_EQ(report.added, 2U);
  ASSERT_EQ(report.failures.size(), 1U);
  EXPECT_TRUE(report.failures[0].refused);
  EXPECT_EQ(report.failures[0].element, wide[2]);
  EXPECT_EQ(report.failures[0].reason,
            "with it all bans together would cover more than 1 % of the IPv4 address space (protect.largest_share)");
  // What is there may be renewed, what goes makes room, the other family has its own share.
  EXPECT_EQ(enforcer->apply({{}, {element(Scope::route, "20.0.0.0/8", 600)}}, now_).added, 1U);
  EXPECT_EQ(enforcer->apply({{wide[1]}, {wide[2]}}, now_).added, 1U);
  EXPECT_EQ(enforcer->apply({{}, {element(Scope::route, "2001::/19")}}, now_).added, 1U);
  // A restart does not forget what is covered.
  enforcer = make();
  ASSERT_TRUE(enforcer->prepare().has_value());
  ASSERT_TRUE(enforcer->list(now_).has_value());
  EXPECT_EQ(enforcer->apply({{}, {wide[1]}}, now_).failures.size(), 1U);
}

TEST_F(NftablesEnforcer, RemovalsComeBeforeAdditionsInOneTransaction) {
  auto enforcer = make();
  EXPECT_EQ(enforcer->apply({{}, {element(Scope::route, "198.51.100.0/24")}}, now_).added, 1U);
  const auto report =
      enforcer->apply({{element(Scope::route, "198.51.100.0/24")},
                       {element(Scope::route, "198.51.100.0/25"), element(Scope::route, "198.51.100.192/26")}},
                      now_);
  EXPECT_EQ(report.removed, 1U);
  EXPECT_EQ(report.added, 2U);
  EXPECT_TRUE(report.failures.empty());
  EXPECT_EQ(enforcer->holds(address("198.51.100.130")), false);
  EXPECT_EQ(enforcer->holds(address("198.51.100.200")), true);
}

TEST_F(NftablesEnforcer, AnIntervalUpToTheEndOfTheAddressSpaceComesBack) {
  auto enforcer = make();
  ASSERT_TRUE(enforcer->prepare().has_value());
  ASSERT_EQ(run("nft add element inet ipguard route4 { 240.0.0.0/4 }").status, 0);
  ASSERT_EQ(run("nft add element inet ipguard route6 { ff00::/8 }").status, 0);
  const auto listed = enforcer->list(now_);
  ASSERT_TRUE(listed.has_value()) << listed.error().message;
  EXPECT_EQ(*listed, (std::vector{element(Scope::route, "240.0.0.0/4"), element(Scope::route, "ff00::/8")}));
  EXPECT_EQ(enforcer->apply({*listed, {}}, now_).removed, 2U);
  EXPECT_TRUE(elements("route4").empty());
  EXPECT_TRUE(elements("route6").empty());
}

TEST_F(NftablesEnforcer, AProtectedPrefixNeverReachesTheKernel) {
  protection_ = std::make_unique<enforce::Protection>(unprotected(), std::vector{prefix("198.51.100.7")});
  auto enforcer = make();
  const auto report = enforcer->apply({{},
                                       {element(Scope::route, "198.51.100.0/24"), element(Scope::address, "127.0.0.1"),
                                        element(Scope::asn, "0.0.0.0/1"), element(Scope::address, "192.0.2.7")}},
                                      now_);
  EXPECT_EQ(report.added, 1U);
  ASSERT_EQ(report.failures.size(), 3U);
  for (const auto& failure : report.failures) {
    EXPECT_TRUE(failure.refused) << failure.element.prefix.to_string();
  }
  EXPECT_TRUE(elements("route4").empty());
  EXPECT_EQ(elements("address4").size(), 1U);
}

TEST_F(NftablesEnforcer, HoldsAHundredThousandAddressesAndRoutes) {
  auto enforcer = make();
  model::SetBatch batch;
  for (uint32_t i = 0; i < 100'000; ++i) {
    batch.add.push_back(
        {Scope::address, net::Prefix(net::Address::from_ipv4(0x0a000000 + i * 7)), now_ + Seconds(900)});
    batch.add.push_back(
        {Scope::route, net::Prefix(net::Address::from_ipv4(0x20000000 + i * 512), 24), now_ + Seconds(900)});
  }
  const auto report = enforcer->apply(batch, now_);
  EXPECT_EQ(report.added, 200'000U);
  EXPECT_TRUE(report.failures.empty());
  const auto listed = enforcer->list(now_);
  ASSERT_TRUE(listed.has_value()) << listed.error().message;
  EXPECT_EQ(listed->size(), 200'000U);
  EXPECT_EQ(enforcer->holds(net::Address::from_ipv4(0x20000000 + 99'999 * 512 + 255)), true);
  EXPECT_EQ(enforcer->holds(net::Address::from_ipv4(0x20000000 + 99'999 * 512 + 256)), false);
}

// Random batches against the sets of the dry-run enforcer.
TEST_F(NftablesEnforcer, AgreesWithTheModelOverRandomBatches) {
  auto enforcer = make();
  auto dry = enforce::make_dry_run_enforcer(*protection_);
  std::mt19937 random(20260225);  // NOLINT(cert-msc32-c,cert-msc51-cpp): a fixed seed, so that a failure comes back
  const auto pick = [&] {
    const auto number = static_cast<uint32_t>(random());
    const auto scope = static_cast<Scope>(number % 3);
    const unsigned length = scope == Scope::address ? 32 : 22 + number / 3 % 10;
    return model::SetElement{scope, net::Prefix(net::Address::from_ipv4(0xc6336400 | (number >> 8 & 0xffff)), length),
                             number % 5 == 0 ? std::nullopt : std::optional(now_ + Seconds(600 + number % 100))};
  };
  for (int round = 0; round < 60; ++round) {
    model::SetBatch batch;
    for (unsigned i = 0; i < random() % 40; ++i) {
      batch.remove.push_back(pick());
    }
    // Within one set elements are disjoint: that is the planner's promise.
    auto wanted = dry->list(now_).value();
    for (unsigned i = 0; i < random() % 40; ++i) {
      const auto candidate = pick();
      if (std::ranges::none_of(wanted, [&](const auto& other) {
            return other.scope == candidate.scope && other.prefix.overlaps(candidate.prefix) &&
                   other.prefix != candidate.prefix;
          })) {
        batch.add.push_back(candidate);
        wanted.push_back(candidate);
      }
    }
    const auto expected = dry->apply(batch, now_);
    const auto report = enforcer->apply(batch, now_);
    ASSERT_TRUE(report.failures.empty()) << report.failures[0].reason;
    ASSERT_EQ(report.added, expected.added);
    auto kernel = enforcer->list(now_).value();
    auto model = dry->list(now_).value();
    ASSERT_EQ(kernel.size(), model.size()) << "round " << round;
    ASSERT_EQ(enforcer->enforced(), dry->enforced());
    for (size_t i = 0; i < kernel.size(); ++i) {
      ASSERT_EQ(kernel[i].prefix, model[i].prefix);
      ASSERT_EQ(kernel[i].until.has_value(), model[i].until.has_value());
      if (kernel[i].until) {
        // The kernel's clock went on a little since the element was added.
        ASSERT_LE(*kernel[i].until, *model[i].until + std::chrono::milliseconds(20));
        ASSERT_GT(*kernel[i].until, *model[i].until - Seconds(300));
      }
    }
  }
}

}  // namespace
}  // namespace ipguard::writer::testing
