// Ladder: when the evidence against single addresses becomes evidence against their route, that against routes evidence
// against their AS, and that against AS evidence against their country. Says only when a step is reached; whether it
// may be taken is Guard's question.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "base/time.h"
#include "config/config.h"
#include "decide/distinct_window.h"
#include "model/country.h"
#include "model/route.h"
#include "model/rule.h"
#include "net/address.h"
#include "net/asn.h"
#include "net/prefix.h"

namespace ipguard::decide {

struct LadderConfig {
  config::RouteLadder route;
  config::AsnLadder asn;
  config::CountryLadder country;
  config::LimitsConfig limits;
};

// Windows are judged in log time. At most limits.offenders traces a step; giving one up is counted.
class Ladder {
 public:
  using Offenders = DistinctWindow<net::Prefix, net::Address>;  // by the first address of each (net/site.h)
  using Neighbours = DistinctWindow<net::Prefix, net::Address>;
  using BannedRoutes = DistinctWindow<net::Asn, net::Prefix>;
  using BannedAsns = DistinctWindow<model::Country, net::Asn>;

  // The evidence that reached a step.
  template <typename Traces>
  struct Step {
    Traces traces;         // who offended, oldest first
    Seconds window{0};     // within which
    bool by_rule = false;  // the rule's own scope took the step at the first offence
  };
  using RouteStep = Step<Offenders::Traces>;
  using AsnStep = Step<BannedRoutes::Traces>;
  using CountryStep = Step<BannedAsns::Traces>;

  explicit Ladder(const LadderConfig& config);

  // An address of `route` offended against `rule`. Yields the evidence if that is enough to ban the route: so many
  // offenders, and so many of all that the route could have (ladder.route.one_in); never for a route without data
  // (found = false), for a network of the database's tree is then nobody's in particular.
  [[nodiscard]] std::optional<RouteStep> offended(const model::Route& route, const model::Rule& rule,
                                                  Offenders::Trace trace);
  // What is to blame for an offence by `address`, of `route`: its /64 if another address of that offended within the
  // route's window or `several` did in this offence, unless the database says that the /64 is split; else the address
  // alone, as always in IPv4.
  [[nodiscard]] net::Prefix blamed(const net::Address& address, const model::Route& route, TimePoint time,
                                   bool several);
  // A route of the AS was banned for `rule`. Yields the evidence if that is enough to ban the AS.
  [[nodiscard]] std::optional<AsnStep> route_banned(net::Asn asn, const model::Rule& rule, BannedRoutes::Trace trace);
  // Whether the banned routes are enough of the AS, which has `prefixes` (ladder.asn.one_in), in either family.
  [[nodiscard]] bool dense(const AsnStep& step, const std::vector<net::Prefix>& prefixes) const;
  // An AS of the country was banned for `rule`. Yields the evidence if that is enough to ban the country.
  [[nodiscard]] std::optional<CountryStep> asn_banned(model::Country country, const model::Rule& rule,
                                                      BannedAsns::Trace trace);
  // The same from decisions of an earlier run: remembers, decides nothing.
  void remember(const model::Route& route, Offenders::Trace trace);  // of the address itself
  void remember(net::Asn asn, BannedRoutes::Trace trace);
  void remember(model::Country country, BannedAsns::Trace trace);

  // A ban was lifted by hand: what led to it no longer counts.
  void forget(const net::Prefix& route, const net::Address& address);
  void forget(const net::Prefix& route) { offenders_.forget(route); }
  void forget(net::Asn asn, const net::Prefix& route) { banned_routes_.forget(asn, route); }
  void forget(net::Asn asn) { banned_routes_.forget(asn); }
  void forget(model::Country country, net::Asn asn) { banned_asns_.forget(country, asn); }
  void forget(model::Country country) { banned_asns_.forget(country); }

  [[nodiscard]] uint32_t offenders(const net::Prefix& route, TimePoint now) const;
  // How many of them ban the route under the configuration; 0 = never.
  [[nodiscard]] uint32_t offenders_needed(const net::Prefix& route) const;
  [[nodiscard]] uint32_t banned_routes(net::Asn asn, TimePoint now) const;
  [[nodiscard]] uint32_t banned_asns(model::Country country, TimePoint now) const;
  [[nodiscard]] uint64_t evicted() const {
    return offenders_.evicted() + neighbours_.evicted() + banned_routes_.evicted() + banned_asns_.evicted();
  }

  void reconfigure(const LadderConfig& config);

 private:
  [[nodiscard]] uint32_t needed(const net::Prefix& route, uint32_t threshold) const;

  LadderConfig config_;
  Offenders offenders_;
  Neighbours neighbours_;  // offending IPv6 addresses by their /64
  BannedRoutes banned_routes_;
  BannedAsns banned_asns_;
};

}  // namespace ipguard::decide
