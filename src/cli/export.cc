// export: what is banned, for another ipguard or another program.
#include <unistd.h>

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
    return fail(Errc::usage, "--format: " + in_quotes(options.format, 40) + " is none of list, csv and json");
  }
  for (const auto& scope : options.scopes) {
    if (!model::scope_from(scope)) {
      return fail(Errc::usage, "--scope: " + in_quotes(scope, 40) + " is none of address, route, asn and country");
    }
  }
  auto bans = control::call(options.socket, {.command = "bans", .arguments = Json::object()}, 300);
  if (!bans) {
    return std::unexpected(std::move(bans.error()));
  }
  Json chosen = Json::array();
  uint64_t unconfirmed = 0;
  uint64_t temporary = 0;
  for (auto& ban : *bans) {
    if (!options.scopes.empty() && std::ranges::find(options.scopes, ban.value("scope", "")) == options.scopes.end()) {
      continue;
    }
    if (ban.contains("confirm_by") && !ban["confirm_by"].is_null()) {
      ++unconfirmed;  // whoever imports it would make it last
      continue;
    }
    temporary += ban["until"].is_null() ? 0U : 1U;
    chosen.push_back(std::move(ban));
  }
  std::cout << write_ban_list(chosen, *format, isatty(STDOUT_FILENO) == 1);
  if (!chosen.empty() && chosen.front().value("dry_run", false)) {
    std::cerr << "ipguardctl: " << dry_run_remark << ", these would be banned\n";
  }
  if (unconfirmed > 0) {
    std::cerr << "ipguardctl: left out, because nobody has confirmed " << (unconfirmed == 1 ? "it" : "them")
              << " yet: " << counted(unconfirmed, "ban", "bans") << '\n';
  }
  if (temporary > 0 && *format == ListFormat::list) {
    std::cerr << "ipguardctl: a plain list has no ends: 'import' makes "
              << counted(temporary, "temporary ban", "temporary bans")
              << " of it permanent without --for; csv and json keep the ends\n";
  }
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
