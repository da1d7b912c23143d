// [http] and [[notify]].
#include <algorithm>
#include <map>
#include <utility>

#include "base/ascii.h"
#include "base/text.h"
#include "config/config_reader.h"
#include "model/issuer.h"
#include "net/endpoint.h"

namespace ipguard::config {
namespace {

constexpr std::array<std::string_view, 3> token_uses = {"changes", "api", "everything"};

// What is said of a place that HTTP cannot be served at, "" if it can.
std::string wrong_place(std::string_view listen) {
  if (listen.starts_with(unix_prefix)) {
    const auto path = listen.substr(unix_prefix.size());
    if (!path.starts_with('/')) {
      return "has no whole path";
    }
    return path.size() > max_socket_path ? "has a path longer than 107 bytes, which no Unix socket can have" : "";
  }
  const auto endpoint = net::Endpoint::parse(listen);
  if (!endpoint || endpoint->port == 0) {
    return "is no address with a port";
  }
  return net::is_loopback(endpoint->address) ? "" : "is reached by other hosts";
}

bool is_host_name(std::string_view name) {
  constexpr size_t longest = 253;  // RFC 1035
  return !name.empty() && name.size() <= longest && std::ranges::all_of(name, [](char c) {
    return is_lower(c) || is_digit(c) || c == '.' || c == '-' || c == '_';
  });
}

// A whole path of a file that holds a token; what is wrong with the file is told when it is read.
std::string read_token_file(TableReader& table) {
  auto path = table.any_text("token_file").value_or("");
  if (!path.empty() && !path.starts_with('/')) {
    table.error(*table.find("token_file"), "token_file", in_quotes(path) + " is no whole path",
                "write for example \"/etc/ipguard/token\"");
    path.clear();
  }
  return path;
}

template <typename Value, size_t Count>
std::vector<Value> read_words(TableReader& table, std::string_view key,
                              const std::array<std::string_view, Count>& names) {
  std::vector<Value> values;
  for (const auto& item : table.texts(key)) {
    const auto* const found = std::ranges::find(names, item.text);
    if (found != names.end()) {
      values.push_back(static_cast<Value>(found - names.begin()));
      continue;
    }
    std::string all;
    for (const auto& name : names) {
      all += (all.empty() ? "\"" : ", \"") + std::string(name) + '"';
    }
    table.context().error(item.place, std::string(key) + ": " + in_quotes(item.text) + " is none of its words",
                          "write some of " + all);
  }
  return values;
}

// Each type has keys of its own: one of another type would be an instruction that does nothing.
struct TypeKey {
  std::string_view key;
  std::array<bool, notify_types.size()> has;
};
constexpr std::array<TypeKey, 5> type_keys = {{
    {"path", {true, false, false, false, false}},
    {"url", {false, false, false, true, false}},
    {"token_file", {false, false, false, true, false}},
    {"command", {false, false, false, false, true}},
    {"timeout", {false, false, false, true, true}},
}};

void check_type_keys(const NotifyConfig& notify, TableReader& table) {
  const auto type = static_cast<size_t>(notify.type);
  for (const auto& [key, has] : type_keys) {
    if (const auto* written = table.find(key); written != nullptr && !has.at(type)) {
      table.error(*written, key, "a [[notify]] of type \"" + std::string(notify_types.at(type)) + "\" has no such key");
    }
  }
}

void check_webhook(NotifyConfig& notify, TableReader& table) {
  const auto* written = table.find("url");
  if (written == nullptr) {
    table.context().error(table.value().place, "a webhook needs a url", "add url = \"https://hooks.example/ipguard\"");
  } else if (!notify.url.starts_with("https://") && !notify.url.starts_with("http://")) {
    table.error(*written, "url", "it begins neither with https:// nor with http://");
  }
}

void check_command(NotifyConfig& notify, TableReader& table) {
  const auto* written = table.find("command");
  if (written == nullptr) {
    table.context().error(table.value().place, "type \"exec\" needs a command",
                          "add command = [\"/usr/local/bin/on-ban\", \"--quiet\"]");
  } else if (!notify.command.empty() && !notify.command.front().starts_with('/')) {
    table.error(*written, "command", in_quotes(notify.command.front()) + " is no whole path",
                "nothing is looked for in PATH, and there is no shell: write [\"/usr/bin/logger\", \"-t\", \"bans\"]");
  }
}

void check_file(NotifyConfig& notify, TableReader& table) {
  const auto* written = table.find("path");
  if (written == nullptr) {
    table.context().error(table.value().place, "type \"file\" needs a path",
                          "add path = \"/var/log/ipguard/events.json\"");
  } else if (!notify.path.starts_with('/')) {
    table.error(*written, "path", in_quotes(notify.path) + " is no whole path");
  }
}

void read_filters(NotifyConfig& notify, TableReader& table, ReadContext& context) {
  notify.kinds = read_words<EventKind>(table, "kinds", event_kinds);
  notify.scopes = read_words<model::Scope>(table, "scopes", model::scope_names);
  for (const auto index : read_words<size_t>(table, "issuers", model::issuers)) {
    notify.issuers.emplace_back(model::issuers.at(index));
  }
  for (auto& item : table.texts("rules")) {
    notify.rules.push_back({.word = std::move(item.text), .location = context.location(item.place)});
  }
}

NotifyConfig read_notify(const Value& value, std::map<std::string, Place>& names, ReadContext& context) {
  TableReader table(value, "[[notify]]", context);
  NotifyConfig notify;
  notify.name = read_name(table, "notify", "pager", names);
  const auto type = table.choice("type", notify_types);
  if (type) {
    notify.type = static_cast<NotifyType>(*type);
  } else if (table.find("type") == nullptr) {
    context.error(value.place, "a notify needs a type",
                  "add type = \"file\", \"journal\", \"syslog\", \"webhook\" or \"exec\"");
  }
  keep(notify.path, table.text("path"));
  keep(notify.url, table.text("url"));
  notify.token_file = read_token_file(table);
  notify.token_location = location_of(table, "token_file");
  notify.place_location = location_of(table, notify.type == NotifyType::exec      ? "command"
                                             : notify.type == NotifyType::webhook ? "url"
                                                                                  : "path");
  if (table.find("command") != nullptr) {
    notify.command = plain(table.texts("command"));
  }
  keep(notify.timeout, table.duration("timeout", {.min = Seconds{1}, .max = Seconds{600}}));
  read_filters(notify, table, context);
  if (type) {
    check_type_keys(notify, table);
    switch (notify.type) {
      case NotifyType::file:
        check_file(notify, table);
        break;
      case NotifyType::webhook:
        check_webhook(notify, table);
        break;
      case NotifyType::exec:
        check_command(notify, table);
        break;
      case NotifyType::journal:
      case NotifyType::syslog:
        break;
    }
  }
  table.finish();
  return notify;
}

}  // namespace

HttpConfig read_http(TableReader& root, ReadContext& context) {
  TableReader table(root.table("http"), "[http]", context);
  HttpConfig http;
  http.listen = table.any_text("listen").value_or("");
  http.listen_location = location_of(table, "listen");
  if (!http.listen.empty()) {
    if (const auto problem = wrong_place(http.listen); !problem.empty()) {
      table.error(
          *table.find("listen"), "listen", in_quotes(http.listen, 120) + ' ' + problem,
          "write \"127.0.0.1:9147\", \"[::1]:9147\" or \"unix:/run/ipguard/http.sock\", and put a proxy with TLS in "
          "front of it for others; \"\" switches it off");
      http.listen.clear();
    }
  }
  http.token_file = read_token_file(table);
  http.token_location = location_of(table, "token_file");
  keep(http.token_for, table.choice("token_for", token_uses));
  if (http.token_for != TokenFor::changes && http.token_file.empty()) {
    table.error(*table.find("token_for"), "token_for", "there is no token", "add token_file = \"/etc/ipguard/token\"");
  }
  for (const auto& item : table.texts("hosts", true)) {
    if (is_host_name(item.text)) {
      http.hosts.push_back(item.text);
    } else {
      context.error(item.place, "hosts: " + in_quotes(item.text) + " is no name of a host",
                    "write it in lower case and without a port, such as \"metrics.example\"");
    }
  }
  read_socket_mode(table, http.socket_mode);
  table.finish();
  return http;
}

std::vector<NotifyConfig> read_notifies(TableReader& root, ReadContext& context) {
  constexpr size_t most = 32;
  std::vector<NotifyConfig> all;
  std::map<std::string, Place> names;
  for (const auto* value : root.tables("notify")) {
    all.push_back(read_notify(*value, names, context));
    if (all.size() == most + 1) {
      context.error(value->place, "more than " + std::to_string(most) + " [[notify]] tables");
    }
  }
  return all;
}

}  // namespace ipguard::config
