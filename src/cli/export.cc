// export: what is banned, for another ipguard or another program.
#include <algorithm>
#include <iostream>

#include "base/text.h"
#include "cli/ban_list.h"
#include "cli/command.h"
#include "cli/options.h"
#include "control/client.h"
#include "model/scope.h"

namespace ipguard::cli {
namespace {

struct ExportOptions {
  std::string socket;
  std::string format = "list";
  std::vector<std::string> scopes;
};

Result<> export_list(const ExportOptions& options) {
  const auto format = list_format_from(options.format);
  if (!format || *format == ListFormat::automatic) {
    return fail(Errc::usage, "--format: '" + printable(options.format, 40) + "' is none of list, csv and json");
  }
  for (const auto& scope : options.scopes) {
    if (!model::scope_from(scope)) {
      return fail(Errc::usage, "--scope: '" + printable(scope, 40) + "' is none of address, route, asn and country");
    }
  }
  auto bans = control::call(options.socket, {.command = "bans", .arguments = Json::object()}, 300);
  if (!bans) {
    return std::unexpected(std::move(bans.error()));
  }
  Json chosen = Json::array();
  for (auto& ban : *bans) {
    if (options.scopes.empty() || std::ranges::find(options.scopes, ban.value("scope", "")) != options.scopes.end()) {
      chosen.push_back(std::move(ban));
    }
  }
  std::cout << write_ban_list(chosen, *format);
  return {};
}

}  // namespace

Action prepare_export(CLI::App& app) {
  auto options = std::make_shared<ExportOptions>();
  DaemonOptions defaults;
  options->socket = defaults.socket;
  app.add_option("--socket", options->socket, "the daemon's control socket")->type_name("PATH")->capture_default_str();
  app.add_option("--format", options->format,
                 "list (a target a line), csv or json (with ends and reasons, which 'import' reads)")
      ->type_name("list|csv|json")
      ->capture_default_str();
  app.add_option("--scope", options->scopes, "only bans of this scope: address, route, asn or country; may be repeated")
      ->type_name("SCOPE")
      ->allow_extra_args(false);
  return [options] { return export_list(*options); };
}

}  // namespace ipguard::cli
