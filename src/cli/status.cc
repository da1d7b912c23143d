#include <iostream>

#include "base/text.h"
#include "cli/command.h"
#include "cli/options.h"
#include "cli/table.h"
#include "control/client.h"

namespace ipguard::cli {
namespace {

constexpr size_t label_width = 15;

// "LABEL          text", the text wrapped under itself on a terminal.
void print_field(std::string_view label, std::string_view text) {
  auto lines = wrapped(text, terminal_width().value_or(SIZE_MAX), label_width);
  lines.replace(0, label.size(), label);
  std::cout << lines;
}

std::string number(const Json& value) {
  return value.is_number_unsigned() || value.is_number_integer() ? group_digits(value.get<uint64_t>()) : "?";
}

std::string counted(const Json& value, std::string_view one, std::string_view many) {
  return cli::counted(value.is_number_unsigned() ? value.get<uint64_t>() : 0, one, many);
}

void print_head(const Json& status) {
  std::cout << "ipguardd " << cell(status, "version") << ", up "
            << short_duration(Seconds(status.value("uptime_seconds", 0LL)));
  if (status.value("mode", "") == "dry-run") {
    std::cout << ", DRY-RUN: nothing is blocked, this is what would be\n";
  } else {
    std::cout << ", enforcing\n";
  }
  print_field("configuration", cell(status, "configuration") + ", " + counted(status["rules"], "rule", "rules"));
}

// The day that the file says; it may say anything.
std::string build_day(const Json& epoch) {
  constexpr uint64_t latest = 253'402'300'799;  // the end of the year 9999
  if (!epoch.is_number_unsigned() || epoch.get<uint64_t>() > latest) {
    return "at no known time";
  }
  return format_rfc3339(TimePoint(Seconds(epoch.get<int64_t>()))).substr(0, 10);
}

// Of a description in several sentences the first says what the database is, as its type does; whom its data are owed
// to follows.
std::string_view attribution_of(std::string_view description) {
  const auto end = description.find(". ");
  return end == std::string_view::npos ? description : trim(description.substr(end + 2));
}

void print_database(const Json& database) {
  if (!database.is_object()) {
    return;
  }
  std::string text = cell(database, "path") + " (" + cell(database, "type") + ", built " +
                     build_day(database["build_epoch"]) + ", " + counted(database["age_days"], "day", "days") + " old";
  if (database["networks"].is_number()) {
    text += ", " + counted(database["networks"], "network", "networks");
  }
  print_field("database", text + ')');
  const auto description = database.value("attribution", "");
  if (const auto attribution = attribution_of(description); !attribution.empty()) {
    print_field("", printable(attribution));
  }
}

std::string dropped_text(const Json& dropped) {
  std::string text;
  for (const auto& [scope, counter] : dropped.items()) {
    text += (text.empty() ? "by " : ", by ") + scope + ' ' + counted(counter["packets"], "packet", "packets") + " (" +
            format_size(counter.value("bytes", 0ULL)) + ')';
  }
  return text;
}

void print_bans(const Json& status) {
  const auto& bans = status["bans"];
  const auto& kernel = status["kernel"];
  std::string text = counted(bans["address"], "address", "addresses") + ", " +
                     counted(bans["route"], "route", "routes") + ", " + counted(bans["asn"], "AS", "ASes") + ", " +
                     counted(bans["country"], "country", "countries");
  if (status.value("mode", "") == "dry-run") {
    text += "; the kernel would hold " + counted(kernel["wanted"], "element", "elements") + " (dry-run)";
  } else {
    text +=
        "; the kernel holds " + number(kernel["enforced"]) + " of " + counted(kernel["wanted"], "element", "elements");
  }
  print_field("bans", text);
  if (kernel.value("restorations", 0ULL) > 0) {
    print_field("restored", counted(kernel["restorations"], "time", "times") + ", when others had changed the table: " +
                                counted(kernel["elements_restored"], "element", "elements") + " put back, " +
                                counted(kernel["elements_removed"], "foreign one", "foreign ones") + " removed");
  }
  if (kernel.contains("dropped")) {
    print_field("dropped", dropped_text(kernel["dropped"]));
  }
  if (kernel.value("connections_ended", 0ULL) > 0) {
    print_field("ended", counted(kernel["connections_ended"], "connection", "connections") + " of the banned");
  }
  const auto& counters = status["counters"];
  print_field("seen", counted(counters["hits"], "hit", "hits") + ", " +
                          counted(counters["offences"], "offence", "offences") + ", " +
                          counted(counters["refused"], "ban", "bans") + " refused, " +
                          counted(counters["hits_allowed"], "hit", "hits") + " of allowed addresses");
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
      print_field("WARNING", printable(warning.get<std::string>()));
    }
    print_sources((*reply)["sources"]);
    return {};
  };
}

}  // namespace ipguard::cli
