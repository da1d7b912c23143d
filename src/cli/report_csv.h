// The groups of a report as CSV (RFC 4180 with LF): a header, then a line for each group.
#pragma once

#include <string>

#include "report/document.h"

namespace ipguard::cli {

// Valid UTF-8. A text that a spreadsheet would take for a formula gets an apostrophe before it.
[[nodiscard]] std::string report_csv(const report::Document& document);

}  // namespace ipguard::cli
