#include "enforce/protection.h"

#include <poll.h>

#include <algorithm>

#include "enforce/host_network.h"
#include "network_namespace.h"
#include "support/temp_folder.h"

namespace ipguard::enforce::testing {
namespace {

std::vector<std::string> texts(const std::vector<net::Address>& addresses) {
  std::vector<std::string> result;
  for (const auto& address : addresses) {
    result.push_back(address.to_string());
  }
  return result;
}

TEST(ResolvConf, YieldsItsNameservers) {
  const struct {
    std::string text;
    std::vector<std::string> expected;
  } cases[] = {
      {"", {}},
      {"nameserver 192.0.2.53\n", {"192.0.2.53"}},
      {"# nameserver 192.0.2.1\n;nameserver 192.0.2.2\nnameserver\t2001:db8::53", {"2001:db8::53"}},
      {"  nameserver 192.0.2.53 # ours\r\nsearch example.org\n", {"192.0.2.53"}},
      {"nameserver fe80::1%eth0\nnameserver ::ffff:192.0.2.53\n", {"fe80::1", "192.0.2.53"}},
      {"nameserver192.0.2.1\nnameserver example.org\nnameserver 192.0.2.300\nnameserver\n", {}},
      {std::string("nameserver 192.0.2.53\0\nnameserver 192.0.2.54", 44), {"192.0.2.54"}},
  };
  for (const auto& test : cases) {
    EXPECT_EQ(texts(parse_resolv_conf(test.text)), test.expected) << test.text;
  }
}

TEST(ResolvConf, IsBounded) {
  std::string text;
  for (int i = 0; i < 1000; ++i) {
    text += "nameserver 192.0.2." + std::to_string(i % 256) + "\n";
  }
  EXPECT_EQ(parse_resolv_conf(text).size(), 64U);
}

class ProtectionTest : public ::testing::Test {
 protected:
  static net::Prefix prefix(std::string_view text) { return net::Prefix::parse(text).value(); }
  static config::ProtectConfig nothing() {
    config::ProtectConfig config;
    config.own_addresses = config.gateways = config.resolvers = config.ssh_sessions = false;
    return config;
  }
};

TEST_F(ProtectionTest, RefusesOnEveryHost) {
  Protection protection(nothing(), {prefix("203.0.113.0/28"), prefix("2001:db8:5::7")});
  const struct {
    const char* prefix;
    std::optional<std::string> refusal;
  } cases[] = {
      {"127.0.0.1", "loopback (127.0.0.0/8)"},
      {"::1", "loopback (::1)"},
      {"fe80::1", "link-local addresses (neighbour discovery) (fe80::/10)"},
      {"224.0.0.1", "multicast (224.0.0.0/4)"},
      {"ff02::/16", "wider than the widest allowed, /19"},
      {"255.255.255.255", "broadcast (255.255.255.255)"},
      {"0.0.0.0", "the unspecified address (0.0.0.0)"},
      {"126.0.0.0/7", "wider than the widest allowed, /8"},
      {"203.0.113.3", "allowlist (203.0.113.0/28)"},
      {"203.0.113.0/28", "allowlist (203.0.113.0/28)"},
      {"203.0.0.0/16", "allowlist (203.0.113.0/28)"},
      {"2001:db8:5::/48", "allowlist (2001:db8:5::7)"},
      {"203.0.113.16", std::nullopt},
      {"2001:db8:6::/48", std::nullopt},
      {"198.0.0.0/8", std::nullopt},
  };
  std::vector<net::Prefix> all;
  for (const auto& test : cases) {
    all.push_back(prefix(test.prefix));
    EXPECT_EQ(protection.refusal(prefix(test.prefix)), test.refusal) << test.prefix;
  }
  const auto refusals = protection.refusals(all);
  for (size_t i = 0; i < all.size(); ++i) {
    EXPECT_EQ(refusals[i], cases[i].refusal) << cases[i].prefix;
  }
}

TEST_F(ProtectionTest, SparesTheProxiesInFrontOfThisHost) {
  config::ProtectConfig config = nothing();
  config.proxies = {prefix("198.51.100.0/24"), prefix("2001:db8:7::/48")};
  Protection protection(config, {});
  EXPECT_EQ(protection.refusal(prefix("198.51.100.9")), "CDN or reverse proxy (198.51.100.0/24)");
  EXPECT_EQ(protection.refusal(prefix("2001:db8::/32")), "CDN or reverse proxy (2001:db8:7::/48)");
  EXPECT_EQ(protection.refusal(prefix("198.51.101.9")), std::nullopt);
  const auto holes = protection.holes();
  EXPECT_TRUE(std::ranges::any_of(holes, [&](const auto& hole) { return hole.prefix == config.proxies[0]; }));
}

TEST_F(ProtectionTest, ResolversComeFromEveryFileAndLeaveWithThem) {
  const TempFolder tree;
  config::ProtectConfig config = nothing();
  config.resolvers = true;
  HostPaths paths;
  paths.resolvers = {tree.write("resolv.conf", "nameserver 192.0.2.53\n"), tree / "missing",
                     tree.write("upstream.conf", "nameserver 2001:db8::53\n")};
  Protection protection(config, {}, paths);
  EXPECT_EQ(protection.refusal(prefix("192.0.2.0/24")), "resolver of " + tree / "resolv.conf" + " (192.0.2.53)");
  EXPECT_EQ(protection.refusal(prefix("2001:db8::/48")), "resolver of " + tree / "upstream.conf" + " (2001:db8::53)");
  tree.write("resolv.conf", "nameserver 198.51.100.53\n");
  protection.refresh();
  EXPECT_EQ(protection.refusal(prefix("192.0.2.0/24")), std::nullopt);
  EXPECT_TRUE(protection.refusal(prefix("198.51.100.53")).has_value());
}

TEST_F(ProtectionTest, ANewResolverIsProtectedAtTheNextQuestion) {
  const TempFolder tree;
  config::ProtectConfig config = nothing();
  config.resolvers = true;
  HostPaths paths;
  paths.resolvers = {tree / "resolv.conf"};
  Protection protection(config, {}, paths);
  EXPECT_EQ(protection.refusal(prefix("192.0.2.53")), std::nullopt);
  const auto version = protection.version();
  tree.write("resolv.conf", "nameserver 192.0.2.53\n");  // appears
  EXPECT_TRUE(protection.refusal(prefix("192.0.2.53")).has_value());
  EXPECT_NE(protection.version(), version);
  tree.write("new.conf", "nameserver 192.0.2.54\n");  // replaced, of the same size
  std::filesystem::rename(tree / "new.conf", tree / "resolv.conf");
  EXPECT_TRUE(protection.refusal(prefix("192.0.2.54")).has_value());
  EXPECT_EQ(protection.refusal(prefix("192.0.2.53")), std::nullopt);
  const auto settled = protection.version();
  protection.check_files();
  protection.refresh();
  EXPECT_EQ(protection.version(), settled) << "nothing changed";
  std::filesystem::remove(tree / "resolv.conf");
  EXPECT_EQ(protection.refusal(prefix("192.0.2.54")), std::nullopt);
}

TEST_F(ProtectionTest, HolesNameEverythingToCutOut) {
  Protection protection(nothing(), {prefix("203.0.113.0/28")});
  std::vector<std::string> holes;
  for (const auto& hole : protection.holes()) {
    holes.push_back(hole.prefix.to_string() + " " + hole.reason);
  }
  EXPECT_NE(std::ranges::find(holes, "203.0.113.0/28 allowlist"), holes.end());
  EXPECT_NE(std::ranges::find(holes, "127.0.0.0/8 loopback"), holes.end());
  EXPECT_NE(std::ranges::find(holes, "::1/128 loopback"), holes.end());
}

class ProtectionInNamespace : public NamespaceTest {
 protected:
  static bool readable(int fd) {
    pollfd ready{fd, POLLIN, 0};
    return poll(&ready, 1, 0) == 1;
  }
};

TEST_F(ProtectionInNamespace, OwnAddressesAndGatewaysFollowTheHost) {
  config::ProtectConfig config = unprotected();
  config.own_addresses = true;
  config.gateways = true;
  Protection protection(config, {});
  EXPECT_EQ(protection.refusal(prefix("192.0.2.0/24")), std::nullopt);
  ASSERT_EQ(run("ip link add eth9 type veth peer name eth8 && ip link set eth9 up && ip link set eth8 up").status, 0);
  ASSERT_EQ(run("ip address add 192.0.2.10/24 dev eth9 && ip -6 address add 2001:db8::10/64 dev eth9 nodad").status, 0);
  ASSERT_EQ(run("ip route add default via 192.0.2.1 && ip -6 route add default via 2001:db8::1 dev eth9").status, 0);
  ASSERT_EQ(run("ip route add default table 77 nexthop via 192.0.2.2 nexthop via 192.0.2.3").status, 0);
  ASSERT_GE(protection.notification_fd(), 0);
  EXPECT_TRUE(readable(protection.notification_fd()));
  protection.on_notification();
  EXPECT_FALSE(readable(protection.notification_fd()));
  EXPECT_EQ(protection.refusal(prefix("192.0.2.10")), "own address on eth9 (192.0.2.10)");
  EXPECT_EQ(protection.refusal(prefix("2001:db8::10")), "own address on eth9 (2001:db8::10)");
  EXPECT_EQ(protection.refusal(prefix("192.0.2.1")), "default gateway (192.0.2.1)");
  EXPECT_EQ(protection.refusal(prefix("192.0.2.2")), "default gateway (192.0.2.2)");
  EXPECT_EQ(protection.refusal(prefix("192.0.2.3")), "default gateway (192.0.2.3)");
  EXPECT_EQ(protection.refusal(prefix("2001:db8::1")), "default gateway (2001:db8::1)");
  EXPECT_EQ(protection.refusal(prefix("192.0.2.4")), std::nullopt);

  ASSERT_EQ(run("ip address del 192.0.2.10/24 dev eth9").status, 0);  // takes the routes along
  protection.on_notification();
  EXPECT_EQ(protection.refusal(prefix("192.0.2.0/24")), std::nullopt);
}

TEST_F(ProtectionInNamespace, SwitchedOffItSparesOnlyWhatIsAlwaysSpared) {
  ASSERT_EQ(run("ip address add 192.0.2.10/32 dev lo").status, 0);
  Protection protection(unprotected(), {});
  EXPECT_EQ(protection.refusal(prefix("192.0.2.10")), std::nullopt);
  EXPECT_EQ(protection.holes().size(), always_protected().size());
}

}  // namespace
}  // namespace ipguard::enforce::testing
