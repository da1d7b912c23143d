// LogFormat: one way to read a line. A format parses by position; it never guesses, and it does not allocate in the
// steady state: what has to be rewritten (log escapes undone, JSON strings unescaped) goes into the scratch.
#pragma once

#include <array>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "match/timestamp.h"
#include "model/event.h"
#include "model/line.h"

namespace ipguard::match {

// A record's values, and the text of those names and values that do not stand in the line as they are. The text never
// moves while a record is read (its capacity is fixed before), so that views into it hold.
struct RecordScratch {
  std::vector<model::NamedValue> values;
  std::string text;
};

// Memory that a parsed event's views may point into; one a thread, reused for each line.
struct ParseScratch {
  std::array<std::string, model::field_count> fields;
  RecordScratch record;
  std::string unwrapped;  // the line that a JSON wrapper held, its escapes undone
};

struct ForwardedClient;
struct W3cOrder;

// What a parser may need to know besides the line.
struct ParseContext {
  TimePoint now;  // completes stamps without a year (RFC 3164): the latest year that is not more than a day ahead
  ParseScratch* scratch;  // not null
  bool mixed = false;     // lines of different logs follow each other: what the last one was says little about the next
  bool named = false;     // the source was said to have this format: its columns are what they are by position
  int wrapped = 0;        // how many wrappers (a container runtime's, syslog) have been taken off this line
  const TimeZone* zone = nullptr;              // of stamps without one; null = the host's own
  const ForwardedClient* forwarded = nullptr;  // proxies whose word on the client is taken; null = nobody's
  const W3cOrder* w3c = nullptr;  // the columns, as the log's last #Fields directive says; null = not known

  [[nodiscard]] StampClock clock() const { return {now, zone}; }
};

// More wrappers than these are not taken off: the runtime's, and syslog within.
inline constexpr int most_wrappers = 2;

// See rewrite_watch.h and status_scan.h.
struct ScanHints {
  bool whole_lines = false;  // any part of a line may be decoded, not only what an access log's first quotes hold
  std::optional<char> status_behind = {};  // the status stands behind this byte ('\n': at the beginning of the line)
};

class LogFormat {
 public:
  virtual ~LogFormat() = default;
  [[nodiscard]] virtual std::string_view name() const = 0;
  // Of the lines that it is named after. An event's own kind counts: a record may be an access log's line, and so may
  // what a wrapper holds; `event.format` is then the inner format's name.
  [[nodiscard]] virtual model::LogKind kind() const = 0;
  // Fills `event` (all fields reset first) and returns true if the line is of this format; false otherwise, with
  // `event` unspecified. A truncated line keeps what is complete.
  [[nodiscard]] virtual bool parse(const model::RawLine& line, const ParseContext& context,
                                   model::Event& event) const = 0;
  // What a scan of lines has to mind besides what it looks for in every log.
  [[nodiscard]] virtual ScanHints scan_hints() const { return {}; }
};

// All formats in the order in which "auto" tries them, those first that nobody's text can imitate:
//   vhost-combined, combined  first, and in this order, so that a line with two possible clients has no address
//   combined-variant          Jetty, Traefik and others: stamps without zone, localized, a column more or less
//   haproxy, aws-alb, w3c, nginx-proxy-manager, zoraxy   further access logs
//   nginx-error, apache-error
//   json                      a JSON object a line; those of known servers are access lines
//   container                 a container runtime's line (CRI, docker compose) and what it holds
//   syslog                    RFC 3164, ISO 8601 stamps, RFC 5424
//   logfmt                    key=value
//   app                       a stamp, then anything
// "message" is separate (bare_message_format()): any line, without a format's name unless it holds an HTTP server's.
[[nodiscard]] std::span<const LogFormat* const> all_formats();
[[nodiscard]] const LogFormat& bare_message_format();
// By name, "message" included; null when there is none.
[[nodiscard]] const LogFormat* find_format(std::string_view name);

// Tries `hint` first (the format that the source's last line had), then the others; null when no format fits. Pass the
// hint: besides being faster, it keeps a line of a log without virtual hosts, its user name holding an address, from
// being read as one with them.
//  - "app" takes nearly anything, so as a hint it does not keep the others from being tried; but then a line is not
//  taken
//    for an access log's without an address, nor for syslog's by a stamp that syslog daemons do not write: a client's
//    text behind the stamp could look like either.
//  - "app" and "logfmt" are tried only if there is no hint, if it is one of app, logfmt, syslog, json and container, or
//    in mixed lines: an access log's garbled line is no application's message.
//  - "zoraxy" is recognised, but the address is kept only where the format was asked for by name: see zoraxy.cc.
[[nodiscard]] const LogFormat* recognise(const model::RawLine& line, const ParseContext& context, const LogFormat* hint,
                                         model::Event& event);

}  // namespace ipguard::match
