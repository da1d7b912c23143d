#include "daemon/check_outlets.h"

#include <algorithm>
#include <string>

#include "base/secret.h"
#include "base/text.h"
#include "config/rule_selection.h"

namespace ipguard::daemon {
namespace {

void check_token(const std::string& path, const model::Location& location, config::Diagnostics& diagnostics) {
  if (path.empty()) {
    return;
  }
  if (const auto token = read_secret(path); !token) {
    diagnostics.error(location, "token_file: " + token.error().message,
                      "write one with `(umask 077; openssl rand -hex 32 > " + printable(path, 120) + ")`");
  }
}

}  // namespace

void check_outlets(const config::Config& config, const std::vector<model::Rule>& rules,
                   const std::vector<model::Rule>& traps, config::Diagnostics& diagnostics) {
  check_token(config.http.token_file, config.http.token_location, diagnostics);
  for (const auto& notify : config.notifies) {
    check_token(notify.token_file, notify.token_location, diagnostics);
    for (const auto& [word, location] : notify.rules) {
      const auto named = [&word](const model::Rule& rule) { return config::names_rule(word, rule.id); };
      if (std::ranges::none_of(rules, named) && std::ranges::none_of(traps, named)) {
        diagnostics.error(location, "rules: there is no rule '" + printable(word, 80) + "'",
                          "`ipguardctl rules list` shows all ids; \"web/\" stands for all that begin so");
      }
    }
  }
}

}  // namespace ipguard::daemon
