#include <iostream>

#include "base/text.h"
#include "cli/command.h"
#include "cli/options.h"
#include "cli/table.h"
#include "control/client.h"

namespace ipguard::cli {
namespace {

std::string number(const Json& value) {
  return value.is_number_unsigned() || value.is_number_integer() ? group_digits(value.get<uint64_t>()) : "?";
}

void print_head(const Json& status) {
  std::cout << "ipguardd " << cell(status, "version") << ", up "
            << short_duration(Seconds(status.value("uptime_seconds", 0LL)));
  if (status.value("mode", "") == "dry-run") {
    std::cout << ", DRY-RUN: nothing is blocked, this is what would be\n";
  } else {
    std::cout << ", enforcing\n";
  }
  std::cout << "configuration  " << cell(status, "configuration") << ", " << number(status["rules"]) << " rules\n";
}

void print_database(const Json& database) {
  if (!database.is_object()) {
    return;
  }
  std::cout << "database       " << cell(database, "path") << " (" << cell(database, "type") << ", "
            << number(database["age_days"]) << " days old)\n";
  if (!database.value("attribution", "").empty()) {
    std::cout << "               " << cell(database, "attribution") << '\n';
  }
}

void print_bans(const Json& status) {
  const auto& bans = status["bans"];
  const auto& kernel = status["kernel"];
  std::cout << "bans           " << number(bans["address"]) << " addresses, " << number(bans["route"]) << " routes, "
            << number(bans["asn"]) << " ASes; kernel holds " << number(kernel["enforced"]) << " of "
            << number(kernel["wanted"]) << " elements\n";
  if (kernel.contains("dropped")) {
    std::cout << "dropped        ";
    const char* separator = "";
    for (const auto& [scope, counter] : kernel["dropped"].items()) {
      std::cout << separator << "by " << scope << ' ' << number(counter["packets"]) << " packets";
      separator = ", ";
    }
    std::cout << '\n';
  }
  const auto& counters = status["counters"];
  std::cout << "seen           " << number(counters["hits"]) << " hits, " << number(counters["offences"])
            << " offences, " << number(counters["refused"]) << " bans refused, " << number(counters["hits_allowed"])
            << " hits of allowed addresses\n";
}

void print_sources(const Json& sources) {
  Table table({"SOURCE", "LINES", "HITS", "LOST", "STATE", "FILE"});
  for (const auto& source : sources) {
    table.add({cell(source, "name"), number(source["lines"]), number(source["hits"]),
               format_size(source.value("lost_bytes", 0ULL)), cell(source, "state"), cell(source, "path")});
  }
  std::cout << '\n' << table.to_string(terminal_width());
}

}  // namespace

Action prepare_status(CLI::App& app) {
  auto options = std::make_shared<DaemonOptions>();
  add_daemon_options(app, *options);
  return [options]() -> Result<> {
    auto reply = control::call(options->socket, {.command = "status", .arguments = Json::object()});
    if (!reply) {
      return std::unexpected(std::move(reply.error()));
    }
    if (options->json) {
      print_json(*reply);
      return {};
    }
    print_head(*reply);
    print_database((*reply)["database"]);
    for (const auto& database : (*reply)["more_databases"]) {
      print_database(database);
    }
    print_bans(*reply);
    for (const auto& warning : (*reply)["warnings"]) {
      std::cout << "WARNING        " << printable(warning.get<std::string>()) << '\n';
    }
    print_sources((*reply)["sources"]);
    return {};
  };
}

}  // namespace ipguard::cli
