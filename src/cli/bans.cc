#include <iostream>

#include "base/text.h"
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
  return ban.contains("ending") ? cell(ban, "ending") : time_left(ban["until"], now);
}

void print_evidence(const Json& ban) {
  for (const auto& line : ban.value("evidence", Json::array())) {
    std::cout << "    " << cell(line, "path") << ':' << cell(line, "offset") << ": " << cell(line, "line") << '\n';
  }
}

void print_bans(const Json& bans, bool evidence, TimePoint now) {
  if (bans.empty()) {
    std::cout << "nothing is banned\n";
    return;
  }
  const std::vector<std::string> header = {"SCOPE", "TARGET", "LEFT", "CC", "AS", "WHY"};
  Table table(header);
  for (const auto& ban : bans) {
    const std::vector<std::string> row = {cell(ban, "scope"),        cell(ban, "target"), left_text(ban, now),
                                          cell(ban, "country_code"), as_text(ban),        cell(ban, "reason")};
    if (!evidence) {
      table.add(row);
      continue;
    }
    Table single(header);
    single.add(row);
    std::cout << single.to_string(terminal_width());
    print_evidence(ban);
  }
  if (!evidence) {
    std::cout << table.to_string(terminal_width());
  }
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
      print_bans(*reply, options->evidence, wall_clock_now());
    }
    return {};
  };
}

}  // namespace ipguard::cli
