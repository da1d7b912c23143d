// Options that say how lines are read: --format, and formats and sources of a configuration.
#pragma once

#include <CLI/CLI.hpp>

#include <memory>
#include <string>

#include "base/result.h"
#include "match/rule_set.h"
#include "match/source_reading.h"

namespace ipguard::cli {

struct ReadingOptions {
  std::string config;  // -c; "" = none
  std::string format = "auto";
  std::string source;  // "" = none
};

// -c FILE, --format NAME, --source NAME. The option of --format, so that others may exclude it.
CLI::Option* add_reading_options(CLI::App& app, ReadingOptions& options);

// What the options come to. `line` and `format` point into `readings`.
struct ChosenReading {
  std::shared_ptr<const match::SourceReadings> readings = nullptr;
  match::LineOptions line = {};
  const match::LogFormat* format = nullptr;  // of every line; null = recognised
};

// Errc::usage for a format or source that does not exist, Errc::configuration (reported already) for a broken file.
[[nodiscard]] Result<ChosenReading> choose_reading(const ReadingOptions& options);

}  // namespace ipguard::cli
