#include "model/decision.h"

#include <utility>

#include "base/ascii.h"
#include "base/text.h"
#include "model/coverage.h"

namespace ipguard::model {

void Decision::cover(std::vector<net::Prefix> disjoint) {
  const auto covered = Coverage::of(disjoint);
  addresses_covered = covered.ipv4_addresses;
  ipv6_64s_covered = covered.ipv6_64s;
  prefixes = std::move(disjoint);
}

std::string Target::to_string() const {
  switch (scope) {
    case Scope::asn:
      return asn.to_string();
    case Scope::country:
      return country.to_string();
    case Scope::address:
    case Scope::route:
      break;
  }
  return prefix.to_target();
}

Result<Target> Target::parse(std::string_view text) {
  if (text.size() > 2 && equal_ignoring_case(text.substr(0, 2), "AS")) {
    auto asn = net::Asn::parse(text);
    if (!asn) {
      return fail(Errc::invalid, in_quotes(text, 64) + " is no AS number (AS1 to AS4294967295)");
    }
    return Target{.scope = Scope::asn, .prefix = {}, .asn = *asn};
  }
  if (const auto country = Country::parse(text)) {
    return Target{.scope = Scope::country, .prefix = {}, .asn = {}, .country = *country};
  }
  auto prefix = net::Prefix::parse(text);
  if (!prefix) {
    // What is not even meant to be a prefix is told all that it could be.
    const bool meant = text.find('/') != std::string_view::npos || net::Address::parse(text);
    return meant ? Result<Target>(std::unexpected(std::move(prefix.error())))
                 : fail(Errc::invalid, in_quotes(text, 64) +
                                           " is no address, no prefix such as 192.0.2.0/24, no AS number such as "
                                           "AS64500 and no country code such as CN");
  }
  return Target{.scope = prefix->is_single() ? Scope::address : Scope::route, .prefix = *prefix, .asn = {}};
}

}  // namespace ipguard::model
