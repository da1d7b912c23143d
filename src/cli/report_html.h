// A report as one HTML file that shows itself, without any network.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace ipguard::cli {

// Writes the page with the document (document_json()) in it; "-" is standard output, other names are write_output()'s.
// Nothing in the document can become markup, whatever the log held.
[[nodiscard]] Result<> write_html(std::string_view json, const std::string& out);

// Before anything is read: Errc::usage if `out` is one of the inputs ("-" is standard input), another error if nothing
// can be written there.
[[nodiscard]] Result<> check_html_output(const std::string& out, const std::vector<std::string>& inputs);

// The page itself.
[[nodiscard]] std::string report_html(std::string_view json);

// JSON that may stand within a <script> element: '<', '>', '&' and the line ends of JavaScript (U+2028, U+2029) as
// \uXXXX, which means the same to a reader of JSON.
[[nodiscard]] std::string json_for_html(std::string_view json);

}  // namespace ipguard::cli
