// [log] level as the log knows it.
#pragma once

#include "base/log.h"
#include "config/config.h"

namespace ipguard::config {

// `config.log_level` is one of the names that the configuration's reader takes.
[[nodiscard]] LogLevel log_level(const Config& config);

}  // namespace ipguard::config
