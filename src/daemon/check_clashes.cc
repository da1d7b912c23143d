#include "daemon/check_clashes.h"

#include <fnmatch.h>

#include <algorithm>
#include <filesystem>
#include <optional>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include "base/file.h"
#include "base/text.h"
#include "net/endpoint.h"

namespace ipguard::daemon {
namespace {

// By name, or by what is there.
bool same_file(const std::string& a, const std::string& b) {
  std::error_code none;
  return std::filesystem::path(a).lexically_normal() == std::filesystem::path(b).lexically_normal() ||
         std::filesystem::equivalent(a, b, none);
}

// One listener: where, whose, and where that is written.
struct Listener {
  std::optional<net::Endpoint> tcp;  // none: `path`
  std::string path;
  std::string whose;
  model::Location location;
};

bool is_any(const net::Address& address) {
  static const auto any4 = *net::Address::parse("0.0.0.0");
  static const auto any6 = *net::Address::parse("::");
  return address == any4 || address == any6;
}

bool clash(const Listener& a, const Listener& b) {
  if (!a.tcp || !b.tcp) {
    return !a.tcp && !b.tcp && same_file(a.path, b.path);
  }
  const auto& x = a.tcp->address;
  const auto& y = b.tcp->address;
  return a.tcp->port == b.tcp->port && x.is_ipv4() == y.is_ipv4() && (x == y || is_any(x) || is_any(y));
}

void add_sources(const config::Config& config, std::vector<Listener>& all) {
  using Transport = config::ListenEndpoint::Transport;
  for (const auto& source : config.sources) {
    for (size_t i = 0; i < source.listen.size(); ++i) {
      const auto& listen = source.listen[i];
      if (listen.transport == Transport::udp) {
        continue;  // ports of its own, which nothing else has
      }
      all.push_back({.tcp = listen.is_unix() ? std::nullopt : std::optional(listen.endpoint),
                     .path = listen.path,
                     .whose = "source '" + source.name + '\'',
                     .location = i < source.listen_locations.size() ? source.listen_locations[i] : source.location});
    }
  }
  for (const auto& trap : config.traps) {
    for (const auto& address : trap.listen) {
      for (const auto port : trap.ports) {
        all.push_back({.tcp = net::Endpoint{.address = address, .port = port},
                       .path = {},
                       .whose = "trap '" + trap.name + '\'',
                       .location = trap.location});
      }
    }
  }
}

// In the order in which one gives way to the other's being there first.
std::vector<Listener> listeners_of(const config::Config& config) {
  std::vector<Listener> all = {
      {.tcp = std::nullopt, .path = config.control_socket, .whose = "[control]", .location = config.control_location}};
  add_sources(config, all);
  if (config.http.listen.starts_with(config::unix_prefix)) {
    all.push_back({.tcp = std::nullopt,
                   .path = config.http.listen.substr(config::unix_prefix.size()),
                   .whose = "[http]",
                   .location = config.http.listen_location});
  } else if (const auto endpoint = net::Endpoint::parse(config.http.listen)) {
    all.push_back({.tcp = endpoint, .path = {}, .whose = "[http]", .location = config.http.listen_location});
  }
  if (const auto endpoint = net::Endpoint::parse(config.whois.listen)) {
    all.push_back({.tcp = endpoint, .path = {}, .whose = "[whois]", .location = config.whois.listen_location});
  }
  return all;
}

void check_listeners(const config::Config& config, config::Diagnostics& diagnostics) {
  const auto all = listeners_of(config);
  for (auto late = all.begin(); late != all.end(); ++late) {
    const auto early = std::find_if(all.begin(), late, [&](const Listener& other) { return clash(other, *late); });
    if (early == late) {
      continue;
    }
    diagnostics.error(late->location.line > 0 ? late->location : model::Location{.file = config.path},
                      late->whose + " and " + early->whose + " listen at the same place: " +
                          (late->tcp ? late->tcp->to_string() : in_quotes(late->path, 120)),
                      "only one of them can: write another place for the other");
  }
}

// What ipguard itself reads or writes at a path, "" if nothing.
std::string own_use_of(const std::string& path, const config::Config& config) {
  for (const auto* name : {"ipguard.db", "ipguard.db-wal", "ipguard.db-shm"}) {
    if (same_file(path, config.state_path + '/' + name)) {
      return "is the state's database";
    }
  }
  const auto is_path = [&path](const std::string& other) { return !other.empty() && same_file(path, other); };
  if (is_path(config.http.token_file) ||
      std::ranges::any_of(config.notifies, is_path, &config::NotifyConfig::token_file)) {
    return "holds a token";
  }
  if (is_path(config.path)) {
    return "is the configuration";
  }
  if (std::ranges::any_of(config.rule_paths, is_path)) {
    return "holds rules";
  }
  return std::ranges::any_of(config.database_paths, is_path) ? "is a database" : "";
}

void check_event_file(const config::NotifyConfig& notify, const config::Config& config,
                      config::Diagnostics& diagnostics) {
  const std::string head = "path: " + in_quotes(notify.path, 120) + ' ';
  constexpr const char* hint = "write the path of a file of its own, such as \"/var/log/ipguard/events.json\"";
  if (const auto use = own_use_of(notify.path, config); !use.empty()) {
    diagnostics.error(notify.place_location, head + use + ": events would be written into it", hint);
    return;
  }
  const auto plain = std::filesystem::path(notify.path).lexically_normal().string();
  for (const auto& source : config.sources) {
    for (const auto* paths : {&source.paths, &source.fallback}) {
      for (const auto& path : *paths) {
        if (!has_glob_characters(path) && same_file(notify.path, path)) {
          diagnostics.error(notify.place_location, head + "is a log that source '" + source.name + "' follows", hint);
          return;
        }
        if (::fnmatch(path.c_str(), plain.c_str(), FNM_PERIOD | FNM_PATHNAME) == 0) {
          diagnostics.warning(notify.place_location, head + "is among the logs of source '" + source.name + "', " +
                                                         in_quotes(path, 120) +
                                                         ": what is written there is read as a log");
          return;
        }
      }
    }
  }
}

}  // namespace

void check_clashes(const config::Config& config, config::Diagnostics& diagnostics) {
  check_listeners(config, diagnostics);
  for (const auto& notify : config.notifies) {
    if (notify.type == config::NotifyType::file && notify.path.starts_with('/')) {
      check_event_file(notify, config, diagnostics);
    }
  }
}

}  // namespace ipguard::daemon
