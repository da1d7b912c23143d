#include "base/log.h"

#include <spdlog/sinks/stdout_color_sinks.h>
#include <spdlog/spdlog.h>

#include <atomic>
#include <cstdlib>

namespace ipguard {
namespace {

spdlog::level::level_enum to_spdlog(LogLevel level) {
  switch (level) {
    case LogLevel::debug:
      return spdlog::level::debug;
    case LogLevel::info:
      return spdlog::level::info;
    case LogLevel::warning:
      return spdlog::level::warn;
    case LogLevel::error:
      return spdlog::level::err;
  }
  return spdlog::level::info;
}

// sd-daemon(3): "<7>" debug, "<6>" info, "<4>" warning, "<3>" error.
std::string_view journal_prefix(LogLevel level) {
  switch (level) {
    case LogLevel::debug:
      return "<7>";
    case LogLevel::info:
      return "<6>";
    case LogLevel::warning:
      return "<4>";
    case LogLevel::error:
      return "<3>";
  }
  return "<6>";
}

std::atomic<bool> set_up{false};

bool under_journal() { return std::getenv("JOURNAL_STREAM") != nullptr; }

spdlog::logger& logger() {
  static const auto instance = [] {
    auto created = spdlog::stderr_color_mt("ipguard");
    if (under_journal()) {
      created->set_pattern("%v");
    } else {
      created->set_pattern("%Y-%m-%dT%H:%M:%S%z %^%l%$ %v");
    }
    return created;
  }();
  return *instance;
}

}  // namespace

void init_log(LogLevel level) {
  set_log_level(level);
  set_up = true;
}

bool log_is_set_up() { return set_up; }

void set_log_level(LogLevel level) { logger().set_level(to_spdlog(level)); }

void log(LogLevel level, std::string_view text) {
  if (under_journal()) {
    logger().log(to_spdlog(level), "{}{}", journal_prefix(level), text);
  } else {
    logger().log(to_spdlog(level), "{}", text);
  }
}

}  // namespace ipguard
