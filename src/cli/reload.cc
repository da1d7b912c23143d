#include <iostream>

#include "base/text.h"
#include "cli/command.h"
#include "cli/options.h"
#include "cli/table.h"
#include "control/client.h"

namespace ipguard::cli {

Action prepare_reload(CLI::App& app) {
  auto options = std::make_shared<DaemonOptions>();
  add_daemon_options(app, *options);
  return [options]() -> Result<> {
    auto reply = control::call(options->socket, {.command = "reload", .arguments = Json::object()});
    if (!reply) {
      return std::unexpected(std::move(reply.error()));
    }
    if (options->json) {
      print_json(*reply);
      return {};
    }
    std::cout << "reloaded: " << cell(*reply, "rules") << " rules\n";
    for (const auto& warning : (*reply)["warnings"]) {
      std::cout << "warning: " << warning.get<std::string>() << '\n';
    }
    return {};
  };
}

}  // namespace ipguard::cli
