// links: cli
// What answers `report --live` and `top`, of any bytes: whoever listens on the socket's path is believed no more than
// this: never a crash, and what is shown is safe for a terminal, a page and a table.
#include <algorithm>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/text.h"
#include "cli/report_csv.h"
#include "cli/report_html.h"
#include "cli/report_live.h"
#include "cli/report_table.h"
#include "cli/top_frame.h"
#include "control/protocol.h"
#include "report/document_json.h"
#include "require.h"

namespace {

using namespace ipguard;
using fuzz::require;

bool is_printable(const std::string& text) {
  return std::ranges::none_of(text,
                              [](char c) { return (static_cast<unsigned char>(c) < 0x20 && c != '\n') || c == 0x7f; });
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const auto reply = control::parse_reply({reinterpret_cast<const char*>(data), size});
  if (!reply) {
    return 0;
  }
  const auto document = cli::read_live_reply(*reply);
  if (!document) {
    require(is_printable(document.error().message));
    return 0;
  }
  const auto text = cli::report_text(*document, 80);
  require(is_printable(text));
  const cli::TopRates rates;
  for (const size_t columns : {80U, 60U, 20U}) {
    const auto screen = cli::top_frame({.document = *document,
                                        .rates = rates,
                                        .fresh = {},
                                        .problem = {},
                                        .by = document->by,
                                        .rows = 24,
                                        .columns = columns});
    require(screen.size() <= 24);
    for (const auto& line : screen) {
      require(is_printable(line) && cli::display_width(line) <= columns);
    }
  }
  const auto json = report::document_json(*document);
  require(to_valid_utf8(json) == json && control::Json::accept(json));
  require(cli::json_for_html(json).find_first_of("<>&") == std::string::npos);
  require(to_valid_utf8(cli::report_csv(*document)) == cli::report_csv(*document));
  return 0;
}
