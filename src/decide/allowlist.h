// Allowlist: what is never blocked by configuration: prefixes, autonomous systems, countries.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "config/config.h"
#include "decide/policy.h"
#include "model/country.h"
#include "model/route.h"
#include "net/address.h"
#include "net/asn.h"
#include "net/prefix.h"
#include "net/prefix_set.h"

namespace ipguard::decide {

class Allowlist {
 public:
  explicit Allowlist(const config::AllowConfig& config);

  // Why the address is allowed ("allowlist: prefix 192.0.2.0/24"); nullopt when no prefix covers it. Cheap: asked per
  // hit.
  [[nodiscard]] std::optional<std::string> reason(const net::Address& address) const;
  // The same by the route's AS or country.
  [[nodiscard]] std::optional<std::string> reason(const model::Route& route) const;
  [[nodiscard]] std::optional<std::string> reason(net::Asn asn) const;
  [[nodiscard]] std::optional<std::string> reason(model::Country country) const;
  [[nodiscard]] bool covers(const net::Address& address) const;

  [[nodiscard]] const net::PrefixSet& prefixes() const { return prefixes_; }
  // Whether a route has to be looked at to know if it is allowed.
  [[nodiscard]] bool needs_routes() const { return !asns_.empty() || !countries_.empty(); }

  // What of `prefix` is allowed by its AS or country: disjoint, sorted. `parts_where` is Lookups'. An error when the
  // database cannot tell: what cannot be checked must not be banned.
  [[nodiscard]] Result<std::vector<net::Prefix>> allowed_parts(const net::Prefix& prefix,
                                                               const PartsWhere& parts_where) const;

 private:
  net::PrefixSet prefixes_;
  std::vector<net::Asn> asns_;             // sorted
  std::vector<model::Country> countries_;  // sorted
};

}  // namespace ipguard::decide
