// whois-serve: a whois server by itself, from the databases alone.
#include <csignal>
#include <iostream>

#include "base/log.h"
#include "base/time.h"
#include "cli/command.h"
#include "cli/options.h"
#include "enrich/whois_source.h"
#include "loop/background.h"
#include "loop/event_loop.h"
#include "whois/server.h"

namespace ipguard::cli {
namespace {

Result<> serve(const std::vector<std::string>& databases, const std::string& listen, const whois::Limits& limits) {
  auto routes = open_database(databases, "/var/tmp");
  if (!routes) {
    return std::unexpected(std::move(routes.error()));
  }
  enrich::WhoisSource source(*routes);
  loop::EventLoop loop;
  std::optional<whois::Server> server;
  // Indexes are built beside the loop: what AS have at once, the one for look-ups when many are asked for.
  loop::Background<bool> systems(loop, [&server](bool) { server->resume(); });
  loop::Background<bool> lookups(loop, [](bool) {});
  bool lookups_wanted = false;
  const auto count_and_give = [&]() -> enrich::WhoisSource* {
    if (!lookups_wanted && source.wants_index()) {
      lookups_wanted = true;
      lookups.start([table = *routes] {
        table->index_lookups();
        return true;
      });
    }
    return &source;
  };
  server.emplace(loop, whois::directory_over(count_and_give, [] { return format_rfc3339(wall_clock_now()); }), limits);
  if (auto listening = server->listen(listen); !listening) {
    return listening;
  }
  const loop::SignalWatcher term(loop, SIGTERM, [&loop] { loop.stop(); });
  const loop::SignalWatcher interrupt(loop, SIGINT, [&loop] { loop.stop(); });
  systems.start([table = *routes] {
    (void)table->systems();
    return true;
  });
  log_info("whois on " + listen);
  loop.run();
  const auto& counters = server->counters();
  log_info("stopping: " + std::to_string(counters.queries) + " queries and " + std::to_string(counters.rows) +
           " lines of bulk queries answered");
  return {};
}

}  // namespace

Action prepare_whois_serve(CLI::App& app) {
  struct WhoisOptions {
    std::vector<std::string> databases;
    std::string listen = "127.0.0.1:8043";
    whois::Limits limits;
  };
  auto options = std::make_shared<WhoisOptions>();
  app.footer(
      "A replaced database is not taken over: restart it then. ([whois] in the daemon takes it over by itself.)");
  add_database_option(app, options->databases);
  app.add_option("--listen", options->listen, "an IPv6 address stands in brackets")
      ->type_name("ADDR:PORT")
      ->capture_default_str();
  app.add_option("--connections", options->limits.connections, "open at a time; one more displaces the oldest")
      ->type_name("N")
      ->capture_default_str()
      ->check(CLI::Range(1, 65536));
  app.add_option("--client-connections", options->limits.client_connections, "the same of one client")
      ->type_name("N")
      ->capture_default_str()
      ->check(CLI::Range(1, 65536));
  return [options] { return serve(options->databases, options->listen, options->limits); };
}

}  // namespace ipguard::cli
