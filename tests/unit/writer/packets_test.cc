// Real packets between namespaces: what is banned does not get through, what is not does.
#include <fstream>

#include "../enforce/peer_namespace.h"
#include "enforce/nft_sets.h"
#include "kernel_fixture.h"

namespace ipguard::writer::testing {
namespace {

using model::Scope;

class Packets : public KernelTest {};

TEST_F(Packets, ABannedAddressIsDroppedUntilTheBanIsLifted) {
  enforce::testing::PeerNamespace client("ipga");
  ASSERT_TRUE(client.ready());
  ASSERT_TRUE(client.set_addresses("192.0.2.1/24", {"192.0.2.7/24", "192.0.2.8/24"}));
  const UniqueFd server = enforce::testing::listen_on(address("192.0.2.1"), port);
  ASSERT_TRUE(server.valid());
  auto enforcer = make();
  ASSERT_TRUE(enforcer->prepare().has_value());
  EXPECT_TRUE(client.connects("192.0.2.7", "192.0.2.1", port, 10000));

  EXPECT_EQ(enforcer->apply({{}, {element(Scope::address, "192.0.2.7", 600)}}, now_).added, 1U);
  EXPECT_FALSE(client.connects("192.0.2.7", "192.0.2.1", port));
  EXPECT_TRUE(client.connects("192.0.2.8", "192.0.2.1", port, 10000));
  const auto counters = enforcer->counters();
  ASSERT_TRUE(counters.has_value());
  EXPECT_GE((*counters)[0].packets, 1U);
  EXPECT_GE((*counters)[0].bytes, 40U);
  EXPECT_EQ((*counters)[1].packets, 0U);

  EXPECT_EQ(enforcer->apply({{element(Scope::address, "192.0.2.7")}, {}}, now_).removed, 1U);
  EXPECT_TRUE(client.connects("192.0.2.7", "192.0.2.1", port, 10000));
}

TEST_F(Packets, ARouteBanHitsEveryAddressOfItAndNoOther) {
  enforce::testing::PeerNamespace client("ipga");
  ASSERT_TRUE(client.ready());
  ASSERT_TRUE(client.set_addresses("192.0.2.1/24", {"192.0.2.64/24", "192.0.2.127/24", "192.0.2.128/24"}));
  ASSERT_TRUE(client.set_addresses("2001:db8::1/64", {"2001:db8::64/64", "2001:db8::1:64/64"}));
  const UniqueFd server4 = enforce::testing::listen_on(address("192.0.2.1"), port);
  const UniqueFd server6 = enforce::testing::listen_on(address("2001:db8::1"), port);
  ASSERT_TRUE(server4.valid() && server6.valid());
  config::EnforceConfig config;
  config.hook = config::Hook::prerouting;
  auto enforcer = make(config);
  const auto report = enforcer->apply(
      {{}, {element(Scope::route, "192.0.2.64/26", 600), element(Scope::asn, "2001:db8::1:0/112", 600)}}, now_);
  EXPECT_EQ(report.added, 2U);
  EXPECT_FALSE(client.connects("192.0.2.64", "192.0.2.1", port));
  EXPECT_FALSE(client.connects("192.0.2.127", "192.0.2.1", port));
  EXPECT_TRUE(client.connects("192.0.2.128", "192.0.2.1", port, 10000));
  EXPECT_FALSE(client.connects("2001:db8::1:64", "2001:db8::1", port));
  EXPECT_TRUE(client.connects("2001:db8::64", "2001:db8::1", port, 10000));
  const auto counters = enforcer->counters();
  ASSERT_TRUE(counters.has_value());
  for (size_t i = 0; i < counters->size(); ++i) {  // each set has its own
    const bool route4 = i == enforce::set_index(Scope::route, net::Family::ipv4);
    const bool asn6 = i == enforce::set_index(Scope::asn, net::Family::ipv6);
    EXPECT_GE((*counters)[i].packets, route4 ? 2U : asn6 ? 1U : 0U) << i;
    EXPECT_EQ((*counters)[i].packets > 0, route4 || asn6) << i;
  }
}

TEST_F(Packets, TrafficToContainersBehindThisHostIsDroppedToo) {
  enforce::testing::PeerNamespace client("ipga");
  enforce::testing::PeerNamespace container("ipgb");
  ASSERT_TRUE(client.ready() && container.ready());
  ASSERT_TRUE(client.set_addresses("192.0.2.1/24", {"192.0.2.7/24", "192.0.2.8/24"}));
  ASSERT_TRUE(container.set_addresses("198.51.100.1/24", {"198.51.100.2/24"}));
  ASSERT_TRUE(client.command("ip route add default via 192.0.2.1"));
  ASSERT_TRUE(container.command("ip route add default via 198.51.100.1"));
  std::ofstream("/proc/sys/net/ipv4/ip_forward") << "1\n";
  ASSERT_TRUE(container.listens("198.51.100.2", port));
  auto enforcer = make();
  EXPECT_EQ(enforcer->apply({{}, {element(Scope::address, "192.0.2.7", 600)}}, now_).added, 1U);
  EXPECT_FALSE(client.connects("192.0.2.7", "198.51.100.2", port));
  EXPECT_TRUE(client.connects("192.0.2.8", "198.51.100.2", port, 10000));
}

struct HookCase {
  const char* name;
  config::Hook hook;
  bool to_host;       // blocked
  bool to_container;  // blocked
};

class HookChoice : public KernelTest, public ::testing::WithParamInterface<HookCase> {};

TEST_P(HookChoice, DecidesWhichPacketsAreDropped) {
  enforce::testing::PeerNamespace client("ipga");
  enforce::testing::PeerNamespace container("ipgb");
  ASSERT_TRUE(client.ready() && container.ready());
  ASSERT_TRUE(client.set_addresses("192.0.2.1/24", {"192.0.2.7/24"}));
  ASSERT_TRUE(container.set_addresses("198.51.100.1/24", {"198.51.100.2/24"}));
  ASSERT_TRUE(client.command("ip route add default via 192.0.2.1"));
  ASSERT_TRUE(container.command("ip route add default via 198.51.100.1"));
  std::ofstream("/proc/sys/net/ipv4/ip_forward") << "1\n";
  ASSERT_TRUE(container.listens("198.51.100.2", port));
  const UniqueFd server = enforce::testing::listen_on(address("192.0.2.1"), port);
  ASSERT_TRUE(server.valid());
  // A published port, as container engines have it: to an address of the host, and on to the container.
  ASSERT_EQ(run("nft 'table ip nat { chain pre { type nat hook prerouting priority dstnat; "
                "tcp dport 9090 dnat to 198.51.100.2:8080; }; }'")
                .status,
            0);
  config::EnforceConfig config;
  config.hook = GetParam().hook;
  auto enforcer = make(config);
  ASSERT_TRUE(enforcer->prepare().has_value());
  EXPECT_TRUE(client.connects("192.0.2.7", "192.0.2.1", port, 10000));
  EXPECT_TRUE(client.connects("192.0.2.7", "192.0.2.1", 9090, 10000));
  EXPECT_EQ(enforcer->apply({{}, {element(Scope::address, "192.0.2.7", 600)}}, now_).added, 1U);
  EXPECT_EQ(client.connects("192.0.2.7", "192.0.2.1", port), !GetParam().to_host);
  EXPECT_EQ(client.connects("192.0.2.7", "192.0.2.1", 9090), !GetParam().to_container);
}

INSTANTIATE_TEST_SUITE_P(Hooks, HookChoice,
                         ::testing::Values(HookCase{"InputAndForward", config::Hook::input_and_forward, true, true},
                                           HookCase{"Input", config::Hook::input, true, false},
                                           HookCase{"Forward", config::Hook::forward, false, true},
                                           HookCase{"Prerouting", config::Hook::prerouting, true, true}),
                         [](const auto& chosen) { return chosen.param.name; });

TEST_F(Packets, RejectingTellsTheBannedAtOnce) {
  for (const auto hook : {config::Hook::input_and_forward, config::Hook::prerouting}) {
    enforce::testing::PeerNamespace client("ipga");
    ASSERT_TRUE(client.ready());
    ASSERT_TRUE(client.set_addresses("192.0.2.1/24", {"192.0.2.7/24"}));
    ASSERT_TRUE(client.set_addresses("2001:db8::1/64", {"2001:db8::7/64"}));
    // Not a neighbour: its neighbour discovery would be refused as well.
    ASSERT_TRUE(client.command("ip address add 2001:db8:1::7/128 dev lo"));
    ASSERT_EQ(run("ip route add 2001:db8:1::7/128 via 2001:db8::7").status, 0);
    const UniqueFd server4 = enforce::testing::listen_on(address("192.0.2.1"), port);
    const UniqueFd server6 = enforce::testing::listen_on(address("2001:db8::1"), port);
    ASSERT_TRUE(server4.valid() && server6.valid());
    config::EnforceConfig config;
    config.hook = hook;
    auto enforcer = make(config);
    const std::vector<model::SetElement> bans = {element(Scope::address, "192.0.2.7", 600),
                                                 element(Scope::route, "2001:db8:1::/48", 600)};
    EXPECT_EQ(enforcer->apply({{}, bans}, now_).added, 2U);
    EXPECT_EQ(client.error_of("192.0.2.7", "192.0.2.1", port), ETIMEDOUT);
    config.action = config::Verdict::reject;
    enforcer = make(config);
    ASSERT_TRUE(enforcer->prepare().has_value());
    EXPECT_EQ(client.error_of("192.0.2.7", "192.0.2.1", port, 10000), ECONNREFUSED);
    EXPECT_EQ(client.error_of("2001:db8:1::7", "2001:db8::1", port, 10000), ECONNREFUSED);
    EXPECT_EQ(client.udp_error_of("192.0.2.7", "192.0.2.1", port), EHOSTUNREACH);  // ICMP: prohibited
    // And back again.
    enforcer = make();
    ASSERT_TRUE(enforcer->prepare().has_value());
    EXPECT_EQ(client.error_of("192.0.2.7", "192.0.2.1", port), ETIMEDOUT);
    ASSERT_TRUE(enforcer->remove_all().has_value());
  }
}

TEST_F(Packets, LoopbackIsNeverDropped) {
  auto enforcer = make();
  ASSERT_TRUE(enforcer->prepare().has_value());
  // Past the protection check: even an element that an administrator added by hand.
  ASSERT_EQ(run("nft add element inet ipguard route4 { 127.0.0.0/8 }").status, 0);
  const UniqueFd server = enforce::testing::listen_on(address("127.0.0.1"), port);
  ASSERT_TRUE(server.valid());
  EXPECT_TRUE(enforce::testing::connect_to(address("127.0.0.2"), address("127.0.0.1"), port, 10000).valid());
}

}  // namespace
}  // namespace ipguard::writer::testing
