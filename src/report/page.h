// The page that shows a report: one self-contained HTML file, built from page/ and a part of the program.
#pragma once

#include <string_view>

namespace ipguard::report {

// Stands once in page_text(), as the content of <script id="report" type="application/json">.
inline constexpr std::string_view page_placeholder = "@IPGUARD_REPORT@";

// page/dist/report.html.
[[nodiscard]] std::string_view page_text();

}  // namespace ipguard::report
