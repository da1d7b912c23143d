#include "decide/ladder.h"

#include <algorithm>

#include "net/site.h"

namespace ipguard::decide {
namespace {

// Traces held of one key however small the threshold is: rules may ask for more than the ladder, and `explain` shows
// how many there are.
constexpr size_t least_kept = 64;

// Addresses of one /64: the second is enough.
constexpr size_t most_neighbours = 2;

size_t kept(uint32_t threshold, uint32_t of_rule) { return std::max<size_t>({least_kept, threshold, of_rule}); }

// How many could offend from the network: IPv4 addresses, IPv6 sites; 2^32 at most.
uint64_t possible_offenders(const net::Prefix& network) {
  const unsigned length = network.family() == net::Family::ipv4 ? 32U : net::site_length;
  return network.length() >= length ? 1 : 1ULL << std::min(length - network.length(), 32U);
}

struct Sizes {
  uint64_t ipv4 = 0;
  uint64_t ipv6 = 0;
};

Sizes& operator+=(Sizes& sizes, const net::Prefix& network) {
  (network.family() == net::Family::ipv4 ? sizes.ipv4 : sizes.ipv6) += possible_offenders(network);
  return sizes;
}

}  // namespace

Ladder::Ladder(const LadderConfig& config)
    : config_(config),
      offenders_(config.limits.offenders),
      neighbours_(config.limits.offenders),
      banned_routes_(config.limits.offenders),
      banned_asns_(config.limits.offenders) {}

uint32_t Ladder::needed(const net::Prefix& route, uint32_t threshold) const {
  if (threshold == 0 || config_.route.one_in == 0) {
    return threshold;
  }
  const uint64_t dense = possible_offenders(route) / config_.route.one_in;
  return static_cast<uint32_t>(std::max<uint64_t>(threshold, dense));
}

uint32_t Ladder::offenders_needed(const net::Prefix& route) const { return needed(route, config_.route.addresses); }

std::optional<Ladder::RouteStep> Ladder::offended(const model::Route& route, const model::Rule& rule,
                                                  Offenders::Trace trace) {
  if (!route.found) {
    return std::nullopt;
  }
  const uint32_t threshold = needed(route.prefix, rule.route_addresses.value_or(config_.route.addresses));
  trace.member = net::host_unit(trace.member).address();
  auto traces =
      offenders_.record(route.prefix, std::move(trace), config_.route.window, kept(config_.route.addresses, threshold));
  const bool by_rule = rule.scope != model::Scope::address;
  if (!by_rule && (threshold == 0 || traces.size() < threshold)) {
    return std::nullopt;
  }
  return RouteStep{.traces = std::move(traces), .window = config_.route.window, .by_rule = by_rule};
}

std::optional<Ladder::AsnStep> Ladder::route_banned(net::Asn asn, const model::Rule& rule, BannedRoutes::Trace trace) {
  const uint32_t threshold = rule.asn_routes.value_or(config_.asn.routes);
  auto traces = banned_routes_.record(asn, std::move(trace), config_.asn.window, kept(config_.asn.routes, threshold));
  if (threshold == 0 || traces.size() < threshold) {
    return std::nullopt;
  }
  return AsnStep{.traces = std::move(traces), .window = config_.asn.window, .by_rule = false};
}

bool Ladder::dense(const AsnStep& step, const std::vector<net::Prefix>& prefixes) const {
  if (config_.asn.one_in == 0) {
    return true;
  }
  Sizes banned;
  Sizes all;
  for (const auto& trace : step.traces) {
    banned += trace.member;
  }
  for (const auto& prefix : prefixes) {
    all += prefix;
  }
  const auto enough = [this](uint64_t part, uint64_t whole) { return part > 0 && whole / part <= config_.asn.one_in; };
  return enough(banned.ipv4, all.ipv4) || enough(banned.ipv6, all.ipv6);
}

std::optional<Ladder::CountryStep> Ladder::asn_banned(model::Country country, const model::Rule& rule,
                                                      BannedAsns::Trace trace) {
  const uint32_t threshold = rule.country_asns.value_or(config_.country.asns);
  auto traces =
      banned_asns_.record(country, std::move(trace), config_.country.window, kept(config_.country.asns, threshold));
  if (threshold == 0 || traces.size() < threshold) {
    return std::nullopt;
  }
  return CountryStep{.traces = std::move(traces), .window = config_.country.window, .by_rule = false};
}

net::Prefix Ladder::blamed(const net::Address& address, const model::Route& route, TimePoint time, bool several) {
  if (address.is_ipv4()) {
    return net::Prefix(address);
  }
  const auto unit = net::host_unit(address);
  const auto traces =
      neighbours_.record(unit, {.member = address, .time = time, .line = {}}, config_.route.window, most_neighbours);
  const bool split = route.found && route.prefix.length() > unit.length();
  return !split && (several || traces.size() > 1) ? unit : net::Prefix(address);
}

void Ladder::forget(const net::Prefix& route, const net::Address& address) {
  offenders_.forget(route, net::host_unit(address).address());
  neighbours_.forget(net::host_unit(address));
}

void Ladder::remember(const model::Route& route, Offenders::Trace trace) {
  if (!trace.member.is_ipv4()) {
    neighbours_.record(net::host_unit(trace.member), {.member = trace.member, .time = trace.time, .line = {}},
                       config_.route.window, most_neighbours);
    trace.member = net::host_unit(trace.member).address();
  }
  if (route.found) {
    offenders_.record(route.prefix, std::move(trace), config_.route.window, kept(offenders_needed(route.prefix), 0));
  }
}

void Ladder::remember(net::Asn asn, BannedRoutes::Trace trace) {
  banned_routes_.record(asn, std::move(trace), config_.asn.window, kept(config_.asn.routes, 0));
}

void Ladder::remember(model::Country country, BannedAsns::Trace trace) {
  banned_asns_.record(country, std::move(trace), config_.country.window, kept(config_.country.asns, 0));
}

uint32_t Ladder::offenders(const net::Prefix& route, TimePoint now) const {
  return offenders_.count(route, now, config_.route.window);
}

uint32_t Ladder::banned_routes(net::Asn asn, TimePoint now) const {
  return banned_routes_.count(asn, now, config_.asn.window);
}

uint32_t Ladder::banned_asns(model::Country country, TimePoint now) const {
  return banned_asns_.count(country, now, config_.country.window);
}

void Ladder::reconfigure(const LadderConfig& config) {
  config_ = config;
  offenders_.set_limit(config.limits.offenders);
  neighbours_.set_limit(config.limits.offenders);
  banned_routes_.set_limit(config.limits.offenders);
  banned_asns_.set_limit(config.limits.offenders);
}

}  // namespace ipguard::decide
