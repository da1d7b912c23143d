// What is wrong with what people wrote, as commands and daemon tell it in JSON.
#pragma once

#include "config/diagnostic.h"
#include "control/protocol.h"

namespace ipguard::control {

// [{"file","line","column","severity","message","hint"}], null for what is not known.
[[nodiscard]] Json problems_json(const config::Diagnostics& diagnostics);

}  // namespace ipguard::control
