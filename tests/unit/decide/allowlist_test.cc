#include "decide/allowlist.h"

#include <gtest/gtest.h>

#include "world.h"

namespace ipguard::decide {
namespace {

using test::address;
using test::country;
using test::prefix;
using test::World;

Allowlist make() {
  return Allowlist({.prefixes = {prefix("192.0.2.16/28"), prefix("192.0.2.0/24"), prefix("2001:db8:1::/64")},
                    .asns = {net::Asn{64501}, net::Asn{64500}},
                    .countries = {country("NL"), country("AT")}});
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

TEST(Allowlist, FindsAllowedPartsOfAPrefix) {
  const struct {
    const char* about;
    config::AllowConfig config;
    std::vector<std::string> parts;
  } cases[] = {
      {"a country", {.prefixes = {}, .asns = {}, .countries = {country("AT")}}, {"192.0.2.192/26"}},
      {"an AS",
       {.prefixes = {}, .asns = {net::Asn{64500}}, .countries = {}},
       {"192.0.2.0/26", "192.0.2.64/26", "192.0.2.128/26", "192.0.2.192/26"}},
      {"none of them", {.prefixes = {}, .asns = {}, .countries = {country("CH")}}, {}},
  };
  for (const auto& c : cases) {
    const auto found = Allowlist(c.config).allowed_parts(prefix("192.0.2.0/24"), &World::parts_where);
    ASSERT_TRUE(found) << c.about;
    EXPECT_EQ(test::texts(*found), c.parts) << c.about;
  }
}

TEST(Allowlist, RefusesToGuessWhenTheDatabaseCannotTell) {
  const Allowlist list({.prefixes = {}, .asns = {}, .countries = {country("AT")}});
  const PartsWhere damaged = [](const net::Prefix&, const auto&) -> Result<std::vector<net::Prefix>> {
    return fail(Errc::corrupt, "the search tree is damaged");
  };
  const auto found = list.allowed_parts(prefix("192.0.2.0/24"), damaged);
  ASSERT_FALSE(found);
  EXPECT_EQ(found.error().message, "the search tree is damaged");
}

TEST(Allowlist, AsksNothingWhenOnlyPrefixesAreAllowed) {
  const Allowlist list({.prefixes = {prefix("192.0.2.0/24")}, .asns = {}, .countries = {}});
  EXPECT_FALSE(list.needs_routes());
  EXPECT_TRUE(list.allowed_parts(prefix("192.0.2.0/24"), nullptr));
}

}  // namespace
}  // namespace ipguard::decide
