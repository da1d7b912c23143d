#include <unistd.h>

#include <algorithm>
#include <iostream>
#include <map>

#include "base/text.h"
#include "cli/command.h"
#include "cli/enrich_lines.h"
#include "cli/input_file.h"
#include "cli/options.h"
#include "cli/table.h"
#include "match/rule_set.h"

namespace ipguard::cli {
namespace {

constexpr size_t longest_enriched_line = 16U << 20;
constexpr size_t output_at_once = 256U << 10;

Result<> enrich_files(const std::vector<std::string>& files, LineEnricher& enricher) {
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
              << counted(enricher.lines(), "line holds", "lines hold") << " no address\n";
  }
  if (cut > 0) {
    return fail(counted(cut, "line was", "lines were") + " longer than " + format_size(longest_enriched_line) +
                " and cut there");
  }
  return read;
}

}  // namespace

Action prepare_enrich(CLI::App& app) {
  struct CommandOptions {
    std::vector<std::string> files;
    std::vector<std::string> databases;
    std::string format;
    EnrichOptions lines;
    bool json = false;
  };
  auto options = std::make_shared<CommandOptions>();
  app.add_option("file", options->files, "logs to read; - is standard input, and so is none")->type_name("FILE");
  add_database_option(app, options->databases);
  auto* field = app.add_option("--field", options->lines.field, "the word of the line that holds the address")
                    ->type_name("N")
                    ->check(CLI::Range(1, 100'000));
  app.add_option("--format", options->format, "the format of every line; without it, it is recognised")
      ->type_name("NAME")
      ->excludes(field);
  const std::map<std::string, EnrichShape> shapes = {{"columns", EnrichShape::columns},
                                                     {"append", EnrichShape::append}};
  app.add_option("--as", options->lines.shape, "columns (behind tabs) or append (key=value behind the line)")
      ->type_name("SHAPE")
      ->transform(CLI::CheckedTransformer(shapes).description(""));
  app.add_flag("--json", options->json, "one JSON object a line");
  return [options]() -> Result<> {
    if (!options->format.empty() && options->format != "auto") {
      options->lines.format = match::find_format(options->format);
      if (options->lines.format == nullptr) {
        std::string known = "auto";
        for (const auto name : match::format_names()) {
          known += ", " + std::string(name);
        }
        return fail(Errc::usage, "unknown format '" + printable(options->format, 40) + "'; formats are " + known);
      }
    }
    if (options->json) {
      options->lines.shape = EnrichShape::json;
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
    return enrich_files(options->files, enricher);
  };
}

}  // namespace ipguard::cli
