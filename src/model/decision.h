// Offence and Decision: why and what to block.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/time.h"
#include "model/country.h"
#include "model/good_client.h"
#include "model/route.h"
#include "model/scope.h"
#include "net/address.h"
#include "net/asn.h"
#include "net/prefix.h"

namespace ipguard::model {

// A line that a decision rests on, kept bounded (see decide/ledger.h); as logged, to be escaped when shown.
struct EvidenceLine {
  std::string path;  // the source's path or name
  uint64_t offset = 0;
  TimePoint time;
  std::string text;
};

// A rule's threshold crossed by an offender within its window.
struct Offence {
  std::string rule;      // id
  net::Address address;  // of the last hit
  net::Prefix network;   // that address alone, or its /64 if the hits came from several addresses of it
  uint32_t hits = 0;     // within the window
  uint32_t count = 0;    // what they count together: more than `hits` where a hit weighs more than one
  TimePoint first;
  TimePoint last;
  std::vector<EvidenceLine> lines;
};

// What a decision blocks. Equality is identity: one decision a (scope, target).
struct Target {
  Scope scope = Scope::address;
  net::Prefix prefix;    // address and route scope: a single address or a network
  net::Asn asn;          // asn scope
  Country country = {};  // country scope

  // "192.0.2.7", "192.0.2.0/24", "AS64500", "CN".
  [[nodiscard]] std::string to_string() const;
  // What a person types: an address, a CIDR (route scope; /32 and /128 are address scope), AS64500 or CN.
  [[nodiscard]] static Result<Target> parse(std::string_view text);

  friend auto operator<=>(const Target&, const Target&) = default;
};

struct Decision {
  Target target;
  std::vector<net::Prefix>
      prefixes;        // what it covers: disjoint; one, or those of an AS or country, minus what is left out
  Route route;         // the offender's (address, route) or any of the AS's: names the AS and country
  std::string rule;    // id of the rule that led here; empty for manual decisions
  std::string reason;  // one sentence for people
  std::string issuer;  // one of model::issuers (issuer.h)
  TimePoint since;
  std::optional<TimePoint> until;       // nullopt = permanent
  std::optional<TimePoint> confirm_by;  // lifted then, unless confirmed before; nullopt = needs no confirmation
  uint32_t repeat = 0;                  // how many earlier bans this target had (growth of ban time)
  uint64_t addresses_covered = 0;       // collateral: IPv4 addresses …
  uint64_t ipv6_64s_covered = 0;        // … and IPv6 /64 networks (model/coverage.h)
  GoodCounts good_clients;              // known when it began: those it hits …
  std::vector<net::Prefix> left_out;    // … and those that it was narrowed by
  std::vector<EvidenceLine> evidence;

  // Sets the prefixes and what they cover.
  void cover(std::vector<net::Prefix> disjoint);
  // When it is over unless something happens: the kernel's time-out. nullopt = never.
  [[nodiscard]] std::optional<TimePoint> end() const {
    return confirm_by && (!until || *confirm_by < *until) ? confirm_by : until;
  }
  [[nodiscard]] bool active_at(TimePoint now) const { return !end() || *end() > now; }
};

// What is said of an active decision and not kept in memory: read from the store when it is asked for.
struct DecisionTexts {
  std::string reason;
  std::vector<EvidenceLine> evidence;
};

}  // namespace ipguard::model

template <>
struct std::hash<ipguard::model::Target> {
  size_t operator()(const ipguard::model::Target& target) const noexcept {
    return std::hash<ipguard::net::Prefix>{}(target.prefix) * 31 +
           (target.asn.number + target.country.number()) * size_t{4} + static_cast<size_t>(target.scope);
  }
};
