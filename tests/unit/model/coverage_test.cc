#include "model/coverage.h"

#include <gtest/gtest.h>

#include <limits>

namespace ipguard::model {
namespace {

constexpr uint64_t most = std::numeric_limits<uint64_t>::max();

TEST(Coverage, CountsAddressesAndSites) {
  const struct {
    std::vector<const char*> prefixes;
    Coverage covered;
    const char* text;
  } cases[] = {
      {{}, {0, 0}, "nothing"},
      {{"192.0.2.1"}, {1, 0}, "1 IPv4 address"},
      {{"192.0.2.0/24"}, {256, 0}, "256 IPv4 addresses"},
      {{"10.0.0.0/8"}, {1U << 24U, 0}, "16,777,216 IPv4 addresses"},
      {{"0.0.0.0/0"}, {1ULL << 32U, 0}, "4,294,967,296 IPv4 addresses"},
      {{"2001:db8::/64"}, {0, 1}, "1 IPv6 /64 network"},
      {{"2001:db8::1"}, {0, 1}, "1 IPv6 /64 network"},
      {{"2001:db8::1", "2001:db8::4000:0:0:0/66"}, {0, 1}, "1 IPv6 /64 network"},
      {{"2001:db8::1", "2001:db8:0:1::1"}, {0, 2}, "2 IPv6 /64 networks"},
      {{"2001:db8::/32"}, {0, 1ULL << 32U}, "4,294,967,296 IPv6 /64 networks"},
      {{"::/0"}, {0, most}, "18,446,744,073,709,551,615 IPv6 /64 networks"},
      {{"8000::/1", "::/1"}, {0, most}, "18,446,744,073,709,551,615 IPv6 /64 networks"},
      {{"192.0.2.0/24", "2001:db8::/48"}, {256, 65'536}, "256 IPv4 addresses and 65,536 IPv6 /64 networks"},
  };
  for (const auto& c : cases) {
    std::vector<net::Prefix> prefixes;
    for (const auto* text : c.prefixes) {
      prefixes.push_back(net::Prefix::parse(text).value());
    }
    EXPECT_EQ(Coverage::of(prefixes), c.covered) << c.text;
    EXPECT_EQ(c.covered.to_string(), c.text);
  }
}

}  // namespace
}  // namespace ipguard::model
