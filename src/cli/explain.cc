#include <iostream>

#include "base/text.h"
#include "cli/command.h"
#include "cli/options.h"
#include "cli/table.h"
#include "control/client.h"
#include "net/address.h"

namespace ipguard::cli {
namespace {

void print_lines(const Json& lines) {
  for (const auto& line : lines) {
    std::cout << "      " << cell(line, "path") << ':' << cell(line, "offset") << ": " << cell(line, "line") << '\n';
  }
}

void print_verdict(const Json& explanation) {
  const bool dry_run = explanation.value("mode", "") == "dry-run";
  const bool banned = explanation.value("banned", false);
  std::cout << cell(explanation, "address")
            << (banned ? (dry_run ? " would be banned" : " is banned") : " is not banned");
  if (!dry_run) {
    const auto& kernel = explanation["kernel"];
    std::cout << (kernel.is_null()     ? "; the kernel could not be asked"
                  : kernel.get<bool>() ? "; the kernel drops its packets"
                                       : "; the kernel lets its packets pass");
  }
  std::cout << '\n';
  const auto& route = explanation["route"];
  if (route.value("found", false)) {
    std::cout << "  route " << cell(route, "route") << ", " << cell(route, "asn") << ' ' << cell(route, "as_name")
              << ", " << cell(route, "country") << '\n';
  } else {
    std::cout << "  route " << cell(route, "route")
              << ": the database has no data, so nothing wider than the address can be banned\n";
  }
}

void print_decisions(const Json& decisions, TimePoint now) {
  for (const auto& decision : decisions) {
    std::cout << "  banned as " << cell(decision, "scope") << ' ' << cell(decision, "target")
              << ", left: " << time_left(decision["until"], now) << ", since " << cell(decision, "since") << '\n';
    std::cout << "    " << cell(decision, "reason") << '\n';
    if (cell(decision, "rule") != "-") {
      std::cout << "    rule " << cell(decision, "rule") << ", issued by the " << cell(decision, "issuer");
      std::cout << "; covers " << group_digits(decision.value("addresses_covered", 0ULL))
                << " address(es); banned before: " << cell(decision, "repeat") << " time(s)\n";
    }
    print_lines(decision["evidence"]);
  }
}

void print_rest(const Json& explanation) {
  for (const auto& reason : explanation["protections"]) {
    std::cout << "  never blocked: " << printable(reason.get<std::string>()) << '\n';
  }
  for (const auto& count : explanation["counting"]) {
    std::cout << "  " << cell(count, "count") << " of " << cell(count, "threshold") << " hits of "
              << cell(count, "rule") << " within " << format_duration(Seconds(count.value("window_seconds", 0LL)))
              << '\n';
    print_lines(count["lines"]);
  }
  const auto& ladder = explanation["ladder"];
  std::cout << "  its route: " << cell(ladder, "route_offenders") << " of " << cell(ladder, "route_threshold")
            << " offenders that ban a route; its AS: " << cell(ladder, "asn_routes") << " of "
            << cell(ladder, "asn_threshold") << " banned routes that ban an AS\n";
  for (const auto& ended : explanation["ended"]) {
    std::cout << "  earlier: " << cell(ended, "scope") << ' ' << cell(ended, "target") << ' ' << cell(ended, "ending")
              << ' ' << cell(ended, "ended") << ": " << cell(ended, "reason") << '\n';
  }
  for (const auto& refusal : explanation["refusals"]) {
    std::cout << "  refused: " << printable(refusal.get<std::string>()) << '\n';
  }
  if (!explanation.value("banned", false) && explanation["protections"].empty() && explanation["counting"].empty()) {
    std::cout << "  nothing counts against it: no rule has hit it within its window\n";
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
    if (!net::Address::parse(options->address)) {
      return fail(Errc::usage, "'" + printable(options->address, 80) + "' is no IPv4 or IPv6 address");
    }
    auto reply = control::call(options->socket, {.command = "explain", .arguments = {{"address", options->address}}});
    if (!reply) {
      return std::unexpected(std::move(reply.error()));
    }
    if (options->json) {
      print_json(*reply);
      return {};
    }
    print_verdict(*reply);
    print_decisions((*reply)["decisions"], wall_clock_now());
    print_rest(*reply);
    return {};
  };
}

}  // namespace ipguard::cli
