#include "config/log_level.h"

#include <string>

namespace ipguard::config {

LogLevel log_level(const Config& config) {
  const std::string& name = config.log_level;
  if (name == "debug") {
    return LogLevel::debug;
  }
  if (name == "warning") {
    return LogLevel::warning;
  }
  return name == "error" ? LogLevel::error : LogLevel::info;
}

}  // namespace ipguard::config
