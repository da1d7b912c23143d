// Start-up over an existing table, other programs that touch it, and missing privileges.
#include "kernel_fixture.h"

namespace ipguard::writer::testing {
namespace {

using model::Scope;

class NftablesRestart : public KernelTest {};

TEST_F(NftablesRestart, AdoptsWhatIsThere) {
  const std::vector<model::SetElement> all = {
      element(Scope::address, "192.0.2.7", 600), element(Scope::address, "2001:db8::7"),
      element(Scope::route, "198.51.100.0/24", 3600), element(Scope::asn, "2001:db8:2::/47")};
  EXPECT_EQ(make()->apply({{}, all}, now_).added, all.size());

  auto next = make();
  ASSERT_TRUE(next->prepare().has_value());
  EXPECT_EQ(next->enforced(), 0U);
  const auto listed = next->list(now_);
  ASSERT_TRUE(listed.has_value());
  ASSERT_EQ(listed->size(), all.size());
  for (size_t i = 0; i < all.size(); ++i) {
    EXPECT_EQ((*listed)[i].scope, all[i].scope);
    EXPECT_EQ((*listed)[i].prefix, all[i].prefix);
    ASSERT_EQ((*listed)[i].until.has_value(), all[i].until.has_value());
    if (all[i].until) {
      EXPECT_LE(*(*listed)[i].until, *all[i].until + std::chrono::milliseconds(20));
      EXPECT_GT(*(*listed)[i].until, *all[i].until - Seconds(300));
    }
  }
  EXPECT_EQ(next->enforced(), all.size());
  EXPECT_EQ(next->apply({all, {}}, now_).removed, all.size());
  EXPECT_EQ(make()->list(now_)->size(), 0U);
}

TEST_F(NftablesRestart, PreparingTwiceChangesNothing) {
  auto enforcer = make();
  ASSERT_TRUE(enforcer->prepare().has_value());
  EXPECT_EQ(enforcer->apply({{}, {element(Scope::route, "198.51.100.0/24")}}, now_).added, 1U);
  const std::string before = run("nft list ruleset").output;
  ASSERT_TRUE(enforcer->prepare().has_value());
  ASSERT_TRUE(make()->prepare().has_value());
  EXPECT_EQ(run("nft list ruleset").output, before);
}

TEST_F(NftablesRestart, AnotherHookOrPriorityReplacesTheChainsAndKeepsTheBans) {
  EXPECT_EQ(make()->apply({{}, {element(Scope::address, "192.0.2.7")}}, now_).added, 1U);
  config::EnforceConfig config;
  config.hook = config::Hook::prerouting;
  config.priority = -200;
  auto enforcer = make(config);
  ASSERT_TRUE(enforcer->prepare().has_value());
  std::vector<std::string> chains;
  for (const auto& object : table()) {
    if (object.contains("chain")) {
      chains.push_back(object["chain"]["name"].get<std::string>() + " " + object["chain"]["hook"].get<std::string>() +
                       " " + std::to_string(object["chain"]["prio"].get<int>()));
    }
  }
  EXPECT_EQ(chains, (std::vector<std::string>{"prerouting prerouting -200"}));
  EXPECT_EQ(elements("address4").size(), 1U);
  EXPECT_EQ(enforcer->holds(address("192.0.2.7")), true);
}

TEST_F(NftablesRestart, CutsARangeThatIsNoPrefixIntoPrefixes) {
  auto enforcer = make();
  ASSERT_TRUE(enforcer->prepare().has_value());
  ASSERT_EQ(run("nft add element inet ipguard route4 { 198.51.100.1-198.51.100.4 timeout 5m }").status, 0);
  const auto listed = enforcer->list(now_);
  ASSERT_TRUE(listed.has_value());
  EXPECT_EQ(listed->size(), 3U);
  EXPECT_EQ(elements("route4").size(), 3U);
  EXPECT_EQ(enforcer->apply({{(*listed)[1]}, {}}, now_).removed, 1U);
  EXPECT_EQ(enforcer->holds(address("198.51.100.1")), true);
  EXPECT_EQ(enforcer->holds(address("198.51.100.3")), false);
}

struct ForeignCommand {
  const char* name;
  const char* command;
};

class RestoresAfter : public KernelTest, public ::testing::WithParamInterface<ForeignCommand> {};

TEST_P(RestoresAfter, AtTheNextCheck) {
  auto enforcer = make();
  const std::vector<model::SetElement> bans = {element(Scope::address, "192.0.2.7", 600),
                                               element(Scope::route, "2001:db8::/48")};
  EXPECT_EQ(enforcer->apply({{}, bans}, now_).added, 2U);
  EXPECT_FALSE(enforcer->verify(now_)->any());
  ASSERT_EQ(run(GetParam().command).status, 0);
  EXPECT_EQ(enforcer->holds(address("192.0.2.7")), false);
  EXPECT_TRUE(enforcer->verify(now_ + Seconds(100))->table);
  EXPECT_EQ(enforcer->holds(address("192.0.2.7")), true);
  EXPECT_EQ(enforcer->holds(address("2001:db8::1")), true);
  EXPECT_FALSE(enforcer->verify(now_)->any());
  EXPECT_EQ(enforcer->enforced(), 2U);
}

TEST_P(RestoresAfter, AtTheNextBan) {
  auto enforcer = make();
  EXPECT_EQ(enforcer->apply({{}, {element(Scope::address, "192.0.2.7", 600)}}, now_).added, 1U);
  ASSERT_EQ(run(GetParam().command).status, 0);
  const auto report = enforcer->apply({{}, {element(Scope::address, "192.0.2.8", 600)}}, now_);
  EXPECT_EQ(report.added, 1U);
  EXPECT_TRUE(report.failures.empty());
  EXPECT_EQ(enforcer->holds(address("192.0.2.7")), true);
  EXPECT_EQ(enforcer->holds(address("192.0.2.8")), true);
}

INSTANTIATE_TEST_SUITE_P(
    Meddling, RestoresAfter,
    ::testing::Values(ForeignCommand{"FlushRuleset", "nft flush ruleset"},
                      ForeignCommand{"DeleteTable", "nft delete table inet ipguard"},
                      ForeignCommand{"FlushTable", "nft flush table inet ipguard"},
                      ForeignCommand{"FlushChain", "nft flush chain inet ipguard input"},
                      ForeignCommand{"Dormant", "nft add table inet ipguard '{ flags dormant; }'"},
                      ForeignCommand{
                          "Replaced",
                          "nft 'delete table inet ipguard; table inet ipguard { set address4 { type ipv4_addr; "
                          "flags timeout; gc-interval 1m; }; }'"}),
    [](const auto& chosen) { return chosen.param.name; });

TEST_F(NftablesRestart, OtherTablesAreNoReasonToRestore) {
  auto enforcer = make();
  EXPECT_EQ(enforcer->apply({{}, {element(Scope::address, "192.0.2.7")}}, now_).added, 1U);
  ASSERT_EQ(run("nft add table inet other").status, 0);
  EXPECT_FALSE(enforcer->verify(now_)->any());
  ASSERT_EQ(run("nft flush table inet other").status, 0);
  EXPECT_EQ(enforcer->holds(address("192.0.2.7")), true);
}

TEST_F(NftablesRestart, ATableOfAnotherShapeIsRefusedWithAReason) {
  for (const char* set : {"address4 { type ipv6_addr; flags timeout; }", "route4 { type ipv4_addr; flags timeout; }",
                          "address6 { type ipv6_addr; flags timeout,interval; }",
                          "asn4 { type ipv4_addr . inet_service; flags timeout,interval; }"}) {
    ASSERT_EQ(run("nft 'table inet ipguard { set " + std::string(set) + "; }'").status, 0) << set;
    const auto prepared = make()->prepare();
    ASSERT_FALSE(prepared.has_value()) << set;
    EXPECT_EQ(prepared.error().code, Errc::invalid);
    EXPECT_NE(prepared.error().message.find("nft delete table inet ipguard"), std::string::npos)
        << prepared.error().message;
    ASSERT_EQ(run("nft delete table inet ipguard").status, 0);
  }
}

TEST_F(NftablesRestart, RemoveAllDeletesTheTable) {
  auto enforcer = make();
  EXPECT_EQ(enforcer->apply({{}, {element(Scope::address, "192.0.2.7")}}, now_).added, 1U);
  ASSERT_TRUE(enforcer->remove_all().has_value());
  EXPECT_EQ(run("nft list ruleset").output, "");
  EXPECT_EQ(enforcer->enforced(), 0U);
  ASSERT_TRUE(enforcer->remove_all().has_value());
}

TEST_F(NftablesRestart, WithoutThePrivilegeEveryCallSaysSo) {
  const pid_t child = fork();
  ASSERT_GE(child, 0);
  if (child == 0) {
    constexpr uid_t nobody = 65534;
    if (setgid(nobody) != 0 || setuid(nobody) != 0) {
      _exit(2);
    }
    const std::string expected =
        "cannot change nftables: Operation not permitted (needs CAP_NET_ADMIN; --dry-run needs no privilege)";
    auto enforcer = make();
    const auto prepared = enforcer->prepare();
    const auto report = enforcer->apply({{}, {element(Scope::address, "192.0.2.7")}}, now_);
    const auto held = enforcer->holds(address("192.0.2.7"));
    const bool right = !prepared && prepared.error().code == Errc::permission && prepared.error().message == expected &&
                       report.added == 0 && report.failures.size() == 1 && report.failures[0].reason == expected &&
                       !report.failures[0].refused && !held && held.error().code == Errc::permission &&
                       !enforcer->remove_all() && !enforcer->list(now_) && !enforcer->counters();
    _exit(right ? 0 : 1);
  }
  int status = 0;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  EXPECT_TRUE(WIFEXITED(status));
  EXPECT_EQ(WEXITSTATUS(status), 0);
}

}  // namespace
}  // namespace ipguard::writer::testing
