// What of [http] and [[notify]] can be told only with the rules, or with the files that they name.
#pragma once

#include <vector>

#include "config/config.h"
#include "config/diagnostic.h"
#include "model/rule.h"

namespace ipguard::daemon {

// Errors for tokens that cannot be read or are none, and for words that name no rule: an instruction that does nothing
// must not look as if it did (law 4).
void check_outlets(const config::Config& config, const std::vector<model::Rule>& rules,
                   const std::vector<model::Rule>& traps, config::Diagnostics& diagnostics);

}  // namespace ipguard::daemon
