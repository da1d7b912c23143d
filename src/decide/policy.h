// What deciding is told: the configured policy, and the questions it may ask of the world.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/result.h"
#include "config/config.h"
#include "model/country.h"
#include "model/decision.h"
#include "model/route.h"
#include "model/scope.h"
#include "net/address.h"
#include "net/asn.h"
#include "net/prefix.h"

namespace ipguard::decide {

struct Policy {
  config::AllowConfig allow;
  config::RouteLadder route_ladder;
  config::AsnLadder asn_ladder;
  config::CountryLadder country_ladder;
  config::CollateralConfig collateral;
  config::BanGrowth ban;
  config::LimitsConfig limits;
  config::ProtectConfig protect;  // widest prefixes, checked here too for an early, clear answer
  bool without_store = false;     // nobody asks for changes of good clients, nor for decisions that are over
};

// As the configuration says.
[[nodiscard]] inline Policy policy_of(const config::Config& config) {
  return {.allow = config.allow,
          .route_ladder = config.route_ladder,
          .asn_ladder = config.asn_ladder,
          .country_ladder = config.country_ladder,
          .collateral = config.collateral,
          .ban = config.ban,
          .limits = config.limits,
          .protect = config.protect};
}

// The budget of a wide ban of the scope.
[[nodiscard]] inline const config::Budget& budget_of(const Policy& policy, model::Scope scope) {
  switch (scope) {
    case model::Scope::asn:
      return policy.asn_ladder.budget;
    case model::Scope::country:
      return policy.country_ladder.budget;
    case model::Scope::address:
    case model::Scope::route:
      break;
  }
  return policy.route_ladder.budget;
}

// The parts of `prefix` whose AS and country are as wanted, disjoint, sorted. The question is only put to the route's
// facts, once for all networks that share them. An error when the database is damaged there.
using PartsWhere = std::function<Result<std::vector<net::Prefix>>(
    const net::Prefix& prefix, const std::function<bool(const model::Route&)>& wanted)>;

enum class Texts : uint8_t { reason, reason_and_evidence };

struct Lookups {
  std::function<model::Route(const net::Address&)> route;
  std::function<std::vector<net::Prefix>(net::Asn)> prefixes_of;        // aggregated, disjoint
  std::function<std::vector<net::Prefix>(model::Country)> prefixes_in;  // likewise
  PartsWhere parts_where;
  std::function<std::optional<model::Route>(net::Asn)> any_route_of;
  // What is protected now besides the allowlist (own addresses, gateways, SSH peers …), with the reason of each.
  std::function<std::vector<std::pair<net::Prefix, std::string>>()> protected_prefixes;
  // Of an active decision whose beginning was reported or that was restored.
  std::function<model::DecisionTexts(const model::Target&, Texts)> texts;
};

}  // namespace ipguard::decide
