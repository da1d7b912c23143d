// enrich: every line of a log again, with route, AS and country.
#include <unistd.h>

#include <algorithm>
#include <iostream>

#include "base/text.h"
#include "base/time.h"
#include "cli/command.h"
#include "cli/enrich_lines.h"
#include "cli/input_file.h"
#include "cli/options.h"
#include "cli/reading_options.h"

namespace ipguard::cli {
namespace {

constexpr size_t longest_enriched_line = 16U << 20;
constexpr size_t output_at_once = 256U << 10;

Result<> enrich_files(const std::vector<std::string>& files, LineEnricher& enricher, bool by_field) {
  uint64_t cut = 0;
  const auto write = [&enricher] {
    std::cout << enricher.output();
    enricher.output().clear();
  };
  const auto take = [&](std::string_view lines, bool truncated) {
    cut += truncated ? 1 : 0;
    const auto now = wall_clock_now();
    for_each_line(lines, [&](std::string_view line) {
      enricher.take(line, now);
      if (enricher.output().size() >= output_at_once) {
        write();
      }
    });
    write();
  };
  auto read = read_files(files, longest_enriched_line, take);
  if (enricher.without_address() > 0) {
    std::cerr << "ipguardctl: " << group_digits(enricher.without_address()) << " of "
              << counted(enricher.lines(), "line holds", "lines hold") << " no address where "
              << (by_field ? "--field says" : "its format has one; --field N names a word that does") << '\n';
  }
  if (cut > 0) {
    return fail(counted(cut, "line was", "lines were") + " longer than " + format_size(longest_enriched_line) +
                " and cut there");
  }
  return read;
}

Result<> choose_shape(const std::string& text, bool json, EnrichShape& shape) {
  if (!text.empty() && text != "columns" && text != "append") {
    return fail(Errc::usage, "--as: " + in_quotes(text, 40) + " is no shape: columns or append");
  }
  if (json && !text.empty()) {
    return fail(Errc::usage, "--json and --as are two shapes: choose one");
  }
  shape = json ? EnrichShape::json : text == "append" ? EnrichShape::append : EnrichShape::columns;
  return {};
}

}  // namespace

Action prepare_enrich(CLI::App& app) {
  struct CommandOptions {
    std::vector<std::string> files;
    std::vector<std::string> databases;
    ReadingOptions reading;
    std::string shape;
    EnrichOptions lines;
    bool json = false;
  };
  auto options = std::make_shared<CommandOptions>();
  app.add_option("file", options->files, "logs to read; - is standard input, and so is none")->type_name("FILE");
  add_database_option(app, options->databases);
  auto* field = app.add_option("--field", options->lines.field, "the word of the line that holds the address")
                    ->type_name("N")
                    ->check(CLI::Range(1, 100'000));
  add_reading_options(app, options->reading)->excludes(field);
  app.add_option("--as", options->shape, "columns (behind tabs, the default) or append (key=value behind the line)")
      ->type_name("SHAPE");
  app.add_flag("--json", options->json, "one JSON object a line");
  return [options]() -> Result<> {
    const auto reading = choose_reading(options->reading);
    if (!reading) {
      return std::unexpected(reading.error());
    }
    options->lines.format = reading->format;
    options->lines.reading = reading->line.reading;
    if (auto shaped = choose_shape(options->shape, options->json, options->lines.shape); !shaped) {
      return shaped;
    }
    options->lines.terminal = ::isatty(STDOUT_FILENO) == 1;
    auto routes = open_database(options->databases);
    if (!routes) {
      return std::unexpected(std::move(routes.error()));
    }
    if (options->files.empty()) {
      options->files.emplace_back("-");
    }
    LineEnricher enricher(options->lines, std::move(*routes));
    return enrich_files(options->files, enricher, options->lines.field > 0);
  };
}

}  // namespace ipguard::cli
