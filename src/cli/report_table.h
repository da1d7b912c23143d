// A report for people: a summary and tables that fit the terminal.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "cli/table.h"
#include "report/document.h"

namespace ipguard::cli {

// `width` in columns; nullopt = unlimited. Safe for a terminal, whatever the log held.
[[nodiscard]] std::string report_text(const report::Document& document, std::optional<size_t> width);

// The groups alone.
[[nodiscard]] Table top_table(const report::Document& document);
// … each with how many hits it has got since `fresh` was counted: a number for each, or none.
[[nodiscard]] Table top_table(const report::Document& document, const std::vector<uint64_t>& fresh);

// Why there are hits and no groups of them, without an end of line; empty where there are groups, or no hits.
[[nodiscard]] std::string without_groups(const report::Document& document);

}  // namespace ipguard::cli
