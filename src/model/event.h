// Event: what a log format makes of a line. Pointers into the line (or the parser's scratch), valid during the call.
#pragma once

#include <array>
#include <cstddef>
#include <optional>
#include <span>
#include <string_view>

#include "base/time.h"
#include "net/address.h"

namespace ipguard::model {

// What kind of log a line belongs to; a rule names the kind it reads.
enum class LogKind : uint8_t {
  access,   // one HTTP request a line
  error,    // an HTTP server's error log: message with a client address in a fixed place
  syslog,   // program[pid]: message
  app,      // an application's own log: a time stamp, then its message
  fields,   // a record of named values a line: JSON, logfmt
  message,  // a bare message without time and program, as the journal holds it
};

// Fields that rules can name. Everything except `status`, `bytes` and `pid` may be written by an attacker.
enum class Field : uint8_t {
  method,
  target,  // the request target as logged (log escapes undone, nothing decoded)
  path,    // the target's path, percent-decoded and normalised
  query,   // the target's query, percent-decoded
  protocol,
  status,
  bytes,
  referer,
  user_agent,
  user,     // the authenticated user of an access log
  vhost,    // the virtual-host column
  program,  // syslog tag
  pid,
  message,  // syslog or error-log message, its own prefix (level, client) removed
  level,    // error-log level
  body,     // all that follows the time stamp of a syslog, app or bare line: where nothing else is known of its parts
  record,   // a value of Event::record; which one, is said beside it (FieldPatterns::key)
};
inline constexpr size_t field_count = static_cast<size_t>(Field::record) + 1;

[[nodiscard]] std::string_view to_string(LogKind kind);
[[nodiscard]] std::string_view to_string(Field field);
[[nodiscard]] std::optional<LogKind> log_kind_from(std::string_view name);
[[nodiscard]] std::optional<Field> field_from(std::string_view name);

// One value of a record, by the dotted path of its name ("attr.remote", "params.0.key"), unescaped.
struct NamedValue {
  std::string_view name;
  std::string_view value;
};

struct Event {
  std::string_view format;  // the format's name ("combined", "syslog", …); empty for a bare message
  LogKind kind = LogKind::message;
  std::optional<TimePoint> time;        // nullopt when the line carries none
  std::optional<net::Address> address;  // from the format's own position; message rules may yield another by capture
  std::string_view host;  // syslog: that sent the message, as its daemon wrote it; empty if it does not say
  std::array<std::string_view, field_count> fields{};
  std::span<const NamedValue> record{};  // in the line's order; empty unless the line is a record

  [[nodiscard]] std::string_view operator[](Field field) const { return fields[static_cast<size_t>(field)]; }
  std::string_view& operator[](Field field) { return fields[static_cast<size_t>(field)]; }
};

}  // namespace ipguard::model
