#include "config/config.h"

#include <array>
#include <map>
#include <utility>

#include "config/config_reader.h"

namespace ipguard::config {
namespace {

constexpr std::array<std::string_view, 2> start_names = {"end", "start"};
constexpr std::array<std::string_view, 2> mode_names = {"enforce", "dry-run"};
constexpr std::array<std::string_view, 4> hook_names = {"input-and-forward", "input", "forward", "prerouting"};
constexpr std::array<std::string_view, 2> verdict_names = {"drop", "reject"};
constexpr std::array<std::string_view, 4> level_names = {"debug", "info", "warning", "error"};

// sun_path of unix(7) holds 108 bytes with the terminating zero.
constexpr size_t max_socket_path = 107;

std::vector<std::string> plain(std::vector<Text> texts) {
  std::vector<std::string> result;
  result.reserve(texts.size());
  for (auto& text : texts) {
    result.push_back(std::move(text.text));
  }
  return result;
}

bool has_open_bracket(std::string_view glob) {
  // The first character behind '[' (or "[!") belongs to the set, even if it is ']': glob(7).
  for (size_t at = 0; at < glob.size(); ++at) {
    if (glob[at] == '\\') {
      ++at;
    } else if (glob[at] == '[') {
      const size_t first = at + (at + 1 < glob.size() && glob[at + 1] == '!' ? 2 : 1);
      at = glob.find(']', first + 1);
      if (at == std::string_view::npos) {
        return true;
      }
    }
  }
  return false;
}

// What would be waited for in vain.
void check_path(const Text& path, ReadContext& context) {
  if (path.text.starts_with('~')) {
    context.error(path.place, "paths: '~' stands for itself here, not for a home folder",
                  "write the whole path, such as \"/home/NAME/x.log\"");
  } else if (!path.text.starts_with('/')) {
    context.warning(path.place, "paths: not from the root: looked for in whatever folder ipguardd is started in",
                    "write the whole path, such as \"/var/log/x.log\"");
  }
  if (has_open_bracket(path.text)) {
    context.warning(path.place, "paths: the '[' has no ']': it stands for itself",
                    "close it, as in \"/var/log/[a-z]*.log\", or write \"\\\\[\" for the character");
  }
}

// `names`: where each source name was seen first.
SourceConfig read_source(const Value& value, std::map<std::string, Place>& names, ReadContext& context) {
  TableReader table(value, "[[source]]", context);
  SourceConfig source;
  source.location = context.location(value.place);
  source.format_location = context.location(table.place_of("format"));
  keep(source.name, table.label("name"));
  auto paths = table.texts("paths");
  for (const auto& path : paths) {
    check_path(path, context);
  }
  source.paths = plain(std::move(paths));
  keep(source.format, table.text("format"));
  keep(source.from, table.choice("from", start_names));
  keep(source.max_line, table.size("max_line", 1U << 10, 16U << 20));
  if (table.find("name") == nullptr) {
    context.error(value.place, "a source needs a name", "add name = \"web\" (or what it is)");
  }
  if (table.find("paths") == nullptr) {
    context.error(value.place, "a source needs paths", "add paths = [\"/var/log/nginx/*access.log\"]");
  }
  if (!source.name.empty()) {
    const auto [first, fresh] = names.try_emplace(source.name, table.place_of("name"));
    if (!fresh) {
      table.error(*table.find("name"), "name", "another source is called '" + source.name + "' already",
                  "the first is at " + location_text(context.location(first->second)));
    }
  }
  table.finish();
  return source;
}

void read_sources(TableReader& root, Config& config, ReadContext& context) {
  std::map<std::string, Place> names;
  for (const auto* value : root.tables("source")) {
    config.sources.push_back(read_source(*value, names, context));
  }
  const auto* written = root.find("source");
  if (written == nullptr || (written->type == Value::Type::array && written->items.empty())) {
    context.warning(written == nullptr ? Place{} : written->place,
                    "no [[source]]: no log is followed, only manual bans are possible",
                    "add [[source]] with name and paths");
  }
}

void read_places(TableReader& root, Config& config, ReadContext& context) {
  TableReader database(root.table("database"), "[database]", context);
  if (database.find("paths") != nullptr) {
    config.database_paths = plain(database.texts("paths"));
  }
  database.finish();

  TableReader rules(root.table("rules"), "[rules]", context);
  if (const auto* paths = rules.find("paths")) {
    config.rule_paths = plain(rules.texts("paths", true));
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
  keep(config.state_path, state.text("path"));
  state.finish();

  TableReader control(root.table("control"), "[control]", context);
  keep(config.control_socket, control.text("socket"));
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

void read_log(TableReader& root, std::string& level, ReadContext& context) {
  TableReader table(root.table("log"), "[log]", context);
  if (const auto choice = table.choice("level", level_names)) {
    level = level_names[*choice];
  }
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

Config read_config(const Value& root, ReadContext& context) {
  Config config;
  TableReader table(root, "", context);
  read_places(table, config, context);
  read_sources(table, config, context);
  read_enforce(table, config.enforce, context);
  read_protect(table, config.protect, context);
  config.allow = read_allow(table, context);
  read_ladders(table, config, context);
  read_limits(table, config.limits, context);
  read_log(table, config.log_level, context);
  config.whois = read_whois(table, context);
  table.finish();
  context.report_unknown();
  return config;
}

Config parse_config(std::string_view text, const std::string& name, Diagnostics& diagnostics) {
  const auto root = parse_toml(text, name, diagnostics);
  if (!root) {
    return {};
  }
  ReadContext context(name, diagnostics);
  auto config = read_config(*root, context);
  config.path = name;
  return config;
}

Config load_config(const std::string& path, Diagnostics& diagnostics) {
  const auto text = read_document(path, "configuration", diagnostics);
  if (!text) {
    return {};
  }
  return parse_config(*text, path, diagnostics);
}

}  // namespace ipguard::config
