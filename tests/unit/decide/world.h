// A small world for the tests of deciding: a few routes, AS and countries, and short ways to name things.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "decide/policy.h"
#include "model/decision.h"
#include "model/hit.h"
#include "model/rule.h"

namespace ipguard::decide::test {

inline net::Address address(std::string_view text) { return net::Address::parse(text).value(); }
inline net::Prefix prefix(std::string_view text) { return net::Prefix::parse(text).value(); }
inline model::Country country(std::string_view text) { return model::Country::parse(text).value(); }
inline model::Target target(std::string_view text) { return model::Target::parse(text).value(); }
// Seconds after the beginning of the tests' time, 2026-02-25T00:00:00Z.
inline TimePoint at(int64_t seconds) { return TimePoint(std::chrono::seconds(1'771'977'600 + seconds)); }

// AS64500 (DE): 192.0.2.0/26 … 192.0.2.192/26 and 2001:db8::/48. AS64501 (FR): 198.51.100.0/25 and .128/25.
// AS64502 (NL): 2001:db8:1::/48. 203.0.113.0/25 has a country (NL) and no AS; 203.0.113.128/25 has no data.
struct World {
  struct Row {
    std::string_view prefix;
    uint32_t asn;
    std::string_view country;
  };
  static inline const std::vector<Row> rows = {
      {"192.0.2.0/26", 64500, "DE"},   {"192.0.2.64/26", 64500, "DE"},   {"192.0.2.128/26", 64500, "DE"},
      {"192.0.2.192/26", 64500, "AT"}, {"198.51.100.0/25", 64501, "FR"}, {"198.51.100.128/25", 64501, "FR"},
      {"203.0.113.0/25", 0, "NL"},     {"2001:db8::/48", 64500, "DE"},   {"2001:db8:1::/48", 64502, "NL"},
  };

  // What is protected besides the allowlist, and how often that was asked.
  std::vector<std::pair<net::Prefix, std::string>> protected_now;
  int asked = 0;

  static model::Route route(const net::Address& address) {
    for (const auto& row : rows) {
      const auto network = prefix(row.prefix);
      if (network.contains(address)) {
        return make_route(network, row);
      }
    }
    model::Route none;
    none.prefix = address.is_ipv4() ? net::Prefix(address, 25) : net::Prefix(address, 33);
    return none;
  }
  static model::Route make_route(const net::Prefix& network, const Row& row) {
    model::Route route;
    route.prefix = network;
    route.found = true;
    if (row.asn != 0) {
      route.asn = net::Asn{row.asn};
      route.as_name = "Example " + std::to_string(row.asn);
    }
    route.country_code = row.country;
    return route;
  }
  static std::vector<net::Prefix> prefixes_of(net::Asn asn) {
    switch (asn.number) {
      case 64500:
        return {prefix("192.0.2.0/24"), prefix("2001:db8::/48")};
      case 64501:
        return {prefix("198.51.100.0/24")};
      case 64502:
        return {prefix("2001:db8:1::/48")};
      default:
        return {};
    }
  }
  static std::vector<net::Prefix> prefixes_in(model::Country country) {
    std::vector<net::Prefix> result;
    for (const auto& row : rows) {
      if (row.country == country.to_string()) {
        result.push_back(prefix(row.prefix));
      }
    }
    return result;
  }
  static std::optional<model::Route> any_route_of(net::Asn asn) {
    for (const auto& row : rows) {
      if (row.asn == asn.number) {
        return make_route(prefix(row.prefix), row);
      }
    }
    return std::nullopt;
  }

  static Result<std::vector<net::Prefix>> parts_where(const net::Prefix& prefix,
                                                      const std::function<bool(const model::Route&)>& wanted) {
    std::vector<net::Prefix> parts;
    for (const auto& row : rows) {
      const auto network = test::prefix(row.prefix);
      if (network.overlaps(prefix) && wanted(make_route(network, row))) {
        parts.push_back(prefix.contains(network) ? network : prefix);
      }
    }
    return parts;
  }

  Lookups lookups() {
    return {.route = &World::route,
            .prefixes_of = &World::prefixes_of,
            .prefixes_in = &World::prefixes_in,
            .parts_where = &World::parts_where,
            .any_route_of = &World::any_route_of,
            .protected_prefixes =
                [this] {
                  ++asked;
                  return protected_now;
                },
            .texts = {}};
  }
};

// Three hits within ten minutes ban an address for an hour.
inline model::Rule rule(std::string id = "sshd/failed-password", uint32_t threshold = 3) {
  model::Rule rule;
  rule.id = std::move(id);
  rule.threshold = threshold;
  rule.window = Seconds(600);
  rule.ban = Seconds(3600);
  return rule;
}

inline model::Hit hit(const model::Rule& rule, std::string_view from, TimePoint time, std::string_view text = "line") {
  model::Hit hit;
  hit.rule = &rule;
  hit.address = address(from);
  hit.time = time;
  hit.line = {.text = text, .offset = 0, .source = 0, .truncated = false};
  return hit;
}

// "address 192.0.2.7 …" as texts, for comparisons that read well when they fail.
inline std::vector<std::string> texts(const std::vector<net::Prefix>& prefixes) {
  std::vector<std::string> result;
  for (const auto& prefix : prefixes) {
    result.push_back(prefix.to_target());
  }
  return result;
}

}  // namespace ipguard::decide::test
