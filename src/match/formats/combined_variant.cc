// Lines that are nearly the common or combined log format:
//
//   CLIENT columns [STAMP] [WORD ]"REQUEST" STATUS BYTES[/N] ["REFERER" ["USER AGENT"]] …
//
//  - STAMP without a zone, with a blank in its place or a name ("GMT", SOPE): "27/Jun/2013:11:55:44";
//  - STAMP with the month in the words of the locale, with a point or not ("02/sept./2015:…", Jetty in openHAB);
//  - several blanks between the columns before the stamp (Jetty);
//  - WORD, a virtual host behind the stamp;
//  - STATUS and BYTES as hyphens (Traefik, of requests that no router took).
//
// The client stands first, before anything a client can write, and has to be an address, the only one before the stamp:
// with two the first may be a virtual host, a Host header that is. The stamp is the first bracket
// that holds one, and the request begins at the first quote behind it. Tried after the two exact formats, whose lines
// never come here.
#include <algorithm>
#include <array>

#include "base/ascii.h"
#include "match/formats/columns.h"
#include "match/formats/formats.h"
#include "match/stamp_scanner.h"
#include "match/timestamp.h"

namespace ipguard::match {
namespace {

using model::Event;
using model::Field;
using model::RawLine;

struct MonthName {
  std::string_view name;
  unsigned month;
};

// Java's and glibc's abbreviations in English, French, German, Spanish, Italian, Dutch and Portuguese, in lower case
// and without the point; UTF-8.
constexpr std::array<MonthName, 59> month_names = {{
    {"jan", 1},       {"janv", 1},      {"jän", 1},       {"ene", 1},   {"enero", 1}, {"gen", 1},  {"feb", 2},
    {"févr", 2},      {"fév", 2},       {"fevr", 2},      {"fev", 2},   {"febr", 2},  {"mar", 3},  {"mars", 3},
    {"mär", 3},       {"märz", 3},      {"mrz", 3},       {"mrt", 3},   {"maart", 3}, {"apr", 4},  {"avr", 4},
    {"avril", 4},     {"abr", 4},       {"may", 5},       {"mai", 5},   {"mag", 5},   {"mei", 5},  {"mayo", 5},
    {"jun", 6},       {"juin", 6},      {"juni", 6},      {"giu", 6},   {"junio", 6}, {"june", 6}, {"jul", 7},
    {"juil", 7},      {"juli", 7},      {"lug", 7},       {"julio", 7}, {"july", 7},  {"aug", 8},  {"août", 8},
    {"aout", 8},      {"ago", 8},       {"sep", 9},       {"sept", 9},  {"set", 9},   {"oct", 10}, {"okt", 10},
    {"ott", 10},      {"out", 10},      {"nov", 11},      {"dec", 12},  {"déc", 12},  {"dez", 12}, {"dic", 12},
    {"décembre", 12}, {"dicembre", 12}, {"dezember", 12},
}};

unsigned month_of(std::string_view name) {
  if (name.ends_with('.')) {
    name.remove_suffix(1);
  }
  for (const MonthName& entry : month_names) {
    if (equal_ignoring_case(entry.name, name)) {
      return entry.month;
    }
  }
  return 0;
}

// The whole text between the brackets.
std::optional<TimePoint> parse_stamp(std::string_view text, const StampClock& clock) {
  constexpr size_t longest = 48;
  if (text.size() > longest) {
    return std::nullopt;
  }
  StampScanner scanner(text);
  Civil civil;
  if (!scanner.number(2, civil.day) || !scanner.literal('/')) {
    return std::nullopt;
  }
  const auto month = scanner.rest().substr(0, scanner.rest().find('/'));
  civil.month = month_of(month);
  scanner.skip(month.size());
  if (civil.month == 0 || !scanner.literal('/') || !scanner.number(4, civil.year) || !scanner.literal(':') ||
      !read_clock(scanner, civil)) {
    return std::nullopt;
  }
  const auto seconds = to_seconds(civil);
  const auto zone = scanner.rest();
  if (!seconds) {
    return std::nullopt;
  }
  if (zone.empty() || zone == " ") {
    return local_to_utc(*seconds, clock);
  }
  if (zone == " GMT" || zone == " UTC") {
    return *seconds;
  }
  Seconds offset{};
  return scanner.literal(' ') && read_offset(scanner, false, offset) && scanner.at_end()
             ? std::optional<TimePoint>(*seconds - offset)
             : std::nullopt;
}

struct VariantAnchor {
  size_t bracket = 0;  // the blank before it
  size_t behind = 0;   // after "] "
  TimePoint time;
};

// The first bracket that holds a stamp.
std::optional<VariantAnchor> find_variant_anchor(std::string_view text, const StampClock& clock) {
  size_t close = 0;
  for (size_t open = text.find(" ["); open != std::string_view::npos; open = text.find(" [", open + 1)) {
    close = close < open ? text.find("] ", open) : close;  // looked for once for all that stand before it: linear time
    if (close == std::string_view::npos) {
      return std::nullopt;
    }
    if (const auto time = parse_stamp(text.substr(open + 2, close - open - 2), clock)) {
      return VariantAnchor{open, close + 2, *time};
    }
  }
  return std::nullopt;
}

// "N", "-", or "N/M" (what was sent and what it was before compression).
bool is_bytes(std::string_view column) {
  const size_t slash = column.find('/');
  return slash == std::string_view::npos ? is_number_or_hyphen(column)
                                         : all_digits(column.substr(0, slash)) && all_digits(column.substr(slash + 1));
}

// " STATUS BYTES" at `position`; moves behind it.
bool take_variant_status_and_bytes(std::string_view text, size_t& position, Event& event) {
  auto rest = text.substr(position);
  if (!rest.starts_with(' ')) {
    return false;
  }
  rest.remove_prefix(1);
  const auto status = take_column(rest);
  const auto bytes = take_column(rest);
  if ((status != "-" && !is_status(status)) || !is_bytes(bytes)) {
    return false;
  }
  event[Field::status] = without_hyphen(status);
  event[Field::bytes] = without_hyphen(bytes.substr(0, bytes.find('/')));
  position += 2 + status.size() + bytes.size();
  return true;
}

bool holds_any_address(std::string_view columns) {
  while (!columns.empty()) {
    if (is_address(take_column(columns))) {
      return true;
    }
  }
  return false;
}

class CombinedVariant final : public LogFormat {
 public:
  [[nodiscard]] std::string_view name() const override { return "combined-variant"; }
  [[nodiscard]] model::LogKind kind() const override { return model::LogKind::access; }
  [[nodiscard]] bool parse(const RawLine& line, const ParseContext& context, Event& event) const override {
    const auto text = line.text;
    const size_t client_end = text.find(' ');
    if (line.truncated || client_end == std::string_view::npos || !is_address(text.substr(0, client_end))) {
      return false;
    }
    const auto anchor = find_variant_anchor(text, context.clock());
    if (!anchor || anchor->bracket < client_end ||
        holds_any_address(text.substr(client_end, anchor->bracket - client_end))) {
      return false;
    }
    size_t quote = anchor->behind;
    std::string_view vhost;
    if (text.substr(quote, 1) != "\"") {
      vhost = text.substr(quote, text.find(' ', quote) - quote);
      quote += vhost.size() + 1;
    }
    const size_t close = text.substr(std::min(quote, text.size()), 1) == "\"" ? find_closing_quote(text, quote + 1)
                                                                              : std::string_view::npos;
    if (close == std::string_view::npos) {
      return false;
    }
    reset_event(*this, event);
    size_t position = close + 1;
    if (!take_variant_status_and_bytes(text, position, event)) {
      return false;
    }
    event.time = anchor->time;
    event.address = net::Address::parse_logged(text.substr(0, client_end));
    event[Field::vhost] = vhost;
    fill_request(text.substr(quote + 1, close - quote - 1), true, true, *context.scratch, event);
    fill_rest(text, client_end, anchor->bracket, position, *context.scratch, event);
    return true;
  }

 private:
  static void fill_rest(std::string_view text, size_t client_end, size_t bracket, size_t position,
                        ParseScratch& scratch, Event& event) {
    auto columns = skip_blanks(text.substr(client_end, bracket - client_end));
    take_column(columns);
    columns = without_hyphen(skip_blanks(columns));
    if (columns.find_first_not_of("- ") != std::string_view::npos) {
      event[Field::user] = undo_log_escapes(columns, scratch.fields[static_cast<size_t>(Field::user)]);
    }
    for (const Field field : {Field::referer, Field::user_agent}) {
      std::string_view content;
      if (!take_quoted(text, position, content)) {
        return;
      }
      event[field] = undo_log_escapes(content, scratch.fields[static_cast<size_t>(field)]);
    }
  }
};

}  // namespace

const LogFormat& combined_variant_format() {
  static const CombinedVariant format;
  return format;
}

}  // namespace ipguard::match
