// explain: why an address is banned, or why not, as the daemon tells it.
#include <algorithm>
#include <iostream>
#include <sstream>

#include "base/text.h"
#include "base/time.h"
#include "cli/command.h"
#include "cli/options.h"
#include "cli/table.h"
#include "config/config.h"
#include "control/client.h"
#include "net/address.h"
#include "net/prefix.h"

namespace ipguard::cli {
namespace {

bool has_system(const Json& explanation) { return !explanation["route"]["asn"].is_null(); }

// "2026-02-25T04:30:17Z" of a stamp that may have a fraction.
std::string to_the_second(const Json& object, const char* key) {
  const auto stamp = cell(object, key);
  const auto fraction = stamp.find('.');
  return fraction == std::string::npos ? stamp : stamp.substr(0, fraction) + 'Z';
}

void print_lines(std::ostream& out, const Json& lines) {
  for (const auto& line : lines) {
    const std::string path = cell(line, "path");
    const bool is_trap = path.starts_with("trap/");  // which has no lines in a file
    out << "      " << path << (is_trap ? "" : ':' + cell(line, "offset")) << ": " << cell(line, "line") << '\n';
  }
}

// Why a ban around the address leaves it out.
std::string why_left_out(const Json& explanation) {
  for (const auto& reason : explanation["protections"]) {
    return printable(reason.get<std::string>());
  }
  for (const auto& part : explanation["covered_by"].front().value("cut_out", Json::array())) {
    const auto prefix = net::Prefix::parse(part.value("prefix", ""));
    const auto address = net::Address::parse(explanation.value("address", ""));
    if (prefix && address && prefix->contains(*address)) {
      return cell(part, "reason");
    }
  }
  return "it is not part of what is blocked";
}

std::string names_of(const Json& decisions) {
  std::string names;
  for (const auto& decision : decisions) {
    names += (names.empty() ? "" : " and ") + cell(decision, "scope") + ' ' + cell(decision, "target");
  }
  return names;
}

// Which of its packets the kernel sees.
std::string packets_dropped(const Json& explanation) {
  const auto hook = explanation.value("hook", "");
  if (hook == config::to_string(config::Hook::forward)) {
    return "its packets to machines behind this host; those to this host pass (enforce.hook)";
  }
  return hook == config::to_string(config::Hook::input)
             ? "its packets to this host; those to machines behind it pass (enforce.hook)"
             : "its packets";
}

void print_verdict(std::ostream& out, const Json& explanation) {
  const bool dry_run = is_dry_run(explanation);
  const bool banned = explanation.value("banned", false);
  out << cell(explanation, "address");
  if (banned) {
    out << (dry_run ? " would be banned" : " is banned");
  } else if (explanation["covered_by"].empty()) {
    out << " is not banned";
  } else {
    out << (dry_run ? " would not be blocked: " : " is not blocked: ") << why_left_out(explanation)
        << ", although it lies in the banned " << names_of(explanation["covered_by"]);
  }
  if (!dry_run) {
    const auto& kernel = explanation["kernel"];
    out << (kernel.is_null()     ? std::string("; the kernel could not be asked")
            : kernel.get<bool>() ? "; the kernel drops " + packets_dropped(explanation)
                                 : "; the kernel lets its packets pass");
  }
  out << '\n';
  const auto& route = explanation["route"];
  if (route.value("found", false)) {
    out << "  route " << cell(route, "route") << ", ";
    if (has_system(explanation)) {
      out << cell(route, "asn") << (route["as_name"].is_null() ? "" : ' ' + cell(route, "as_name"));
    } else {
      out << "no AS known";
    }
    out << (route["country"].is_null() ? "" : ", " + cell(route, "country")) << '\n';
  } else {
    out << "  route " << cell(route, "route")
        << ": the database has no data, so nothing wider than the address can be banned\n";
  }
}

void print_decisions(std::ostream& out, const Json& explanation, TimePoint now) {
  for (const auto& decision : explanation["decisions"]) {
    out << (is_dry_run(explanation) ? "  would be banned as " : "  banned as ") << cell(decision, "scope") << ' '
        << cell(decision, "target") << ", left: " << time_left(decision["until"], now) << ", since "
        << to_the_second(decision, "since") << '\n';
    out << "    " << cell(decision, "reason") << '\n';
    if (cell(decision, "rule") != "-") {
      out << "    rule " << cell(decision, "rule") << ", issued by the " << cell(decision, "issuer");
      out << "; covers " << coverage_text(decision)
          << "; banned before: " << counted(decision.value("repeat", 0ULL), "time", "times") << '\n';
    }
    print_lines(out, decision["evidence"]);
  }
}

void print_rest(std::ostream& out, const Json& explanation) {
  for (const auto& reason : explanation["protections"]) {
    out << "  never blocked: " << printable(reason.get<std::string>()) << '\n';
  }
  for (const auto& count : explanation["counting"]) {
    const bool weighed = count.value("count", 0ULL) != count.value("hits", 0ULL);
    out << "  " << cell(count, "count") << " of " << cell(count, "threshold") << (weighed ? "" : " hits") << " of "
        << cell(count, "rule") << (weighed ? ", from " + counted(count.value("hits", 0ULL), "hit", "hits") : "")
        << " within " << format_duration(Seconds(count.value("window_seconds", 0LL))) << '\n';
    print_lines(out, count["lines"]);
  }
  const auto& ladder = explanation["ladder"];
  out << "  its route: " << cell(ladder, "route_offenders") << " of " << cell(ladder, "route_threshold")
      << " offenders that ban a route";
  if (has_system(explanation)) {
    out << "; its AS: " << cell(ladder, "asn_routes") << " of " << cell(ladder, "asn_threshold")
        << " banned routes that ban an AS";
  }
  if (ladder.value("country_threshold", 0ULL) > 0) {
    out << "; its country: " << cell(ladder, "country_asns") << " of " << cell(ladder, "country_threshold")
        << " banned AS that ban a country";
  }
  out << '\n';
  if (cell(explanation, "good_client") != "-") {
    out << "  left out of wide bans: " << cell(explanation, "good_client") << '\n';
  }
  for (const auto& ended : explanation["ended"]) {
    out << "  earlier: " << cell(ended, "scope") << ' ' << cell(ended, "target") << ' ' << cell(ended, "ending") << ' '
        << to_the_second(ended, "ended") << ": " << cell(ended, "reason") << '\n';
  }
  for (const auto& refusal : explanation["refusals"]) {
    out << "  refused: " << printable(refusal.get<std::string>()) << '\n';
  }
  if (!explanation.value("banned", false) && explanation["protections"].empty() && explanation["counting"].empty()) {
    out << "  nothing counts against it: no rule has hit it within its window\n";
  }
}

// Sentences fit the terminal, wrapped behind their indent and two more; lines of logs stay whole, to be copied.
void print_wrapped(std::string_view text) {
  constexpr size_t evidence_indent = 6;  // as print_lines() has it
  const auto width = terminal_width();
  for (auto line : split(text.substr(0, text.size() - 1), '\n')) {
    const size_t indent = std::min(line.find_first_not_of(' '), line.size());
    if (!width || indent >= evidence_indent) {
      std::cout << line << '\n';
      continue;
    }
    auto lines = wrapped(line.substr(indent), *width, indent + 2);
    lines.erase(0, 2);
    std::cout << lines;
  }
}

}  // namespace

Action prepare_explain(CLI::App& app) {
  struct Options : DaemonOptions {
    std::string address;
  };
  auto options = std::make_shared<Options>();
  app.add_option("address", options->address, "an IPv4 or IPv6 address")->type_name("ADDRESS")->required();
  add_daemon_options(app, *options);
  return [options]() -> Result<> {
    if (auto parsed = parse_addresses({options->address}); !parsed) {
      return std::unexpected(std::move(parsed.error()));
    }
    auto reply = control::call(options->socket, {.command = "explain", .arguments = {{"address", options->address}}});
    if (!reply) {
      return std::unexpected(std::move(reply.error()));
    }
    if (options->json) {
      print_json(*reply);
      return {};
    }
    std::ostringstream text;
    print_verdict(text, *reply);
    print_decisions(text, *reply, wall_clock_now());
    print_rest(text, *reply);
    print_wrapped(text.view());
    return {};
  };
}

}  // namespace ipguard::cli
