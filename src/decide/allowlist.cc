#include "decide/allowlist.h"

#include <algorithm>

namespace ipguard::decide {

Allowlist::Allowlist(const config::AllowConfig& config) : asns_(config.asns), countries_(config.countries) {
  for (const auto& prefix : config.prefixes) {
    prefixes_[prefix];
  }
  std::ranges::sort(asns_);
  std::ranges::sort(countries_);
}

bool Allowlist::covers(const net::Address& address) const {
  return !prefixes_.empty() && prefixes_.widest_covering(net::Prefix(address)) != nullptr;
}

std::optional<std::string> Allowlist::reason(const net::Address& address) const {
  const auto* member = prefixes_.longest_covering(net::Prefix(address));
  if (member == nullptr) {
    return std::nullopt;
  }
  return "allowlist: prefix " + member->first.to_string();
}

std::optional<std::string> Allowlist::reason(net::Asn asn) const {
  if (!std::ranges::binary_search(asns_, asn)) {
    return std::nullopt;
  }
  return "allowlist: " + asn.to_string();
}

std::optional<std::string> Allowlist::reason(const model::Route& route) const {
  if (route.asn) {
    if (auto why = reason(*route.asn)) {
      return why;
    }
  }
  // A country the list does not hold never gets into the text, so hostile bytes of a database do not either.
  if (!route.country_code.empty() && std::ranges::binary_search(countries_, route.country_code)) {
    return "allowlist: country " + route.country_code;
  }
  return std::nullopt;
}

Result<std::vector<net::Prefix>> Allowlist::allowed_routes(
    const net::Prefix& prefix, const std::function<model::Route(const net::Address&)>& route_of, size_t& steps) const {
  std::vector<net::Prefix> found;
  if (!needs_routes()) {
    return found;
  }
  std::optional<net::Address> address = prefix.address();
  const net::Address last = prefix.last();
  while (address && *address <= last) {
    if (steps == 0) {
      return fail(Errc::invalid, "it holds too many routes to check them all against the allowed AS and countries");
    }
    --steps;
    const model::Route route = route_of(*address);
    if (reason(route)) {
      found.push_back(route.prefix);
    }
    // A database that answers with a route beside the address must not keep us here: go on address by address.
    const bool sane = route.prefix.contains(*address);
    address = net::next(sane ? route.prefix.last() : *address);
  }
  return found;
}

}  // namespace ipguard::decide
