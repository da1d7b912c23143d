#include "daemon/enforceable.h"

#include <gtest/gtest.h>

#include <string>

namespace ipguard::daemon {
namespace {

constexpr enrich::Knowledge everything{.asn = true, .country = true, .anything = true};
constexpr enrich::Knowledge only_asn{.asn = true, .country = false, .anything = true};
constexpr enrich::Knowledge only_country{.asn = false, .country = true, .anything = true};

model::Rule rule_of(model::Scope scope = model::Scope::address) {
  model::Rule rule;
  rule.id = "web/probe";
  rule.scope = scope;
  rule.location = {.file = "rules.toml", .line = 7, .column = 1};
  return rule;
}

model::Rule rule_with(std::optional<uint32_t> route_addresses, std::optional<uint32_t> asn_routes) {
  auto result = rule_of();
  result.route_addresses = route_addresses;
  result.asn_routes = asn_routes;
  return result;
}

struct Case {
  const char* about;
  const char* toml;
  std::vector<model::Rule> rules;
  enrich::Knowledge known;
  const char* place;    // of the only problem; nullptr: there is none
  const char* message;  // part of it
  bool error;
  uint32_t routes;  // [ladder.asn] routes afterwards
};

TEST(Enforceable, SaysWhatCannotComeTrue) {
  const std::vector<Case> cases = {
      {"all is well",
       "[allow]\nasns = [64500]\ncountries = [\"CH\"]\n[ladder.asn]\nroutes = 2\n",
       {rule_of(model::Scope::asn)},
       everything,
       nullptr,
       "",
       false,
       2},
      {"countries without countries",
       "[allow]\ncountries = [\"CH\"]\n",
       {rule_of()},
       only_asn,
       "c.toml:2:13",
       "countries: the databases know no country",
       true,
       3},
      {"AS without AS",
       "[allow]\nasns = [64500]\n[ladder.asn]\nroutes = 0\n",
       {rule_of()},
       only_country,
       "c.toml:2:8",
       "asns: the databases know no AS",
       true,
       0},
      {"an AS ladder without AS",
       "[ladder.asn]\nroutes = 2\n",
       {rule_of()},
       only_country,
       "c.toml:2:10",
       "routes: the databases know no AS",
       true,
       2},
      {"the default gives way",
       "",
       {rule_of()},
       only_country,
       "c.toml",
       "[ladder.asn] routes = 0 instead of 3: the databases know no AS",
       false,
       0},
      {"an AS ladder behind a route ladder that is off",
       "[ladder.route]\naddresses = 0\n[ladder.asn]\nroutes = 3\n",
       {rule_of()},
       everything,
       "c.toml:4:10",
       "no AS is ever banned, because no route is",
       true,
       3},
      {"the same by default",
       "[ladder.route]\naddresses = 0\n",
       {rule_of()},
       everything,
       "c.toml",
       "[ladder.asn] routes = 0 instead of 3",
       false,
       0},
      {"a rule leads there",
       "[ladder.route]\naddresses = 0\n[ladder.asn]\nroutes = 3\n",
       {rule_of(), rule_of(model::Scope::route)},
       everything,
       nullptr,
       "",
       false,
       3},
      {"a rule's own ladder leads there",
       "[ladder.route]\naddresses = 0\n[ladder.asn]\nroutes = 3\n",
       {rule_with(2, std::nullopt)},
       everything,
       nullptr,
       "",
       false,
       3},
      {"a rule of AS scope without AS",
       "[ladder.asn]\nroutes = 0\n",
       {rule_of(model::Scope::asn)},
       only_country,
       "rules.toml:7:1",
       "has scope \"asn\", but the databases know no AS",
       true,
       0},
      {"a rule's AS ladder without AS",
       "[ladder.asn]\nroutes = 0\n",
       {rule_with(std::nullopt, 2)},
       only_country,
       "rules.toml:7:1",
       "bans an AS by its routes, but the databases know no AS",
       true,
       0},
      {"a rule's AS ladder without routes",
       "[ladder.asn]\nroutes = 0\n",
       {rule_with(0, 2)},
       everything,
       "rules.toml:7:1",
       "never bans a route",
       true,
       0},
      {"no rules at all",
       "[ladder.route]\naddresses = 0\n[ladder.asn]\nroutes = 3\n",
       {},
       everything,
       nullptr,
       "",
       false,
       3},
  };
  for (const auto& c : cases) {
    config::Diagnostics parsing;
    auto config = config::parse_config(c.toml, "c.toml", parsing);
    ASSERT_FALSE(parsing.has_errors()) << c.about << parsing.to_string();
    config::Diagnostics diagnostics;
    check_enforceable(config, c.rules, c.known, diagnostics);
    EXPECT_EQ(config.asn_ladder.routes, c.routes) << c.about;
    if (c.place == nullptr) {
      EXPECT_TRUE(diagnostics.all().empty()) << c.about << diagnostics.to_string();
      continue;
    }
    ASSERT_EQ(diagnostics.all().size(), 1U) << c.about << diagnostics.to_string();
    const auto& found = diagnostics.all().front();
    EXPECT_EQ(config::location_text(found.location), c.place) << c.about;
    EXPECT_NE(found.message.find(c.message), std::string::npos) << c.about << ": " << found.message;
    EXPECT_EQ(found.severity == config::Severity::error, c.error) << c.about;
    EXPECT_EQ(found.severity != config::Severity::error || !found.hint.empty(), true) << c.about;
  }
}

}  // namespace
}  // namespace ipguard::daemon
