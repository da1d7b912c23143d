// A directory over a few documentation networks.
#pragma once

#include <string>

#include "whois/directory.h"

namespace ipguard::whois::testing {

inline net::Address address(std::string_view text) { return net::Address::parse(text).value(); }
inline net::Prefix prefix(std::string_view text) { return net::Prefix::parse(text).value(); }

// 192.0.2.0/24 and 2001:db8::/32 are AS64496's; nothing else has data.
inline Directory fake_directory() {
  static const model::Route known = [] {
    model::Route route;
    route.found = true;
    route.asn = net::Asn{64496};
    route.as_name = "Example | Net";
    route.country_code = "NL";
    return route;
  }();
  static const model::Route unknown;
  const auto is_known = [](const net::Address& one) {
    return prefix("192.0.2.0/24").contains(one) || prefix("2001:db8::/32").contains(one);
  };
  const auto record = [is_known](const net::Address& one) {
    model::Record result;
    result.found = is_known(one);
    result.route = one.is_ipv4() ? net::Prefix(one, result.found ? 24 : 8) : net::Prefix(one, 32);
    if (result.found) {
      result.fields = {{"as_name", "Example | Net"}, {"asn", "AS64496"}, {"note", "one\r\ntwo\x1b[31m"}};
    }
    return result;
  };
  return {.record =
              [record](const net::Address& one, const model::TakeField& take) {
                const auto known_of_it = record(one);
                for (const auto& [key, value] : known_of_it.fields) {
                  take(key, value);
                }
                return model::RecordHead{.route = known_of_it.route, .found = known_of_it.found};
              },
          .records_within =
              [record](const net::Prefix& within, size_t most) {
                model::RecordList list;
                if (within.contains(prefix("192.0.2.0/24"))) {
                  const size_t there = within.length() == 0 ? 5000 : 2;
                  list.records.assign(std::min(most, there), record(address("192.0.2.1")));
                  list.cut = most < there;
                }
                return list;
              },
          .systems_ready = [] { return true; },
          .system =
              [](net::Asn asn) {
                return asn.number != 64496 ? std::nullopt
                                           : std::optional(model::SystemRecord{
                                                 .asn = asn,
                                                 .name = "Example | Net",
                                                 .size = {.ipv4_addresses = 256, .ipv6_64s = 1ULL << 32U},
                                                 .prefixes = {prefix("192.0.2.0/24"), prefix("2001:db8::/32")}});
              },
          .system_row =
              [](net::Asn asn) {
                return asn.number != 64496 ? std::nullopt
                                           : std::optional(model::SystemRow{
                                                 .name = "Example | Net", .country_code = "NL", .registry = "ripencc"});
              },
          .rows =
              [is_known, record](std::span<const net::Address> addresses, std::span<model::RouteRow> rows) {
                for (size_t i = 0; i < addresses.size(); ++i) {
                  rows[i] = {.route = record(addresses[i]).route,
                             .facts = is_known(addresses[i]) ? &known : &unknown,
                             .registry = addresses[i].is_ipv4() ? "ripencc" : ""};
                }
              },
          .own_knowledge = nullptr,
          .now = [] { return std::string("2026-02-25T04:30:17Z"); }};
}

}  // namespace ipguard::whois::testing
