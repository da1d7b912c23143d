#include "cli/report_shape.h"

#include <algorithm>
#include <iostream>
#include <limits>

#include "base/text.h"
#include "cli/report_csv.h"
#include "cli/report_html.h"
#include "cli/report_table.h"
#include "cli/table.h"
#include "report/document_json.h"

namespace ipguard::cli {

void add_by_option(CLI::App& app, std::string& by) {
  app.add_option("--by", by, "address, route, asn, country, class, rule, path, user-agent, user or hour")
      ->type_name("WHAT")
      ->capture_default_str();
}

void add_shape_options(CLI::App& app, ShapeOptions& options) {
  add_by_option(app, options.by);
  app.add_option("--top", options.top, "show so many groups")->type_name("N")->check(CLI::Range(1, 10'000'000));
  app.add_flag("--json", options.json, "one JSON document");
  app.add_flag("--csv", options.csv, "the groups as CSV");
  app.add_option("--html", options.html, "write one self-contained page")->type_name("OUT");
}

Result<report::Dimension> parse_dimension(const std::string& name) {
  if (const auto dimension = report::dimension_from(name)) {
    return *dimension;
  }
  std::string known;
  for (const auto dimension : report::all_dimensions) {
    known += (known.empty() ? "" : ", ") + std::string(report::to_string(dimension));
  }
  return fail(Errc::usage, "--by: " + in_quotes(name, 40) + " is none of " + known);
}

Result<Shape> shape_of(const ShapeOptions& options) {
  const auto by = parse_dimension(options.by);
  if (!by) {
    return std::unexpected(by.error());
  }
  constexpr size_t everything = std::numeric_limits<size_t>::max();
  const bool html = options.html.has_value();
  if (html && options.html->empty()) {
    return fail(Errc::usage, "--html: the page needs a name; write --html report.html, or - for standard output");
  }
  if (static_cast<int>(options.json) + static_cast<int>(options.csv) + static_cast<int>(html) > 1) {
    return fail(Errc::usage, "--json, --csv and --html are three shapes: choose one");
  }
  Shape shape = options.json  ? Shape{.groups = 10'000, .top = 20, .networks = 20, .decisions = 10'000}
                : options.csv ? Shape{.groups = everything, .decisions = 0}
                : html        ? Shape{.groups = 1000, .top = 200, .networks = 2000, .decisions = 10'000}
                              : Shape{};
  shape.by = *by;
  if (options.top > 0) {
    shape.groups = options.top;
    shape.top = shape.top > 0 ? options.top : 0;
    shape.networks = html ? std::max(shape.networks, options.top) : shape.top;
    if (!options.csv) {
      shape.decisions = options.json || html ? std::max(shape.decisions, options.top) : options.top;
    }
  }
  return shape;
}

Result<> check_shape(const ShapeOptions& options, const std::vector<std::string>& inputs) {
  return options.html ? check_html_output(*options.html, inputs) : Result<>();
}

Result<> write_shape(const report::Document& document, const ShapeOptions& options) {
  if (options.json) {
    std::cout << document_json(document);
  } else if (options.csv) {
    std::cout << report_csv(document);
  } else if (options.html) {
    return write_html(document_json(document), *options.html);
  } else {
    std::cout << report_text(document, terminal_width());
  }
  return {};
}

}  // namespace ipguard::cli
