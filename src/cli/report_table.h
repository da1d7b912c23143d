// A report for people: a summary and tables that fit the terminal.
#pragma once

#include <cstddef>
#include <optional>
#include <string>

#include "report/document.h"

namespace ipguard::cli {

// `width` in columns; nullopt = unlimited. Safe for a terminal, whatever the log held.
[[nodiscard]] std::string report_text(const report::Document& document, std::optional<size_t> width);

}  // namespace ipguard::cli
