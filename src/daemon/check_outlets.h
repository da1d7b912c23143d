// What of [http] and [[notify]] can be told only with the rules, or with the files that they name.
#pragma once

#include <string>
#include <vector>

#include "base/secret.h"
#include "config/config.h"
#include "config/diagnostic.h"
#include "model/rule.h"

namespace ipguard::daemon {

// Errors for tokens that cannot be read or are none, for URLs that nothing can be posted to, and for words that name no
// rule: an instruction that does nothing must not look as if it did (law 4). Asked by root, a warning for a token that
// `service_account`, where there is such a user, could not read: what root finds in order would end the service.
void check_outlets(const config::Config& config, const std::vector<model::Rule>& rules,
                   const std::vector<model::Rule>& traps, config::Diagnostics& diagnostics,
                   const std::string& service_account = ipguard::service_account);

}  // namespace ipguard::daemon
