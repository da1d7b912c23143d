// Rule: what a rule file says, as plain data. Written by config/ (from TOML), compiled by match/, judged by decide/.
#pragma once

#include <array>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
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
  std::string key;  // Field::record only: the value's dotted name
  std::vector<std::string> patterns;
  std::vector<Location> locations;  // of each pattern, same order
};

enum class RuleKind : uint8_t {
  attack,   // a matching line is evidence by itself
  rate,     // counts only in numbers
  session,  // no evidence: tells the address of the session that the line belongs to
  login,    // no evidence: a login that succeeded, for the collateral of wide bans
};
// In the enumeration's order.
inline constexpr std::array<std::string_view, 4> rule_kind_names = {"attack", "rate", "session", "login"};
// Whether a line that the rule matches counts against anybody.
[[nodiscard]] constexpr bool is_evidence(RuleKind kind) { return kind == RuleKind::attack || kind == RuleKind::rate; }
[[nodiscard]] std::string_view to_string(RuleKind kind);

// What the threshold counts different values of (`distinct` in TOML).
struct DistinctValue {
  enum class Of : uint8_t {
    field,
    user,     // the user tried, from wherever the hit has it
    capture,  // the patterns' capture `value`
    record,   // the record's value `key`
  };
  Of of = Of::field;
  Field field = Field::path;
  std::string key;
};

// Inclusive bounds on a number.
struct NumberRange {
  uint64_t min = 0;
  uint64_t max = std::numeric_limits<uint64_t>::max();
};

// A sample line kept beside the rule; `rules test` and ctest run them.
struct RuleSample {
  std::string line;
  std::vector<std::string> before;      // lines of the same log that come first (sessions)
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
  std::vector<std::string> tags;      // "mitre:T1110", "cve:CVE-2021-41773"
  std::vector<std::string> programs;  // syslog, app: any of these tags (exact)
  bool enabled = true;                // as its file says; the configuration may say otherwise

  std::vector<FieldPatterns> all_of;     // every entry must hold
  std::vector<FieldPatterns> none_of;    // no entry may hold ("not_path" and so on in TOML)
  std::vector<uint16_t> statuses;        // HTTP status is one of these; empty = any
  std::vector<uint16_t> not_statuses;    // HTTP status is none of these
  std::vector<std::string> methods;      // HTTP method is one of these; empty = any
  std::vector<std::string> not_methods;  // HTTP method is none of these
  std::optional<NumberRange> bytes;      // of the answer; a line that does not say is not within

  // Where a record holds the client and the user tried; of several keys the first that is there.
  std::vector<std::string> address_keys;
  std::vector<std::string> user_keys;
  // Lines of one session belong together, by process id or by the capture `session`; the address that one of them
  // gave is the others'.
  bool session_by_pid = false;

  uint32_t threshold = 1;  // hits of one address, or different values of `distinct`, or sum of weights …
  Seconds window{600};     // … within this span of log time make an offence
  std::optional<DistinctValue> distinct;
  uint32_t weight = 1;  // what a hit counts
  std::string counter;  // rules with the same one share a count; empty = the rule's own
  Seconds ban{3600};    // first ban; zero = permanent
  Scope scope = Scope::address;
  std::optional<uint32_t> route_addresses;  // override of ladder.route.addresses for offences of this rule
  std::optional<uint32_t> asn_routes;       // override of ladder.asn.routes
  std::optional<uint32_t> country_asns;     // override of ladder.country.asns

  std::vector<RuleSample> samples;
  std::vector<RuleSample> near_misses;
  Location location;
};

}  // namespace ipguard::model
