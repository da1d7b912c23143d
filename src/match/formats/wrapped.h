// Lines within lines: what a container runtime or a syslog daemon has put its own columns before.
#pragma once

#include <optional>
#include <string_view>

#include "match/format.h"

namespace ipguard::match {

// The line that a container runtime wrote down: recognised on its own; an application's message with the runtime's time
// if nothing else fits. False if too many wrappers have been taken off already, or the line was cut and nothing fits.
// `text` must not be in scratch.record.
[[nodiscard]] bool parse_contained(const model::RawLine& outer, std::string_view text, bool complete,
                                   std::optional<TimePoint> time, const ParseContext& context, model::Event& event);

// Whether the two columns stand here that a container runtime writes behind its stamp (CRI), "stdout F " and the like.
[[nodiscard]] bool is_contained(std::string_view behind_stamp);

// Whether a syslog tag is an HTTP server's (nginx, httpd/backend, caddy-access, …) or a container runtime's.
[[nodiscard]] bool is_server_program(std::string_view program);

// An HTTP server's access or error line as the message of a syslog line; the event keeps its own time if it has one,
// otherwise gets `time`. A record in it is read only with `records`: that overwrites scratch.record.
[[nodiscard]] bool parse_server_message(const model::RawLine& outer, std::string_view text, bool records,
                                        std::optional<TimePoint> time, const ParseContext& context,
                                        model::Event& event);

// Apache's error line without its stamp, as it writes it to syslog (ErrorLog syslog): "[module:level] [pid N] …".
[[nodiscard]] bool parse_apache_error_message(std::string_view text, bool truncated, model::Event& event);

// A whole line that a container runtime or a syslog daemon wrote down as it was, and when; nullopt if neither did. The
// text points into the line or scratch.unwrapped.
struct WrappedLine {
  std::string_view text;
  std::optional<TimePoint> time;
};
[[nodiscard]] std::optional<WrappedLine> unwrap(const model::RawLine& line, const ParseContext& context);
// The same of Docker's json-file driver (json.cc).
[[nodiscard]] std::optional<WrappedLine> unwrap_docker(const model::RawLine& line, const ParseContext& context);

}  // namespace ipguard::match
