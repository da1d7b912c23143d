#include "daemon/enforceable.h"

#include <algorithm>
#include <string>

namespace ipguard::daemon {
namespace {

constexpr const char* asn_hint =
    "add a database with AS numbers to [database] paths, such as IPinfo Lite or GeoLite2-ASN";
constexpr const char* country_hint =
    "add a database with countries to [database] paths, such as IPinfo Lite or GeoLite2-Country";

void check_allow(const config::AllowConfig& allow, enrich::Knowledge known, config::Diagnostics& diagnostics) {
  if (!allow.asns.empty() && !known.asn) {
    diagnostics.error(allow.asns_location, "asns: the databases know no AS, so none could be kept from being banned",
                      asn_hint);
  }
  if (!allow.countries.empty() && !known.country) {
    diagnostics.error(allow.countries_location,
                      "countries: the databases know no country, so none could be kept from being banned",
                      country_hint);
  }
}

// Whether an offence against the rule can lead to a ban of its route.
bool can_ban_routes(const model::Rule& rule, const config::RouteLadder& ladder) {
  return rule.scope != model::Scope::address || rule.route_addresses.value_or(ladder.addresses) > 0;
}

void check_asn_ladder(config::Config& config, const std::vector<model::Rule>& rules, enrich::Knowledge known,
                      config::Diagnostics& diagnostics) {
  auto& ladder = config.asn_ladder;
  if (ladder.routes == 0) {
    return;
  }
  const bool reachable =
      std::ranges::any_of(rules, [&](const model::Rule& rule) { return can_ban_routes(rule, config.route_ladder); });
  std::string why;
  std::string hint;
  if (!known.asn) {
    why = "the databases know no AS, so no AS can be banned";
    hint = asn_hint;
  } else if (!reachable && !rules.empty()) {
    why = "no AS is ever banned, because no route is ([ladder.route] addresses = 0)";
    hint = "set routes = 0, or let [ladder.route] addresses ban routes";
  } else {
    return;
  }
  if (ladder.routes_location.line > 0) {
    diagnostics.error(ladder.routes_location, "routes: " + why, hint);
    return;
  }
  diagnostics.warning({.file = config.path},
                      "[ladder.asn] routes = 0 instead of " + std::to_string(ladder.routes) + ": " + why);
  ladder.routes = 0;
}

// A country is banned for its AS: nothing of that can come true without them.
void check_country_ladder(const config::Config& config, enrich::Knowledge known, config::Diagnostics& diagnostics) {
  const auto& ladder = config.country_ladder;
  if (ladder.asns == 0) {
    return;
  }
  if (!known.country) {
    diagnostics.error(ladder.asns_location, "asns: the databases know no country, so no country can be banned",
                      country_hint);
  } else if (config.asn_ladder.routes == 0) {
    diagnostics.error(ladder.asns_location,
                      "asns: no country is ever banned, because no AS is ([ladder.asn] routes = 0)",
                      "set asns = 0, or let [ladder.asn] routes ban AS");
  }
}

void check_rule(const model::Rule& rule, const config::RouteLadder& ladder, enrich::Knowledge known,
                config::Diagnostics& diagnostics) {
  if (rule.scope == model::Scope::asn && !known.asn) {
    diagnostics.error(rule.location, "rule '" + rule.id + "' has scope \"asn\", but the databases know no AS",
                      asn_hint);
  }
  if (rule.scope == model::Scope::country && !known.country) {
    diagnostics.error(rule.location, "rule '" + rule.id + "' has scope \"country\", but the databases know no country",
                      country_hint);
  }
  if (rule.country_asns.value_or(0) > 0 && !(known.asn && known.country)) {
    diagnostics.error(
        rule.location,
        "rule '" + rule.id + "' bans a country by its AS, but the databases know no " + (known.asn ? "country" : "AS"),
        known.asn ? country_hint : asn_hint);
  }
  if (rule.asn_routes.value_or(0) == 0) {
    return;
  }
  if (!known.asn) {
    diagnostics.error(rule.location, "rule '" + rule.id + "' bans an AS by its routes, but the databases know no AS",
                      asn_hint);
  } else if (!can_ban_routes(rule, ladder)) {
    diagnostics.error(rule.location,
                      "rule '" + rule.id + "' bans an AS by its routes, but never bans a route (addresses = 0)",
                      "set the number of addresses that ban a route, in the rule or in [ladder.route]");
  }
}

}  // namespace

void check_enforceable(config::Config& config, const std::vector<model::Rule>& rules, enrich::Knowledge known,
                       config::Diagnostics& diagnostics) {
  check_allow(config.allow, known, diagnostics);
  check_asn_ladder(config, rules, known, diagnostics);
  check_country_ladder(config, known, diagnostics);
  for (const auto& rule : rules) {
    check_rule(rule, config.route_ladder, known, diagnostics);
  }
}

}  // namespace ipguard::daemon
