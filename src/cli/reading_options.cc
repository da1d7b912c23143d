#include "cli/reading_options.h"

#include <algorithm>
#include <iostream>
#include <utility>
#include <vector>

#include "base/text.h"
#include "config/config.h"

namespace ipguard::cli {
namespace {

std::unexpected<Error> fail_unknown_format(const std::string& name, const match::SourceReadings* readings) {
  std::string known = "auto";
  for (const auto own : readings == nullptr ? std::vector<std::string_view>{} : readings->format_names()) {
    known += ", " + std::string(own);
  }
  for (const auto built_in : match::format_names()) {
    known += ", " + std::string(built_in);
  }
  return fail(Errc::usage, "unknown format " + in_quotes(name, 40) + "; formats are " + known);
}

Result<config::Config> read_config(const std::string& path, ChosenReading& chosen) {
  config::Diagnostics diagnostics;
  auto config = config::load_config(path, diagnostics);
  chosen.readings = match::SourceReadings::compile(config.formats, config.sources, diagnostics);
  if (diagnostics.has_errors()) {
    std::cerr << diagnostics.to_string();
    return fail(Errc::configuration, "");
  }
  return config;
}

}  // namespace

CLI::Option* add_reading_options(CLI::App& app, ReadingOptions& options) {
  auto* config =
      app.add_option("-c,--config", options.config, "configuration whose formats and sources have names here")
          ->type_name("FILE");
  auto* format = app.add_option("--format", options.format, "the format of every line instead of recognising it")
                     ->type_name("NAME")
                     ->capture_default_str();
  app.add_option("--source", options.source, "reads lines as those of this [[source]]: format, time zone, proxies")
      ->type_name("NAME")
      ->needs(config)
      ->excludes(format);
  return format;
}

Result<ChosenReading> choose_reading(const ReadingOptions& options) {
  ChosenReading chosen;
  chosen.line.format = options.format.empty() ? "auto" : options.format;
  if (!options.config.empty()) {
    const auto config = read_config(options.config, chosen);
    if (!config) {
      return std::unexpected(config.error());
    }
    if (!options.source.empty()) {
      const auto source = std::ranges::find(config->sources, options.source, &config::SourceConfig::name);
      if (source == config->sources.end()) {
        return fail(Errc::usage,
                    "no [[source]] of " + printable(options.config) + " is called " + in_quotes(options.source, 40));
      }
      chosen.line.format = source->format;
      chosen.line.reading = chosen.readings->of_source(source->name);
    } else {
      chosen.line.reading = chosen.readings->of_format(chosen.line.format);
    }
  }
  chosen.format = chosen.line.reading != nullptr ? chosen.line.reading->format : match::find_format(chosen.line.format);
  if (chosen.format == nullptr && chosen.line.format != "auto") {
    return fail_unknown_format(chosen.line.format, chosen.readings.get());
  }
  return chosen;
}

}  // namespace ipguard::cli
