// TrapConfig: one [[trap]], TCP ports that no one has reason to touch.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/time.h"
#include "model/rule.h"
#include "net/address.h"

namespace ipguard::config {

struct TrapConfig {
  std::string name;
  std::vector<uint16_t> ports;
  std::vector<net::Address> listen = {*net::Address::parse("0.0.0.0"), *net::Address::parse("::")};
  uint32_t weight = 1;     // of one connection
  uint32_t threshold = 1;  // sum of weights …
  Seconds window{600};     // … within this time make an offence
  Seconds ban{24 * 3600};  // first ban; zero = permanent
  model::Location location;
};

// The rule that a visitor of the trap offends against, "trap/NAME": of the address alone, whatever the ladders say.
// Traps of the same threshold and window share a count, so that their weights tell them apart.
[[nodiscard]] model::Rule rule_of(const TrapConfig& trap);

}  // namespace ipguard::config
