// reload: the daemon reads configuration, rules and database again.
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
    // It is done whole however long it takes: who gave up early would be told that nobody answered, and be wrong.
    auto reply = control::call(options->socket, {.command = "reload", .arguments = Json::object()}, 300);
    if (!reply) {
      return std::unexpected(std::move(reply.error()));
    }
    if (!reply->value("reloaded", true)) {
      const auto text = reply->value("text", "");
      reply->erase("text");
      if (options->json) {
        print_json(*reply);
        return fail(Errc::configuration, "");
      }
      return fail(Errc::configuration, "reload refused, the old configuration stays in force\n" + text);
    }
    if (options->json) {
      print_json(*reply);
      return {};
    }
    std::cout << "reloaded: " << counted(reply->value("rules", uint64_t{0}), "rule", "rules") << '\n';
    for (const auto& warning : (*reply)["warnings"]) {
      std::cout << "warning: " << warning.get<std::string>() << '\n';
    }
    return {};
  };
}

}  // namespace ipguard::cli
