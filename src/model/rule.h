// Rule: what a rule file says, as plain data. Written by config/ (from TOML), compiled by match/, judged by decide/.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/time.h"
#include "model/event.h"
#include "model/scope.h"
#include "net/address.h"

namespace ipguard::model {

// A place in a file somebody wrote, for diagnostics; line and column count from 1, 0 = unknown.
struct Location {
  std::string file;
  uint32_t line = 0;
  uint32_t column = 0;
};

// Regular expressions (RE2 syntax) on one field: the condition holds if any of them is found in it.
struct FieldPatterns {
  Field field = Field::message;
  std::vector<std::string> patterns;
  std::vector<Location> locations;  // of each pattern, same order
};

enum class RuleKind : uint8_t {
  attack,  // a matching line is evidence by itself
  rate,    // counts only in numbers
};
[[nodiscard]] std::string_view to_string(RuleKind kind);

// A sample line kept beside the rule; `rules test` and ctest run them.
struct RuleSample {
  std::string line;
  std::optional<net::Address> address;  // what must come out; nullopt in a near miss
  std::optional<std::string> user;
  Location location;
};

struct Rule {
  std::string id;  // "sshd/failed-password"
  std::string title;
  std::string attack_class;  // "probe", "brute-force", … ("class" in TOML)
  std::string service;       // "sshd", "http", …
  LogKind log = LogKind::access;
  RuleKind kind = RuleKind::attack;
  std::vector<std::string> programs;  // syslog only: any of these tags (exact)

  std::vector<FieldPatterns> all_of;   // every entry must hold
  std::vector<FieldPatterns> none_of;  // no entry may hold ("not_path" and so on in TOML)
  std::vector<uint16_t> statuses;      // HTTP status is one of these; empty = any
  std::vector<std::string> methods;    // HTTP method is one of these; empty = any

  uint32_t threshold = 1;  // hits of one address …
  Seconds window{600};     // … within this span of log time make an offence
  Seconds ban{3600};       // first ban; zero = permanent
  Scope scope = Scope::address;
  std::optional<uint32_t> route_addresses;  // override of ladder.route.addresses for offences of this rule
  std::optional<uint32_t> asn_routes;       // override of ladder.asn.routes

  std::vector<RuleSample> samples;
  std::vector<RuleSample> near_misses;
  Location location;
};

}  // namespace ipguard::model
