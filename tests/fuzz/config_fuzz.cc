// links: config
// Any text as a configuration: no crash, no endless work, what is said about it is safe for a terminal, and every value
// is within the bounds that the manual names, whether or not something else is wrong.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "config/config.h"
#include "require.h"

namespace {

using namespace ipguard;
using namespace ipguard::config;
using fuzz::require;

constexpr Seconds longest{520LL * 7 * 24 * 3600};
constexpr Seconds longest_window{52LL * 7 * 24 * 3600};

template <typename Value>
bool between(Value value, std::type_identity_t<Value> least, std::type_identity_t<Value> most) {
  return value >= least && value <= most;
}

// A ban time: zero is permanent.
bool is_ban_time(Seconds span) { return between(span, Seconds{0}, longest); }

void check_step(uint32_t evidence, Seconds window, Seconds ban, const Budget& budget) {
  require(evidence <= 1'000'000);
  require(between(window, Seconds{1}, longest_window));
  require(is_ban_time(ban));
  require(between(budget.addresses, 1, 1ULL << 32) && between(budget.ipv6_64s, 1, uint64_t{INT64_MAX}));
  require(budget.good_clients <= 1'000'000 && budget.visitors <= 1'000'000);
}

void check_bans(const Config& config) {
  const auto& ban = config.ban;
  require(between(ban.growth, 1.0, 100.0));  // not a number is not between
  require(between(ban.longest, Seconds{1}, longest) && between(ban.forget, Seconds{1}, longest));
  require(is_ban_time(ban.decay));
  const auto& route = config.route_ladder;
  const auto& asn = config.asn_ladder;
  const auto& country = config.country_ladder;
  check_step(route.addresses, route.window, route.ban, route.budget);
  check_step(asn.routes, asn.window, asn.ban, asn.budget);
  check_step(country.asns, country.window, country.ban, country.budget);
  require(route.one_in <= 1U << 31 && asn.one_in <= 1U << 31);
  require(between(config.collateral.remember, Seconds{1}, longest));
  require(between(config.collateral.clients, 1'000, 1'000'000) && config.collateral.leave_out <= 100'000);
}

void check_enforcement(const Config& config) {
  require(between(config.enforce.priority, -500, 500));
  require(between(config.protect.widest_ipv4, 8, 32) && between(config.protect.widest_ipv6, 19, 128));
  require(between(config.protect.largest_share, 1, 100));
  require(std::ranges::find(config.protect.ssh_ports, 0) == config.protect.ssh_ports.end());
  for (const auto& country : config.allow.countries) {
    require(between(country.letters[0], 'A', 'Z') && between(country.letters[1], 'A', 'Z'));
  }
}

void check_sources(const Config& config, bool usable) {
  for (const auto& source : config.sources) {
    require(!source.name.empty() || !usable, "a source without a name");
    require(between(source.max_line, 1ULL << 10, 16ULL << 20));
    require(source.socket_mode <= 0777);
    require(!usable || source.kind != SourceKind::files || !source.paths.empty(), "a source of nothing");
    require(!usable || source.kind != SourceKind::listener || !source.listen.empty(),
            "a listener that does not listen");
    for (const auto& endpoint : source.listen) {
      require(endpoint.is_unix() ? endpoint.path.starts_with('/') : endpoint.endpoint.port != 0);
    }
  }
  for (const auto& trap : config.traps) {
    require(between(trap.weight, 1, 1000) && between(trap.threshold, 1, 10'000));
    require(between(trap.window, Seconds{1}, longest_window) && is_ban_time(trap.ban));
    require(std::ranges::find(trap.ports, 0) == trap.ports.end());
    require(!usable || (!trap.ports.empty() && !trap.listen.empty() && !trap.name.empty()));
  }
}

void check_outlets(const Config& config, bool usable) {
  require(between(config.limits.offenders, 1'000, 10'000'000));
  require(between(config.limits.evidence_lines, 1, 100) && between(config.limits.evidence_bytes, 64, 65'536));
  require(between(config.report.period, Seconds{3600}, Seconds{31LL * 24 * 3600}));
  require(between(config.report.memory, 4ULL << 20, 1ULL << 30));
  require(between(config.whois.connections, 1, 65'536) && between(config.whois.client_connections, 1, 65'536));
  require(config.http.socket_mode <= 0777);
  require(between(config.log_level, LogLevel::debug, LogLevel::error));
  for (const auto& notify : config.notifies) {
    require(between(notify.timeout, Seconds{1}, Seconds{600}));
    require(
        !usable || notify.type != NotifyType::exec || (!notify.command.empty() && notify.command[0].starts_with('/')),
        "a program that is not a whole path");
    require(!usable || notify.type != NotifyType::webhook || notify.url.starts_with("http"),
            "a webhook without an URL");
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  Diagnostics diagnostics;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto config = parse_config(text, "fuzz.toml", diagnostics);
  for (const char c : diagnostics.to_string()) {
    require((static_cast<unsigned char>(c) >= 0x20 && c != 0x7f) || c == '\n', "not safe for a terminal");
  }
  const bool usable = !diagnostics.has_errors();
  check_bans(config);
  check_enforcement(config);
  check_sources(config, usable);
  check_outlets(config, usable);
  return 0;
}
