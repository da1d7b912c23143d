// AccessSkim: the fields of an ordinary line of the combined log format (formats/combined.cc), alone or behind a
// virtual host, found without reading the line as the format does. A line that is out of the ordinary in any way is
// none of its business: it is left to those who read closely.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

#include "match/timestamp.h"

namespace ipguard::match {

// Where a line's quotes stand, as far as a combined line has any: of request, referer and user agent.
struct QuoteMarks {
  static constexpr size_t most = 6;

  std::array<uint32_t, most> at{};  // offsets in the line
  uint32_t count = 0;               // quotes behind the last of `at` are not counted
  bool backslash = false;           // the line has one: a quote may be the client's
};

// Views into the line; empty where the line has no such field.
struct SkimmedLine {
  std::string_view vhost;
  std::string_view request;  // between its quotes
  std::string_view referer;
  std::string_view user_agent;
  uint16_t status = 0;
};

class AccessSkim {
 public:
  // If it has a value, the formats read the line as an access log's, wherever it is not said to be of another format,
  // and what else than these fields they find in it is status, bytes and time.
  [[nodiscard]] std::optional<SkimmedLine> skim(std::string_view line, const QuoteMarks& quotes);

 private:
  bool is_stamp(std::string_view text);

  std::array<char, clf_stamp_length> last_stamp_{};  // that was one: neighbours mostly have the same
};

}  // namespace ipguard::match
