// status: the daemon's own document, for people.
#include <algorithm>
#include <iostream>
#include <map>

#include "base/text.h"
#include "base/time.h"
#include "cli/command.h"
#include "cli/loss_text.h"
#include "cli/options.h"
#include "cli/table.h"
#include "control/client.h"

namespace ipguard::cli {
namespace {

constexpr size_t label_width = 15;

size_t terminal_columns() { return terminal_width().value_or(SIZE_MAX); }

// "LABEL          text", the text wrapped under itself on a terminal.
void print_field(std::string_view label, std::string_view text) {
  auto lines = wrapped(text, terminal_columns(), label_width);
  lines.replace(0, label.size(), label);
  std::cout << lines;
}

std::string number(const Json& value) {
  return value.is_number_unsigned() || value.is_number_integer() ? group_digits(value.get<uint64_t>()) : "?";
}

using ipguard::counted;
std::string counted(const Json& value, std::string_view one, std::string_view many) {
  return counted(value.is_number_unsigned() ? value.get<uint64_t>() : 0, one, many);
}

void print_head(const Json& status) {
  const std::string head =
      "ipguardd " + cell(status, "version") + ", up " + short_duration(Seconds(status.value("uptime_seconds", 0LL)));
  const bool dry_run = is_dry_run(status);
  std::cout << wrapped(head + (dry_run ? ", DRY-RUN: nothing is blocked, this is what would be; a restart begins afresh"
                                       : ", enforcing"),
                       terminal_columns(), 0);
  print_field("configuration", cell(status, "configuration") + ", " + counted(status["rules"], "rule", "rules"));
  for (const auto& note : status.value("notes", Json::array())) {
    print_field("", printable(note.get<std::string>()));
  }
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

// The address that it listens on, what it answered, and which bounds clients reached; nothing where it is off.
void print_whois(const Json& whois) {
  if (!whois.is_object()) {
    return;
  }
  std::string text = cell(whois, "listen") + ", " + counted(whois["queries"], "query", "queries") + ", " +
                     counted(whois["bulk_rows"], "line in bulk", "lines in bulk");
  const auto add = [&](const char* key, std::string_view one, std::string_view many) {
    if (const auto count = whois.value(key, uint64_t{0}); count > 0) {
      text += "; " + counted(count, one, many);
    }
  };
  add("too_long", "query was too long", "queries were too long");
  add("displaced", "connection gave way to others ([whois] connections)",
      "connections gave way to others ([whois] connections)");
  add("timed_out", "client moved nothing and was dropped", "clients moved nothing and were dropped");
  print_field("whois", text);
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
  if (is_dry_run(status)) {
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

// Beyond so many files a source is told of in sum, with those files that need looking after, or else the first ones.
constexpr size_t many_files = 12;
constexpr size_t shown_of_many = 5;

uint64_t sum_of(const std::vector<const Json*>& files, const char* key) {
  uint64_t total = 0;
  for (const auto* file : files) {
    total += file->value(key, uint64_t{0});
  }
  return total;
}

bool is_following(const Json& file) { return file.value("state", "") == "following"; }

void add_file(Table& table, const std::string& name, const Json& file) {
  const auto files = file.value("files", uint64_t{1});
  table.add({name, number(file["lines"]), number(file["hits"]),
             lost_text(file.value("lost_bytes", 0ULL), file.value("losses_of_unknown_size", 0ULL),
                       file.value("reread_bytes", 0ULL)),
             cell(file, "state"),
             cell(file, "path") + (files > 1 ? " (" + counted(files, "file", "files") + ')' : "")});
}

void add_source_rows(Table& table, const std::string& name, std::vector<const Json*> files) {
  if (files.size() <= many_files) {
    for (const auto* file : files) {
      add_file(table, name, *file);
    }
    return;
  }
  const auto quiet = std::ranges::stable_partition(files, [](const Json* file) {
    return !is_following(*file) || file->value("lost_bytes", 0ULL) + file->value("losses_of_unknown_size", 0ULL) +
                                           file->value("reread_bytes", 0ULL) >
                                       0;
  });
  const auto following = std::ranges::count_if(files, [](const Json* file) { return is_following(*file); });
  table.add(
      {name, group_digits(sum_of(files, "lines")), group_digits(sum_of(files, "hits")),
       lost_text(sum_of(files, "lost_bytes"), sum_of(files, "losses_of_unknown_size"), sum_of(files, "reread_bytes")),
       "following " + group_digits(static_cast<uint64_t>(following)),
       counted(sum_of(files, "files"), "file", "files") + ", of which:"});
  for (size_t i = 0; i < shown_of_many; ++i) {
    add_file(table, name, *files[i]);
  }
  const size_t worse = files.size() - quiet.size();
  const bool all_worse_shown = worse <= shown_of_many;
  table.add({name, "", "", "", "",
             "… and " + group_digits(files.size() - shown_of_many) + " more" +
                 (all_worse_shown ? "" : ", not all of them well") + ": see --json"});
}

void print_sources(const Json& sources) {
  std::vector<std::string> names;  // in the order of their first files
  std::map<std::string, std::vector<const Json*>> files;
  for (const auto& source : sources) {
    const auto name = cell(source, "name");
    if (files[name].empty()) {
      names.push_back(name);
    }
    files[name].push_back(&source);
  }
  Table table({"SOURCE", "LINES", "HITS", "LOST", "STATE", "FILE"});
  for (const auto& name : names) {
    add_source_rows(table, name, files[name]);
  }
  std::cout << '\n' << table.to_string(terminal_width());
}

// What each source has lost since it was first followed, over all restarts.
void print_losses(const Json& losses) {
  if (const auto text = losses_text(losses); !text.empty()) {
    print_field("lost", text);
  }
}

// Bounds that were reached, and what else happened to the sources; nothing on a quiet day.
void print_happenings(const Json& status) {
  std::string text;
  const auto add = [&text](uint64_t count, std::string_view one, std::string_view many) {
    if (count > 0) {
      text += (text.empty() ? "" : "; ") + counted(count, one, many);
    }
  };
  std::vector<const Json*> files;
  for (const auto& source : status["sources"]) {
    files.push_back(&source);
  }
  if (const auto behind = sum_of(files, "behind_bytes"); behind > 0) {
    text = format_size(behind) + " still to read";
  }
  add(sum_of(files, "untrusted_lines"), "line of the journal from a sender who may not be who it says was not judged",
      "lines of the journal from senders who may not be who they say were not judged");
  add(sum_of(files, "overlong_lines"), "line longer than max_line was cut", "lines longer than max_line were cut");
  add(sum_of(files, "lost_messages"), "message was dropped by the kernel", "messages were dropped by the kernel");
  add(sum_of(files, "refused_messages"), "message came from no sender of its source and was dropped",
      "messages came from no sender of their source and were dropped");
  add(sum_of(files, "rotations"), "rotation", "rotations");
  add(sum_of(files, "truncations"), "truncation", "truncations");
  const Json sources_read = status.value("reading", Json::array());
  std::vector<const Json*> reading;
  for (const auto& source : sources_read) {
    reading.push_back(&source);
  }
  add(sum_of(reading, "unread_lines"), "line looked like an attack, but is not of its source's format",
      "lines looked like attacks, but are not of their source's format");
  add(sum_of(reading, "stamps_ahead"), "hit was stamped in the future", "hits were stamped in the future");
  add(sum_of(reading, "stale_hits"), "hit was too old to ban anybody", "hits were too old to ban anybody");
  const auto& counters = status["counters"];
  add(counters.value("offenders_evicted", uint64_t{0}), "count was given up ([limits] offenders)",
      "counts were given up ([limits] offenders)");
  add(counters.value("good_clients_forgotten", uint64_t{0}), "good client was forgotten ([collateral] clients)",
      "good clients were forgotten ([collateral] clients)");
  if (!text.empty()) {
    std::cout << wrapped(text, terminal_columns(), 0);
  }
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
    print_whois((*reply)["whois"]);
    for (const auto& warning : (*reply)["warnings"]) {
      print_field("WARNING", printable(warning.get<std::string>()));
    }
    print_losses(reply->value("losses", Json::array()));
    print_sources((*reply)["sources"]);
    print_happenings(*reply);
    return {};
  };
}

}  // namespace ipguard::cli
