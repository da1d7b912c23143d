#include "cli/report_html.h"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <iostream>
#include <optional>
#include <utility>

#include "base/text.h"
#include "cli/output_place.h"
#include "report/page.h"

namespace ipguard::cli {
namespace {

constexpr mode_t file_mode = 0600;  // what attackers asked for, and who: not everybody's

// Device and inode of the regular file that a name leads to; "-" is standard input.
std::optional<std::pair<dev_t, ino_t>> file_of(const std::string& name) {
  struct stat status{};
  const int failed = name == "-" ? ::fstat(STDIN_FILENO, &status) : ::stat(name.c_str(), &status);
  return failed == 0 && S_ISREG(status.st_mode) ? std::optional(std::pair(status.st_dev, status.st_ino)) : std::nullopt;
}

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
  return write_output(out, page, file_mode);
}

Result<> check_html_output(const std::string& out, const std::vector<std::string>& inputs) {
  if (out == "-") {
    return {};
  }
  const auto file = file_of(out);
  const auto is_same = [&file](const std::string& input) { return file && file_of(input) == file; };
  if (const auto same = std::ranges::find_if(inputs, is_same); same != inputs.end()) {
    return fail(Errc::usage, "--html: " + printable(out) + " is " +
                                 (*same == "-" ? "what standard input is read from" : "one of the logs to read") +
                                 ", and would be overwritten: name another file");
  }
  return check_output(out);
}

}  // namespace ipguard::cli
