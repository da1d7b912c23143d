// A report as JSON: one document (ipguardctl(8), REPORT).
#pragma once

#include <string>

#include "report/document.h"

namespace ipguard::cli {

// On one line, with its LF. Text of any bytes becomes valid UTF-8.
[[nodiscard]] std::string report_json(const report::Document& document);

}  // namespace ipguard::cli
