// Connections that are there when the ban comes: their packets stop, and the kernel's table forgets them.
#include <fstream>

#include "../enforce/peer_namespace.h"
#include "kernel_fixture.h"
#include "writer/connection_ender.h"

namespace ipguard::writer::testing {
namespace {

using model::Scope;

class Connections : public KernelTest {
 protected:
  void SetUp() override {
    KernelTest::SetUp();
    if (IsSkipped()) {
      return;
    }
    // Tracking begins with the first rule that needs it.
    if (run("nft 'table inet tracking { chain c { type filter hook input priority 0; ct state invalid accept; }; }'")
                .status != 0 ||
        !std::ifstream("/proc/net/nf_conntrack")) {
      GTEST_SKIP() << "no connection tracking to be seen in /proc/net/nf_conntrack";
    }
    client_ = std::make_unique<enforce::testing::PeerNamespace>("ipga");
    ASSERT_TRUE(client_->ready());
    ASSERT_TRUE(client_->set_addresses("192.0.2.1/24", {"192.0.2.7/24", "192.0.2.8/24"}));
    ASSERT_TRUE(client_->set_addresses("2001:db8::1/64", {"2001:db8::7/64", "2001:db8::8/64"}));
    server4_ = enforce::testing::listen_on(address("192.0.2.1"), port);
    server6_ = enforce::testing::listen_on(address("2001:db8::1"), port);
    ASSERT_TRUE(server4_.valid() && server6_.valid());
  }

  // Entries that name `text`.
  static int tracked(const std::string& text) {
    std::ifstream table("/proc/net/nf_conntrack");
    int count = 0;
    for (std::string line; std::getline(table, line);) {
      count += line.find("src=" + text + " ") != std::string::npos ? 1 : 0;
    }
    return count;
  }
  static bool ends(const enforce::Enforcer& enforcer, uint64_t count) {
    for (int i = 0; i < 200 && enforcer.connections().ended < count; ++i) {
      poll(nullptr, 0, 50);
    }
    return enforcer.connections().ended == count;
  }

  std::unique_ptr<enforce::testing::PeerNamespace> client_;
  UniqueFd server4_;
  UniqueFd server6_;
};

// As /proc/net/nf_conntrack writes IPv6.
const char* const banned6 = "2001:0db8:0000:0000:0000:0000:0000:0007";
const char* const other6 = "2001:0db8:0000:0000:0000:0000:0000:0008";

TEST_F(Connections, OfTheBannedAreForgottenAndOfNobodyElse) {
  auto enforcer = make();
  ASSERT_TRUE(enforcer->prepare().has_value());
  ASSERT_TRUE(client_->stays_connected("192.0.2.7", "192.0.2.1", port));
  ASSERT_TRUE(client_->stays_connected("192.0.2.7", "192.0.2.1", port));
  ASSERT_TRUE(client_->stays_connected("192.0.2.8", "192.0.2.1", port));
  ASSERT_TRUE(client_->stays_connected("2001:db8::7", "2001:db8::1", port));
  ASSERT_TRUE(client_->stays_connected("2001:db8::8", "2001:db8::1", port));
  ASSERT_EQ(tracked("192.0.2.7"), 2);
  ASSERT_EQ(tracked(banned6), 1);
  EXPECT_EQ(
      enforcer->apply({{}, {element(Scope::address, "192.0.2.7", 600), element(Scope::route, "2001:db8::7/128")}}, now_)
          .added,
      2U);
  EXPECT_TRUE(ends(*enforcer, 3)) << enforcer->connections().ended << enforcer->connections().problem;
  EXPECT_EQ(tracked("192.0.2.7"), 0);
  EXPECT_EQ(tracked(banned6), 0);
  EXPECT_EQ(tracked("192.0.2.8"), 1);
  EXPECT_EQ(tracked(other6), 1);
  EXPECT_EQ(enforcer->connections().problem, "");
  // A renewed ban is no new one: nothing is looked for.
  EXPECT_EQ(enforcer->apply({{}, {element(Scope::address, "192.0.2.7", 900)}}, now_).added, 1U);
}

TEST_F(Connections, ThatWeBeganToTheBannedAreForgottenToo) {
  ASSERT_TRUE(client_->listens("192.0.2.7", port));
  const UniqueFd ours = enforce::testing::connect_to(address("192.0.2.1"), address("192.0.2.7"), port, 10000);
  ASSERT_TRUE(ours.valid());
  ASSERT_EQ(tracked("192.0.2.1"), 1);
  auto socket = enforce::NetlinkSocket::open(12);  // NETLINK_NETFILTER
  ASSERT_TRUE(socket.has_value());
  EXPECT_EQ(end_connections(*socket, {prefix("203.0.113.0/24"), prefix("2001:db8::/32")}), uint64_t{0});
  EXPECT_EQ(end_connections(*socket, {prefix("192.0.2.6/31")}), uint64_t{1});
  EXPECT_EQ(tracked("192.0.2.1"), 0);
  EXPECT_EQ(end_connections(*socket, {prefix("192.0.2.6/31")}), uint64_t{0});
}

TEST_F(Connections, StayInTheTableIfConfiguredSo) {
  config::EnforceConfig config;
  config.end_connections = false;
  auto enforcer = make(config);
  ASSERT_TRUE(enforcer->prepare().has_value());
  ASSERT_TRUE(client_->stays_connected("192.0.2.7", "192.0.2.1", port));
  EXPECT_EQ(enforcer->apply({{}, {element(Scope::address, "192.0.2.7", 600)}}, now_).added, 1U);
  EXPECT_EQ(tracked("192.0.2.7"), 1);
  EXPECT_EQ(enforcer->connections().ended, 0U);
}

TEST_F(Connections, MoreThanMayWaitAreCountedAsSkipped) {
  ConnectionEnder ender;
  std::vector<model::SetElement> banned;
  banned.reserve(ConnectionEnder::most_waiting + 10);
  for (uint32_t i = 0; i < ConnectionEnder::most_waiting + 10; ++i) {
    banned.push_back({Scope::address, net::Prefix(net::Address::from_ipv4(0x0b000000 + i)), std::nullopt});
  }
  ender.end(banned);
  EXPECT_EQ(ender.counters().skipped, 10U);
}

}  // namespace
}  // namespace ipguard::writer::testing
