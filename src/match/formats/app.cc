// An application's own log: a time stamp in one of many shapes (app_stamp.h), then its message.
//
//   [PREFIX]STAMP[punctuation]MESSAGE
//
// PREFIX is what some programs write before the stamp, a few of: blanks, terminal colours, an opening bracket, a short
// group in brackets ("[GIN] ", "[28325:00010] ", "<W>"), a word in capitals ("WARN: ", "ERROR ", "W, ", "L "), and
// "PID:ROLE " (Redis). A prefix that holds an address, and an address before the stamp (PostgreSQL's %h), are not
// thrown away: then the message is the whole line. Behind the stamp blanks and `] : , | - > )` are skipped.
//
// Nothing else is known of such a line, so this format comes last, and whoever can write a line feed into an
// application's log can write lines of it. Rules anchor at the message's beginning.
#include <algorithm>
#include <optional>

#include "base/ascii.h"
#include "match/app_stamp.h"
#include "match/formats/columns.h"
#include "match/formats/formats.h"
#include "match/formats/record.h"
#include "match/formats/wrapped.h"

namespace ipguard::match {
namespace {

using model::Event;
using model::Field;
using model::RawLine;

constexpr size_t longest_group = 48;
constexpr size_t longest_word = 9;  // "EMERGENCY"
constexpr int most_prefixes = 5;

size_t count_blanks(std::string_view text) {
  const size_t end = text.find_first_not_of(' ');
  return end == std::string_view::npos ? text.size() : end;
}

// A terminal's colour (ECMA-48 SGR), "ESC [ 1;32 m"; 0 if there is none.
size_t colour_length(std::string_view text) {
  if (!text.starts_with("\x1b[")) {
    return 0;
  }
  const size_t end = text.substr(0, 16).find_first_not_of("0123456789;", 2);
  return end != std::string_view::npos && text[end] == 'm' ? end + 1 : 0;
}

// "[…]" or "<…>" without brackets within; 0 if there is none.
size_t group_length(std::string_view text) {
  const char close = text.starts_with('[') ? ']' : '>';
  const size_t end = text.substr(0, longest_group).find_first_of("[]<>", 1);
  return end != std::string_view::npos && text[end] == close ? end + 1 : 0;
}

// "WARN: ", "ERROR    ", "W, ", "L ", "PDT "
size_t word_length(std::string_view text) {
  size_t end = 0;
  while (end < text.size() && end <= longest_word && is_upper(text[end])) {
    ++end;
  }
  if (end == 0 || end > longest_word || end == text.size()) {
    return 0;
  }
  if (text[end] == ':' || text[end] == ',') {
    ++end;
  }
  const size_t blanks = count_blanks(text.substr(end));
  return blanks > 0 ? end + blanks : 0;
}

// "1234:M " (Redis), and behind a group "1234  - " (Nest).
size_t process_length(std::string_view text) {
  size_t end = 0;
  while (end < text.size() && end < 10 && is_digit(text[end])) {
    ++end;
  }
  const auto rest = text.substr(end);
  if (end == 0 || rest.empty()) {
    return 0;
  }
  if (rest[0] == ':' && rest.size() > 2 && is_upper(rest[1]) && rest[2] == ' ') {
    return end + 3;
  }
  const size_t blanks = count_blanks(rest);
  return blanks > 0 && rest.substr(blanks).starts_with("- ") ? end + blanks + 2 : 0;
}

size_t prefix_length(std::string_view text) {
  switch (text.empty() ? '\0' : text.front()) {
    case ' ':
      return count_blanks(text);
    case '\x1b':
      return colour_length(text);
    case '[':
    case '<':
      return group_length(text);
    default:
      return is_digit(text.empty() ? '\0' : text.front()) ? process_length(text) : word_length(text);
  }
}

// An address in brackets, with a port or not.
bool holds_address(std::string_view prefix) {
  while (!prefix.empty()) {
    const size_t begin = prefix.find_first_not_of("[]<> ");
    if (begin == std::string_view::npos) {
      return false;
    }
    const size_t end = std::min(prefix.find_first_of("[]<> ", begin), prefix.size());
    const auto word = prefix.substr(begin, end - begin);
    if (is_address(word) || parse_with_port(word)) {
      return true;
    }
    prefix.remove_prefix(end);
  }
  return false;
}

struct Found {
  AppStamp stamp;
  size_t begin = 0;
};

std::optional<Found> find_stamp(std::string_view text, const StampClock& clock) {
  size_t begin = 0;
  for (int prefixes = 0; prefixes <= most_prefixes; ++prefixes) {
    const auto rest = text.substr(begin);
    if (const auto stamp = parse_app_stamp(rest, clock)) {
      return Found{*stamp, begin};
    }
    // A bracket that opens before the stamp itself is no group: "[2020-02-25 …]".
    if (rest.starts_with('[') || rest.starts_with('<') || rest.starts_with('(')) {
      if (const auto stamp = parse_app_stamp(rest.substr(1), clock)) {
        return Found{*stamp, begin + 1};
      }
      // "[PDT Feb 25 04:30:17]"
      if (const size_t word = word_length(rest.substr(1)); word > 0) {
        if (const auto stamp = parse_app_stamp(rest.substr(1 + word), clock)) {
          return Found{*stamp, begin + 1 + word};
        }
      }
    }
    const size_t length = prefix_length(rest);
    if (length == 0) {
      return std::nullopt;
    }
    begin += length;
  }
  return std::nullopt;
}

// PostgreSQL with log_line_prefix '%h %m …', '%r …': "192.0.2.7 STAMP", "192.0.2.7(51234) STAMP".
std::optional<Found> find_stamp_behind_client(std::string_view text, const StampClock& clock) {
  const size_t blank = text.find(' ');
  if (blank > 64) {  // or npos
    return std::nullopt;
  }
  auto client = text.substr(0, blank);
  if (client.ends_with(')')) {
    client = client.substr(0, client.find('('));
  }
  if (!is_address(client)) {
    return std::nullopt;
  }
  const auto stamp = parse_app_stamp(text.substr(blank + 1), clock);
  return stamp ? std::optional(Found{*stamp, blank + 1}) : std::nullopt;
}

std::string_view behind_stamp(std::string_view text) {
  for (;;) {
    const size_t begin = text.find_first_not_of(" ]:,|->)\t");
    if (begin == std::string_view::npos) {
      return {};
    }
    text.remove_prefix(begin);
    const size_t colour = colour_length(text);
    if (colour == 0) {
      return text;
    }
    text.remove_prefix(colour);
  }
}

class App final : public LogFormat {
 public:
  [[nodiscard]] std::string_view name() const override { return "app"; }
  [[nodiscard]] model::LogKind kind() const override { return model::LogKind::app; }
  [[nodiscard]] bool parse(const RawLine& line, const ParseContext& context, Event& event) const override {
    if (line.truncated) {
      return false;  // messages are read by their end, too
    }
    auto found = find_stamp(line.text, context.clock());
    bool whole = found && holds_address(line.text.substr(0, found->begin));
    if (!found) {
      found = find_stamp_behind_client(line.text, context.clock());
      whole = true;
    }
    if (!found) {
      return false;
    }
    const auto body = whole ? line.text : behind_stamp(line.text.substr(found->begin + found->stamp.length));
    if (body.empty() || is_contained(body)) {
      return false;
    }
    reset_event(*this, event);
    event.time = found->stamp.time;
    event[Field::message] = body;
    event[Field::body] = body;
    attach_record(body, *context.scratch, event);
    if (event.record.empty()) {
      attach_behind_host(body, *context.scratch, event);
    }
    return true;
  }

 private:
  // "HOST {…}": syslog without a tag.
  static void attach_behind_host(std::string_view body, ParseScratch& scratch, Event& event) {
    const size_t blank = body.find(' ');
    const size_t brace = body.find_first_not_of(' ', blank);
    if (blank != std::string_view::npos && brace != std::string_view::npos && body[brace] == '{') {
      attach_record(body.substr(brace), scratch, event);
    }
  }
};

}  // namespace

const LogFormat& app_format() {
  static const App format;
  return format;
}

}  // namespace ipguard::match
