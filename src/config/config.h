// Config: the typed configuration, every value already checked. Defaults here are the defaults of etc/ipguard.toml
// (a test compares them).
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/log.h"
#include "base/time.h"
#include "config/diagnostic.h"
#include "config/format.h"
#include "config/outlets.h"
#include "config/rule_selection.h"
#include "config/source.h"
#include "config/trap.h"
#include "model/country.h"
#include "model/rule.h"
#include "net/asn.h"
#include "net/prefix.h"

namespace ipguard::config {

enum class Mode : uint8_t { enforce, dry_run };
enum class Hook : uint8_t { input_and_forward, input, forward, prerouting };
// As in the configuration and in replies, in the enumeration's order.
inline constexpr std::array<std::string_view, 2> mode_names = {"enforce", "dry-run"};
inline constexpr std::array<std::string_view, 4> hook_names = {"input-and-forward", "input", "forward", "prerouting"};
[[nodiscard]] constexpr Mode mode_of(bool dry_run) { return dry_run ? Mode::dry_run : Mode::enforce; }
[[nodiscard]] constexpr std::string_view to_string(Mode mode) { return mode_names[static_cast<size_t>(mode)]; }
[[nodiscard]] constexpr std::string_view to_string(Hook hook) { return hook_names[static_cast<size_t>(hook)]; }
// What becomes of a packet of the banned: dropped without a word, or refused (TCP reset, ICMP "prohibited").
enum class Verdict : uint8_t { drop, reject };

// Of a step of the ladder: how much one ban may cover and whom it may hit. A wider one is refused; over the budget of
// good clients [collateral] leave_out decides.
struct Budget {
  uint64_t addresses = 0;     // IPv4 addresses
  uint64_t ipv6_64s = 0;      // IPv6 /64 networks
  uint32_t good_clients = 0;  // logins and authenticated users that a ban may hit
  uint32_t visitors = 0;      // mere visitors that a ban may hit: easily faked, and what a wide ban is bound to hit
};

// [ladder.route]: how many distinct offending addresses of a route within `window` ban the route; 0 = never.
struct RouteLadder {
  uint32_t addresses = 3;
  uint32_t one_in = 65'536;  // … and at least one of so many of its addresses (IPv6: /48 networks); 0 = however few
  Seconds window{3600};
  Seconds ban{4 * 3600};
  Budget budget{.addresses = 1ULL << 20, .ipv6_64s = 1ULL << 32, .visitors = 10};  // a /12, a /32
};

// [ladder.asn]: how many banned routes of an AS within `window` ban the AS; 0 = never.
struct AsnLadder {
  uint32_t routes = 3;
  uint32_t one_in = 65'536;  // … and at least one of so many of its addresses lies in them; 0 = however few
  Seconds window{24 * 3600};
  Seconds ban{24 * 3600};
  Budget budget{.addresses = 1ULL << 22, .ipv6_64s = 1ULL << 36, .visitors = 100};
  model::Location routes_location = {};  // of `routes` as it was written; line 0 = the default
};

// [ladder.country]: how many banned AS of a country within `window` ban the country; 0 = never.
struct CountryLadder {
  uint32_t asns = 0;
  Seconds window{24 * 3600};
  Seconds ban{24 * 3600};
  Budget budget{.addresses = 1ULL << 24, .ipv6_64s = 1ULL << 40, .visitors = 1000};
  model::Location asns_location = {};  // of `asns` as it was written; line 0 = the default
};

// [collateral]: who is known to be good, and what a wide ban does about them.
struct CollateralConfig {
  Seconds remember{14 * 24 * 3600};  // good clients seen within this time count
  uint32_t clients = 50'000;         // known at a time; mere visitors go before users and logins
  uint32_t leave_out = 1000;  // of those that a ban over its budget would hit, so many are left out; more: refused
};

// [ban]: growth of ban time for repeat offenders.
struct BanGrowth {
  double growth = 2.0;             // each further ban lasts this many times longer; 1 = always the same
  Seconds longest{7 * 24 * 3600};  // never longer
  Seconds decay{3 * 24 * 3600};    // each such span without a ban makes up for one ban; zero = none does
  Seconds forget{14 * 24 * 3600};  // a target not banned for this long starts afresh
};

struct AllowConfig {
  std::vector<net::Prefix> prefixes;
  std::vector<net::Asn> asns;
  std::vector<model::Country> countries;
  model::Location asns_location = {};  // of the lists as they were written; line 0 = not at all
  model::Location countries_location = {};
};

struct EnforceConfig {
  Mode mode = Mode::enforce;
  Hook hook = Hook::input_and_forward;
  int priority = -10;  // of the chains, before the usual filter chains at 0
  Verdict action = Verdict::drop;
  bool end_connections = true;    // entries of the banned in the kernel's table of connections are deleted
  bool element_counters = false;  // packets and bytes of each ban by itself
  bool keep_on_stop = true;       // TERM leaves the bans in the kernel
};

// [protect]: what is never blocked, besides the allowlist (law 3). Loopback is always protected.
struct ProtectConfig {
  bool own_addresses = true;
  bool gateways = true;
  bool resolvers = true;
  bool ssh_sessions = true;          // peers of authenticated SSH sessions
  std::vector<uint16_t> ssh_ports;   // instead of sshd_config's; 22 and what sshd has open come on top
  std::vector<net::Prefix> proxies;  // CDN and reverse proxies in front of this host: their packets carry everybody's
  uint8_t widest_ipv4 = 8;           // no prefix shorter than this is ever blocked
  uint8_t widest_ipv6 = 19;
  uint8_t largest_share = 50;  // per cent of a family's address space that all bans together may cover
};

// A sentence for each protection that is switched off.
[[nodiscard]] std::vector<std::string> unprotected(const ProtectConfig& protect);

struct LimitsConfig {
  uint32_t offenders = 200'000;   // (rule, address) pairs being counted; the oldest go first
  uint32_t evidence_lines = 5;    // kept for each offence
  uint32_t evidence_bytes = 512;  // of each kept line
};

// [report]: what the running daemon counts for `top` and `report --live`.
struct ReportConfig {
  Seconds period{24 * 3600};              // what is older is forgotten
  uint64_t memory = uint64_t{16} << 20U;  // bytes; beyond it the smallest groups are estimated
};

// [whois]: the local whois server (RFC 3912).
struct WhoisConfig {
  std::string listen;                 // ADDRESS:PORT, an IPv6 address in brackets; "" = off
  uint32_t connections = 1024;        // at a time, of all clients; the oldest gives way to one more
  uint32_t client_connections = 512;  // at a time, of one client
  bool own_knowledge = false;         // adds `ipguard-ban:` and `ipguard-hits:` to the answers
  model::Location listen_location = {};
};

struct Config {
  std::string path;  // the file it came from; empty for the built-in default
  std::vector<std::string> database_paths = {"/usr/share/ipguard/ipguard-lite.mmdb"};
  std::vector<model::Location> database_locations = {};  // of these paths as they were written; empty = not at all
  std::vector<SourceConfig> sources;
  std::vector<TrapConfig> traps;
  std::vector<FormatConfig> formats;
  std::vector<std::string> rule_paths = {"/usr/share/ipguard/rules"};
  std::vector<model::Location> rule_locations = {};  // likewise
  RuleSelection rule_selection;
  model::Location rules_location;  // of [rules]
  std::string state_path = "/var/lib/ipguard";
  model::Location state_location = {};  // of state_path as it was written; line 0 = the default
  std::string control_socket = "/run/ipguard/ipguard.sock";
  model::Location control_location = {};  // likewise
  EnforceConfig enforce;
  ProtectConfig protect;
  AllowConfig allow;
  RouteLadder route_ladder;
  AsnLadder asn_ladder;
  CountryLadder country_ladder;
  CollateralConfig collateral;
  BanGrowth ban;
  LimitsConfig limits;
  LogLevel log_level = LogLevel::info;
  ReportConfig report;
  WhoisConfig whois;
  HttpConfig http;
  std::vector<NotifyConfig> notifies;

  // Whether a program is run for events.
  [[nodiscard]] bool runs_programs() const {
    return std::ranges::any_of(notifies, [](const NotifyConfig& each) { return each.type == NotifyType::exec; });
  }
};

// Reads and checks one file. Problems go to `diagnostics`, all of them; the value is usable if has_errors() is false.
// Of a file that cannot be read as TOML at all, it is the built-in default, with an empty `path`.
// `settings` are laid over it (config/settings.h).
[[nodiscard]] Config load_config(const std::string& path, Diagnostics& diagnostics,
                                 const std::vector<std::string>& settings = {});
// The same on a text; `name` stands for the path in diagnostics.
[[nodiscard]] Config parse_config(std::string_view text, const std::string& name, Diagnostics& diagnostics,
                                  const std::vector<std::string>& settings = {});

}  // namespace ipguard::config
