// bans: what is banned, why and for how long, as a table.
#include <algorithm>
#include <iostream>

#include "base/text.h"
#include "base/time.h"
#include "cli/command.h"
#include "cli/options.h"
#include "cli/table.h"
#include "control/client.h"

namespace ipguard::cli {
namespace {

std::string as_text(const Json& ban) {
  const auto asn = cell(ban, "asn");
  const auto name = cell(ban, "as_name");
  return name == "-" ? asn : asn + ' ' + printable(ban["as_name"].get<std::string>(), 28);
}

std::string left_text(const Json& ban, TimePoint now) {
  if (ban.contains("ending")) {
    return cell(ban, "ending");
  }
  return cell(ban, "confirm_by") == "-" ? time_left(ban["until"], now)
                                        : time_left(ban["confirm_by"], now) + " to confirm";
}

std::vector<std::string> evidence_of(const Json& ban) {
  std::vector<std::string> lines;
  for (const auto& line : ban.value("evidence", Json::array())) {
    lines.push_back(cell(line, "path") + ':' + cell(line, "offset") + ": " + cell(line, "line"));
  }
  return lines;
}

// `ended`: of those that are over.
void print_bans(const Json& bans, bool ended, TimePoint now) {
  if (bans.empty()) {
    std::cout << "nothing is banned\n";
    return;
  }
  if (bans.front().value("dry_run", false)) {
    std::cout << dry_run_remark << ", these would " << (ended ? "have been" : "be") << " banned\n";
  }
  // With element_counters only.
  const bool counted = std::ranges::any_of(bans, [](const Json& ban) { return ban.contains("dropped"); });
  std::vector<std::string> titles = {"TARGET", "SCOPE", "LEFT", "CC", "AS", "WHY"};
  if (counted) {
    titles.insert(titles.begin() + 3, "PACKETS");
  }
  Table table(titles);
  for (const auto& ban : bans) {
    std::vector<std::string> cells = {cell(ban, "target"),       cell(ban, "scope"), left_text(ban, now),
                                      cell(ban, "country_code"), as_text(ban),       cell(ban, "reason")};
    if (counted) {
      cells.insert(cells.begin() + 3, ban.contains("dropped") ? cell(ban["dropped"], "packets") : "-");
    }
    table.add(cells, evidence_of(ban));
  }
  std::cout << table.to_string(terminal_width());
}

}  // namespace

Action prepare_bans(CLI::App& app) {
  struct Options : DaemonOptions {
    bool ended = false;
    bool evidence = false;
  };
  auto options = std::make_shared<Options>();
  add_daemon_options(app, *options);
  app.add_flag("--ended", options->ended, "those that are over, newest first, instead of the active ones");
  app.add_flag("--evidence", options->evidence, "with the log lines that each rests on");
  return [options]() -> Result<> {
    const Json arguments = {{"ended", options->ended}, {"evidence", options->evidence}};
    auto reply = control::call(options->socket, {.command = "bans", .arguments = arguments});
    if (!reply) {
      return std::unexpected(std::move(reply.error()));
    }
    if (options->json) {
      print_json(*reply);
    } else {
      print_bans(*reply, options->ended, wall_clock_now());
    }
    return {};
  };
}

}  // namespace ipguard::cli
