// Whether what a configuration asks for can come true with its databases and ladders (law 4).
#pragma once

#include <vector>

#include "config/config.h"
#include "config/diagnostic.h"
#include "enrich/route_table.h"
#include "model/rule.h"

namespace ipguard::daemon {

// What was written down and cannot be done is an error at its place; a default gives way with a warning, and `config`
// then says so too.
void check_enforceable(config::Config& config, const std::vector<model::Rule>& rules, enrich::Knowledge known,
                       config::Diagnostics& diagnostics);

}  // namespace ipguard::daemon
