#include "config/trap.h"

#include <string>

namespace ipguard::config {

model::Rule rule_of(const TrapConfig& trap) {
  model::Rule rule;
  rule.id = "trap/" + trap.name;
  rule.title = "Connected to a port that no one has reason to touch";
  rule.attack_class = "probe";
  rule.service = "trap";
  rule.threshold = trap.threshold;
  rule.window = trap.window;
  rule.weight = trap.weight;
  rule.counter = "traps (" + std::to_string(trap.threshold) + " in " + format_duration(trap.window) + ')';
  rule.ban = trap.ban;
  rule.scope = model::Scope::address;
  rule.route_addresses = 0;
  rule.asn_routes = 0;
  rule.country_asns = 0;
  rule.location = trap.location;
  return rule;
}

}  // namespace ipguard::config
