// etc/ipguard.toml says the truth about the defaults: every key, and the value that holds without it.
#include <gtest/gtest.h>

#include <set>
#include <tuple>

#include "base/file.h"
#include "config/config.h"
#include "config/config_reader.h"

namespace ipguard::config {
namespace {

const std::string shipped = IPGUARD_SOURCE_DIR "/etc/ipguard.toml";

// The structured bindings below stop compiling when a struct gets a field: add it here and to etc/ipguard.toml.
auto values(const Budget& budget) {
  const auto& [addresses, ipv6_64s, good_clients, visitors] = budget;
  return std::tuple(addresses, ipv6_64s, good_clients, visitors);
}
auto values(const RouteLadder& ladder) {
  const auto& [addresses, one_in, window, ban, budget] = ladder;
  return std::tuple(addresses, one_in, window, ban, values(budget));
}
auto values(const AsnLadder& ladder) {
  const auto& [routes, one_in, window, ban, budget, location] = ladder;
  return std::tuple(routes, one_in, window, ban, values(budget));
}
auto values(const CountryLadder& ladder) {
  const auto& [asns, window, ban, budget, location] = ladder;
  return std::tuple(asns, window, ban, values(budget));
}
auto values(const CollateralConfig& collateral) {
  const auto& [remember, clients, leave_out] = collateral;
  return std::tuple(remember, clients, leave_out);
}
auto values(const BanGrowth& ban) {
  const auto& [growth, longest, decay, forget] = ban;
  return std::tuple(growth, longest, decay, forget);
}
auto values(const EnforceConfig& enforce) {
  const auto& [mode, hook, priority, action, end_connections, element_counters, keep_on_stop] = enforce;
  return std::tuple(hook, priority, action, end_connections, element_counters,
                    keep_on_stop);  // the mode differs on purpose
}
auto values(const ProtectConfig& protect) {
  const auto& [own, gateways, resolvers, sessions, ports, proxies, widest_ipv4, widest_ipv6, share] = protect;
  return std::tuple(own, gateways, resolvers, sessions, ports, proxies.size(), widest_ipv4, widest_ipv6, share);
}
auto values(const LimitsConfig& limits) {
  const auto& [offenders, lines, bytes] = limits;
  return std::tuple(offenders, lines, bytes);
}
auto values(const ReportConfig& report) {
  const auto& [period, memory] = report;
  return std::tuple(period, memory);
}
auto values(const AllowConfig& allow) {
  const auto& [prefixes, asns, countries, asns_location, countries_location] = allow;
  return std::tuple(prefixes.size(), asns.size(), countries.size());
}

TEST(ShippedConfig, LoadsWithoutADiagnostic) {
  Diagnostics diagnostics;
  const auto config = load_config(shipped, diagnostics);
  EXPECT_EQ(diagnostics.to_string(), "");
  EXPECT_EQ(config.path, shipped);
  EXPECT_EQ(config.sources.size(), 3U);
}

TEST(ShippedConfig, HasTheDefaultSources) {
  Diagnostics diagnostics;
  const auto shipped_sources = load_config(shipped, diagnostics).sources;
  const auto defaults = default_sources();
  ASSERT_EQ(shipped_sources.size(), defaults.size());
  for (size_t i = 0; i < defaults.size(); ++i) {
    EXPECT_EQ(shipped_sources[i].name, defaults[i].name);
    EXPECT_EQ(shipped_sources[i].kind, defaults[i].kind);
    EXPECT_EQ(shipped_sources[i].paths, defaults[i].paths);
    EXPECT_EQ(shipped_sources[i].journal, defaults[i].journal);
    EXPECT_EQ(shipped_sources[i].fallback, defaults[i].fallback);
    EXPECT_TRUE(shipped_sources[i].units.empty() && shipped_sources[i].identifiers.empty());
  }
}

TEST(ShippedConfig, IsNotArmed) {
  Diagnostics diagnostics;
  EXPECT_EQ(load_config(shipped, diagnostics).enforce.mode, Mode::dry_run);
  EXPECT_EQ(Config{}.enforce.mode, Mode::enforce);
}

TEST(ShippedConfig, HasTheDefaultOfEveryValue) {
  Diagnostics diagnostics;
  const auto config = load_config(shipped, diagnostics);
  const Config defaults;
  const auto& [path, databases, database_places, sources, traps, formats, rules, rule_places, selection, rules_location,
               state, state_place, socket, socket_place, enforce, protect, allow, route, asn, country, collateral, ban,
               limits, level, report, whois, http, notifies] = config;
  EXPECT_TRUE(selection.enable.empty() && selection.disable.empty());
  EXPECT_EQ(databases, defaults.database_paths);
  EXPECT_EQ(rules, defaults.rule_paths);
  EXPECT_TRUE(selection.enable.empty() && selection.disable.empty());
  EXPECT_EQ(state, defaults.state_path);
  EXPECT_EQ(socket, defaults.control_socket);
  EXPECT_EQ(values(enforce), values(defaults.enforce));
  EXPECT_EQ(values(protect), values(defaults.protect));
  EXPECT_EQ(values(allow), values(defaults.allow));
  EXPECT_EQ(values(route), values(defaults.route_ladder));
  EXPECT_EQ(values(asn), values(defaults.asn_ladder));
  EXPECT_EQ(values(country), values(defaults.country_ladder));
  EXPECT_EQ(values(collateral), values(defaults.collateral));
  EXPECT_EQ(values(ban), values(defaults.ban));
  EXPECT_EQ(values(limits), values(defaults.limits));
  EXPECT_EQ(level, defaults.log_level);
  EXPECT_EQ(values(report), values(defaults.report));
  EXPECT_EQ(whois.listen, defaults.whois.listen);
  EXPECT_EQ(whois.connections, defaults.whois.connections);
  EXPECT_EQ(whois.client_connections, defaults.whois.client_connections);
  EXPECT_EQ(whois.own_knowledge, defaults.whois.own_knowledge);
  EXPECT_EQ(std::tie(http.listen, http.token_file, http.token_for, http.hosts, http.socket_mode),
            std::tie(defaults.http.listen, defaults.http.token_file, defaults.http.token_for, defaults.http.hosts,
                     defaults.http.socket_mode));
  EXPECT_TRUE(notifies.empty());
  for (const auto& source : sources) {
    EXPECT_EQ(source.format, SourceConfig{}.format) << source.name;
    EXPECT_EQ(source.from, SourceConfig{}.from) << source.name;
    EXPECT_EQ(source.max_line, SourceConfig{}.max_line) << source.name;
    EXPECT_EQ(source.timezone, SourceConfig{}.timezone) << source.name;
    EXPECT_EQ(source.client_field, SourceConfig{}.client_field) << source.name;
    EXPECT_TRUE(source.trusted_proxies.empty()) << source.name;
  }
}

void collect_keys(const Value& table, const std::string& name, std::set<std::string>& keys) {
  for (const auto& entry : table.entries) {
    keys.insert(name + " " + entry.key);
    if (name == "[[format]]") {
      continue;  // the names of JSON values are no keys of tables
    }
    const std::string inner = name.empty() ? entry.key : name.substr(1, name.size() - 2) + "." + entry.key;
    if (entry.value.type == Value::Type::table) {
      collect_keys(entry.value, "[" + inner + "]", keys);
    }
    for (const auto& item : entry.value.items) {
      collect_keys(item, "[[" + inner + "]]", keys);
    }
  }
}

// With what it has as examples: "#" and no blank.
std::string with_examples() {
  auto text = read_file(shipped).value_or("");
  for (size_t at = 0; (at = text.find("\n#", at)) != std::string::npos; ++at) {
    if (text.substr(at + 2, 1).find_first_of("[abcdefghijklmnopqrstuvwxyz") == 0) {
      text.erase(at + 1, 1);
    }
  }
  return text;
}

TEST(ShippedConfig, HasExamplesThatLoad) {
  Diagnostics diagnostics;
  const auto config = parse_config(with_examples(), shipped, diagnostics);
  EXPECT_EQ(diagnostics.to_string(), "");
  EXPECT_GT(config.sources.size(), 3U);
  EXPECT_EQ(config.formats.size(), 3U);
  ASSERT_EQ(config.notifies.size(), 3U);
  EXPECT_EQ(config.notifies[1].timeout, NotifyConfig{}.timeout);
  ASSERT_EQ(config.traps.size(), 1U);
  const TrapConfig defaults;
  const auto& trap = config.traps.front();
  EXPECT_EQ(std::tie(trap.listen, trap.weight, trap.threshold, trap.window, trap.ban),
            std::tie(defaults.listen, defaults.weight, defaults.threshold, defaults.window, defaults.ban));
}

TEST(ShippedConfig, HasEveryKeyThatTheReaderKnows) {
  Diagnostics diagnostics;
  const auto root = parse_toml(with_examples(), shipped, diagnostics);
  ASSERT_TRUE(root);
  std::set<std::string> written;
  collect_keys(*root, "", written);

  ReadContext context(shipped, diagnostics);
  (void)read_config(*root, context);
  std::set<std::string> known;
  for (const auto& [table, keys] : context.known_keys()) {
    for (const auto& key : keys) {
      known.insert(table + " " + key);
    }
  }
  EXPECT_EQ(written, known);
  EXPECT_GT(known.size(), 40U);
}

}  // namespace
}  // namespace ipguard::config
