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

std::optional<std::string> Allowlist::reason(model::Country country) const {
  if (!std::ranges::binary_search(countries_, country)) {
    return std::nullopt;
  }
  return "allowlist: country " + country.to_string();
}

std::optional<std::string> Allowlist::reason(const model::Route& route) const {
  if (route.asn) {
    if (auto why = reason(*route.asn)) {
      return why;
    }
  }
  // A country the list does not hold never gets into the text, so hostile bytes of a database do not either.
  const auto letters = [](const model::Country& country) { return std::string_view(country.letters); };
  if (std::ranges::binary_search(countries_, std::string_view(route.country_code), {}, letters)) {
    return "allowlist: country " + route.country_code;
  }
  return std::nullopt;
}

Result<std::vector<net::Prefix>> Allowlist::allowed_parts(const net::Prefix& prefix,
                                                          const PartsWhere& parts_where) const {
  if (!needs_routes()) {
    return std::vector<net::Prefix>{};
  }
  return parts_where(prefix, [this](const model::Route& route) { return reason(route).has_value(); });
}

}  // namespace ipguard::decide
