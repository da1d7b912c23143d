#include "config/config.h"

#include <array>
#include <utility>

#include "base/text.h"
#include "config/config_reader.h"
#include "config/settings.h"

namespace ipguard::config {
namespace {

constexpr std::array<std::string_view, 2> verdict_names = {"drop", "reject"};
constexpr std::array<std::string_view, 4> level_names = {"debug", "info", "warning", "error"};  // as LogLevel has them

// `paths` of files and folders that are read, where they are written.
void read_paths(TableReader& table, bool may_be_empty, std::vector<std::string>& paths,
                std::vector<model::Location>& locations) {
  auto& context = table.context();
  auto texts = table.texts("paths", may_be_empty);
  for (const auto& text : texts) {
    check_from_root(text, context);
    locations.push_back(context.location(text.place));
  }
  paths = plain(std::move(texts));
}

// What ipguardd makes, and would make in whatever folder it is started in.
void read_whole_path(TableReader& table, std::string_view key, std::string& path, model::Location& location) {
  auto text = table.text(key);
  if (text && !text->starts_with('/')) {
    table.error(*table.find(key), key, in_quotes(*text) + " is no whole path",
                "write it from the root, such as \"" + path + '"');
  } else if (text) {
    path = *std::move(text);
    location = location_of(table, key);
  }
}

void read_places(TableReader& root, Config& config, ReadContext& context) {
  TableReader database(root.table("database"), "[database]", context);
  if (database.find("paths") != nullptr) {
    read_paths(database, false, config.database_paths, config.database_locations);
  }
  database.finish();

  TableReader rules(root.table("rules"), "[rules]", context);
  if (const auto* paths = rules.find("paths")) {
    read_paths(rules, true, config.rule_paths, config.rule_locations);
    if (paths->type == Value::Type::array && paths->items.empty()) {
      context.warning(paths->place, "paths: no rules: nothing is recognised, only manual bans are possible");
    }
  }
  const auto read_words = [&](std::string_view key) {
    auto words = rules.texts(key, true);
    for (const auto& word : words) {
      config.rule_selection.places.try_emplace(word.text, context.location(word.place));
    }
    return plain(std::move(words));
  };
  config.rule_selection.enable = read_words("enable");
  config.rule_selection.disable = read_words("disable");
  config.rules_location = context.location(rules.value().place);
  rules.finish();

  TableReader state(root.table("state"), "[state]", context);
  read_whole_path(state, "path", config.state_path, config.state_location);
  state.finish();

  TableReader control(root.table("control"), "[control]", context);
  read_whole_path(control, "socket", config.control_socket, config.control_location);
  if (config.control_socket.size() > max_socket_path) {
    control.error(*control.find("socket"), "socket", "the path is longer than 107 bytes, which no Unix socket can be");
  }
  control.finish();
}

void read_enforce(TableReader& root, EnforceConfig& enforce, ReadContext& context) {
  TableReader table(root.table("enforce"), "[enforce]", context);
  keep(enforce.mode, table.choice("mode", mode_names));
  keep(enforce.hook, table.choice("hook", hook_names));
  keep(enforce.priority,
       table.integer("priority", {.min = -500, .max = 500, .remark = "the usual filter chains stand at 0"}));
  keep(enforce.action, table.choice("action", verdict_names));
  keep(enforce.end_connections, table.flag("end_connections"));
  keep(enforce.element_counters, table.flag("element_counters"));
  keep(enforce.keep_on_stop, table.flag("keep_on_stop"));
  table.finish();
}

// Law 3 is nobody's to switch off unnoticed: --check warns, `status` says it too.
struct Protection {
  std::string_view key;
  bool ProtectConfig::* value;
  std::string_view without;
};
constexpr std::array<Protection, 4> protections = {{
    {"own_addresses", &ProtectConfig::own_addresses, "this machine's own addresses can be banned"},
    {"gateways", &ProtectConfig::gateways, "a ban of the default gateway can cut this machine off"},
    {"resolvers", &ProtectConfig::resolvers, "a ban of the name servers can leave this machine without names"},
    {"ssh_sessions", &ProtectConfig::ssh_sessions, "a ban can lock out the people who are logged in now"},
}};

void read_protect(TableReader& root, ProtectConfig& protect, ReadContext& context) {
  TableReader table(root.table("protect"), "[protect]", context);
  for (const auto& [key, value, without] : protections) {
    keep(protect.*value, table.flag(key));
    if (!(protect.*value)) {
      context.warning(table.place_of(key), std::string(key) + " is off: " + std::string(without));
    }
  }
  // No registry hands out more than these at once: what is wider is half the internet, not an attacker.
  keep(protect.widest_ipv4,
       table.integer("widest_ipv4", {.min = 8, .max = 32, .remark = "it is a prefix length: smaller is wider"}));
  keep(protect.widest_ipv6,
       table.integer("widest_ipv6", {.min = 19, .max = 128, .remark = "it is a prefix length: smaller is wider"}));
  keep(protect.largest_share, table.integer("largest_share", {.min = 1, .max = 100, .remark = "per cent"}));
  protect.proxies = read_prefixes(table, "proxies");
  for (const auto* item : table.list("ssh_ports")) {
    if (item->type != Value::Type::integer) {
      table.wrong_type(*item, "ssh_ports", "a port number");
    } else if (item->integer < 1 || item->integer > 65535) {
      table.error(*item, "ssh_ports", std::to_string(item->integer) + " is no port", "write a number from 1 to 65535");
    } else {
      protect.ssh_ports.push_back(static_cast<uint16_t>(item->integer));
    }
  }
  table.finish();
}

void read_limits(TableReader& root, LimitsConfig& limits, ReadContext& context) {
  TableReader table(root.table("limits"), "[limits]", context);
  keep(limits.offenders, table.integer("offenders", {.min = 1'000, .max = 10'000'000}));
  keep(limits.evidence_lines, table.integer("evidence_lines", {.min = 1, .max = 100}));
  keep(limits.evidence_bytes, table.integer("evidence_bytes", {.min = 64, .max = 65'536}));
  table.finish();
}

void read_report(TableReader& root, ReportConfig& report, ReadContext& context) {
  TableReader table(root.table("report"), "[report]", context);
  keep(report.period, table.duration("period", {.min = Seconds{3600}, .max = Seconds{31LL * 24 * 3600}}));
  keep(report.memory, table.size("memory", uint64_t{4} << 20U, uint64_t{1} << 30U));
  table.finish();
}

void read_log(TableReader& root, LogLevel& level, ReadContext& context) {
  TableReader table(root.table("log"), "[log]", context);
  keep(level, table.choice("level", level_names));
  table.finish();
}

}  // namespace

std::vector<std::string> unprotected(const ProtectConfig& protect) {
  std::vector<std::string> result;
  for (const auto& [key, value, without] : protections) {
    if (!(protect.*value)) {
      result.push_back("[protect] " + std::string(key) + " is off: " + std::string(without));
    }
  }
  return result;
}

std::vector<std::string> plain(std::vector<Text> texts) {
  std::vector<std::string> result;
  result.reserve(texts.size());
  for (auto& text : texts) {
    result.push_back(std::move(text.text));
  }
  return result;
}

Config read_config(const Value& root, ReadContext& context) {
  Config config;
  TableReader table(root, "", context);
  read_places(table, config, context);
  config.sources = read_sources(table, context);
  config.traps = read_traps(table, context);
  config.formats = read_formats(table, context);
  read_enforce(table, config.enforce, context);
  read_protect(table, config.protect, context);
  for (const auto& source : config.sources) {  // whose packets are everybody's
    config.protect.proxies.insert(config.protect.proxies.end(), source.trusted_proxies.begin(),
                                  source.trusted_proxies.end());
  }
  config.allow = read_allow(table, context);
  read_ladders(table, config, context);
  read_limits(table, config.limits, context);
  read_log(table, config.log_level, context);
  read_report(table, config.report, context);
  config.whois = read_whois(table, context);
  config.http = read_http(table, context);
  config.notifies = read_notifies(table, context);
  table.finish();
  context.report_unknown();
  return config;
}

Config parse_config(std::string_view text, const std::string& name, Diagnostics& diagnostics,
                    const std::vector<std::string>& settings) {
  auto root = parse_toml(text, name, diagnostics);
  if (!root || !lay_over(*root, settings, diagnostics)) {
    return {};
  }
  ReadContext context(name, diagnostics);
  auto config = read_config(*root, context);
  config.path = name;
  return config;
}

Config load_config(const std::string& path, Diagnostics& diagnostics, const std::vector<std::string>& settings) {
  const auto text = read_document(path, "configuration", diagnostics);
  if (!text) {
    return {};
  }
  return parse_config(*text, path, diagnostics, settings);
}

}  // namespace ipguard::config
