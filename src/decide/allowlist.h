// Allowlist: what is never blocked by configuration: prefixes, autonomous systems, countries.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "config/config.h"
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
  [[nodiscard]] bool covers(const net::Address& address) const;

  [[nodiscard]] const net::PrefixSet& prefixes() const { return prefixes_; }
  // Whether a route has to be looked at to know if it is allowed.
  [[nodiscard]] bool needs_routes() const { return !asns_.empty() || !countries_.empty(); }

  // The routes inside `prefix` whose AS or country is allowed, found by walking the database from route to route;
  // `steps` is the number of look-ups that may still be made. Errc::invalid when they do not suffice: what cannot be
  // checked must not be banned.
  [[nodiscard]] Result<std::vector<net::Prefix>> allowed_routes(
      const net::Prefix& prefix, const std::function<model::Route(const net::Address&)>& route_of, size_t& steps) const;

 private:
  net::PrefixSet prefixes_;
  std::vector<net::Asn> asns_;          // sorted
  std::vector<std::string> countries_;  // sorted
};

}  // namespace ipguard::decide
