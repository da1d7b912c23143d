#include "cli/report_html.h"

#include <iostream>

#include "base/file.h"
#include "report/page.h"

namespace ipguard::cli {
namespace {

constexpr unsigned file_mode = 0600;  // what attackers asked for, and who: not everybody's

}  // namespace

std::string json_for_html(std::string_view json) {
  constexpr std::string_view line_separator = "\xe2\x80\xa8";
  constexpr std::string_view paragraph_separator = "\xe2\x80\xa9";
  std::string text;
  text.reserve(json.size() + json.size() / 16);
  for (size_t i = 0; i < json.size(); ++i) {
    switch (json[i]) {
      case '<':
        text += "\\u003c";
        break;
      case '>':
        text += "\\u003e";
        break;
      case '&':
        text += "\\u0026";
        break;
      case '\xe2':
        if (json.substr(i).starts_with(line_separator) || json.substr(i).starts_with(paragraph_separator)) {
          text += json.substr(i).starts_with(line_separator) ? "\\u2028" : "\\u2029";
          i += 2;
          break;
        }
        [[fallthrough]];
      default:
        text += json[i];
    }
  }
  return text;
}

std::string report_html(std::string_view json) {
  const auto page = report::page_text();
  const auto place = page.find(report::page_placeholder);
  std::string text(page.substr(0, place));
  if (place != std::string_view::npos) {
    text += json_for_html(json);
    text += page.substr(place + report::page_placeholder.size());
  }
  return text;
}

Result<> write_html(std::string_view json, const std::string& out) {
  const std::string page = report_html(json);
  if (out == "-") {
    std::cout << page;
    return {};
  }
  return write_file_atomically(out, page, file_mode);
}

}  // namespace ipguard::cli
