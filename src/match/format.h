// LogFormat: one way to read a line. A format parses by position; it never guesses, and it never allocates unless it
// has to undo log escapes (into the scratch).
#pragma once

#include <array>
#include <span>
#include <string>
#include <string_view>

#include "model/event.h"
#include "model/line.h"

namespace ipguard::match {

// Memory that a parsed event's views may point into; one a thread, reused for each line.
struct ParseScratch {
  std::array<std::string, model::field_count> fields;
};

// What a parser may need to know besides the line.
struct ParseContext {
  TimePoint now;  // completes stamps without a year (RFC 3164): the latest year that is not more than a day ahead
  ParseScratch* scratch;  // not null
};

class LogFormat {
 public:
  virtual ~LogFormat() = default;
  [[nodiscard]] virtual std::string_view name() const = 0;
  [[nodiscard]] virtual model::LogKind kind() const = 0;
  // Fills `event` (all fields reset first) and returns true if the line is of this format; false otherwise, with
  // `event` unspecified. A truncated line keeps what is complete.
  [[nodiscard]] virtual bool parse(const model::RawLine& line, const ParseContext& context,
                                   model::Event& event) const = 0;
};

// All formats in the order in which "auto" tries them: "vhost-combined" (first, so that a line with two possible
// clients is its line, without an address), "combined" (also common), "nginx-error", "apache-error", "syslog" (RFC 3164
// and ISO 8601 stamps). "message" is separate (bare_message_format()); its events have no format name.
[[nodiscard]] std::span<const LogFormat* const> all_formats();
[[nodiscard]] const LogFormat& bare_message_format();
// By name, "message" included; null when there is none.
[[nodiscard]] const LogFormat* find_format(std::string_view name);

// Tries `hint` first (the format that the source's last line had), then the others; null when no format fits. Pass the
// hint: besides being faster, it keeps a line of a log without virtual hosts, its user name holding an address, from
// being read as one with them.
[[nodiscard]] const LogFormat* recognise(const model::RawLine& line, const ParseContext& context, const LogFormat* hint,
                                         model::Event& event);

}  // namespace ipguard::match
