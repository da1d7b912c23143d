#include "decide/allowlist.h"

#include <gtest/gtest.h>

#include "world.h"

namespace ipguard::decide {
namespace {

using test::address;
using test::prefix;
using test::World;

Allowlist make() {
  return Allowlist({.prefixes = {prefix("192.0.2.16/28"), prefix("192.0.2.0/24"), prefix("2001:db8:1::/64")},
                    .asns = {net::Asn{64501}, net::Asn{64500}},
                    .countries = {"NL", "AT"}});
}

TEST(Allowlist, NamesTheNarrowestPrefixThatCoversAnAddress) {
  const struct {
    std::string_view address;
    std::optional<std::string> reason;
  } cases[] = {
      {"192.0.2.17", "allowlist: prefix 192.0.2.16/28"},
      {"192.0.2.1", "allowlist: prefix 192.0.2.0/24"},
      {"198.51.100.1", std::nullopt},
      {"2001:db8:1::5", "allowlist: prefix 2001:db8:1::/64"},
      {"2001:db8:1:1::5", std::nullopt},
      {"::ffff:192.0.2.1", "allowlist: prefix 192.0.2.0/24"},
  };
  const auto list = make();
  for (const auto& c : cases) {
    EXPECT_EQ(list.reason(address(c.address)), c.reason) << c.address;
    EXPECT_EQ(list.covers(address(c.address)), c.reason.has_value()) << c.address;
  }
}

TEST(Allowlist, KnowsRoutesByAsAndCountry) {
  const auto list = make();
  EXPECT_EQ(list.reason(World::route(address("198.51.100.1"))), "allowlist: AS64501");
  EXPECT_EQ(list.reason(World::route(address("203.0.113.1"))), "allowlist: country NL");
  EXPECT_EQ(list.reason(World::route(address("203.0.113.200"))), std::nullopt);  // no data: no country either
  EXPECT_EQ(list.reason(net::Asn{64502}), std::nullopt);
}

TEST(Allowlist, FindsAllowedRoutesInsideAPrefix) {
  const Allowlist list({.prefixes = {}, .asns = {}, .countries = {"AT"}});
  size_t steps = 100;
  const auto found = list.allowed_routes(prefix("192.0.2.0/24"), &World::route, steps);
  ASSERT_TRUE(found);
  EXPECT_EQ(test::texts(*found), std::vector<std::string>{"192.0.2.192/26"});
  EXPECT_EQ(steps, 96U);
}

TEST(Allowlist, RefusesToGuessWhenThereAreTooManyRoutes) {
  const Allowlist list({.prefixes = {}, .asns = {}, .countries = {"AT"}});
  size_t steps = 3;
  const auto found = list.allowed_routes(prefix("192.0.2.0/24"), &World::route, steps);
  ASSERT_FALSE(found);
  EXPECT_EQ(found.error().code, Errc::invalid);
}

TEST(Allowlist, WalksOnWhenTheDatabaseAnswersBesideTheAddress) {
  const Allowlist list({.prefixes = {}, .asns = {}, .countries = {"AT"}});
  size_t steps = 4;
  const auto astray = [](const net::Address&) { return World::route(address("198.51.100.1")); };
  const auto found = list.allowed_routes(prefix("192.0.2.0/30"), astray, steps);
  ASSERT_TRUE(found);
  EXPECT_EQ(steps, 0U);
}

TEST(Allowlist, EndsAtTheLastAddressOfTheFamily) {
  const Allowlist list({.prefixes = {}, .asns = {}, .countries = {"AT"}});
  size_t steps = 10;
  EXPECT_TRUE(list.allowed_routes(prefix("255.255.255.0/24"), &World::route, steps));
  EXPECT_EQ(steps, 8U);
}

TEST(Allowlist, AsksNothingWhenOnlyPrefixesAreAllowed) {
  const Allowlist list({.prefixes = {prefix("192.0.2.0/24")}, .asns = {}, .countries = {}});
  size_t steps = 0;
  EXPECT_FALSE(list.needs_routes());
  EXPECT_TRUE(list.allowed_routes(prefix("192.0.2.0/24"), &World::route, steps));
}

}  // namespace
}  // namespace ipguard::decide
