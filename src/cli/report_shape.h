// Shapes of a report: what --by, --top, --json, --csv and --html ask for, and how a document is written so.
#pragma once

#include <CLI/CLI.hpp>

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "report/document.h"

namespace ipguard::cli {

struct ShapeOptions {
  std::string by = "address";
  std::optional<std::string> html = {};
  size_t top = 0;  // 0 = as many as suit the output
  bool json = false;
  bool csv = false;
};

// What is shown of a report.
struct Shape {
  report::Dimension by = report::Dimension::address;
  // Rows at most:
  size_t groups = 20;   // of what the report is by
  size_t top = 0;       // of every dimension …
  size_t networks = 0;  // … of addresses and routes, which the page also draws
  size_t decisions = 20;
};

void add_by_option(CLI::App& app, std::string& by);
void add_shape_options(CLI::App& app, ShapeOptions& options);

// Errc::usage, with what there is.
[[nodiscard]] Result<report::Dimension> parse_dimension(const std::string& name);
// Errc::usage for an unknown --by, a page without a name, or if several shapes are asked for.
[[nodiscard]] Result<Shape> shape_of(const ShapeOptions& options);
// Before anything is asked or read: whether write_shape() can write its page (check_html_output()). `inputs`: the logs.
[[nodiscard]] Result<> check_shape(const ShapeOptions& options, const std::vector<std::string>& inputs);
// To standard output, or to the page's file.
[[nodiscard]] Result<> write_shape(const report::Document& document, const ShapeOptions& options);

}  // namespace ipguard::cli
