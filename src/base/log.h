// ipguard's own log, to stderr: one line an event, `LEVEL text`. Under systemd (JOURNAL_STREAM set) lines carry the
// sd-daemon(3) priority prefix "<N>" instead of a time, so that the journal files them by level.
// spdlog stays behind this header. Any thread may log.
#pragma once

#include <string>
#include <string_view>

namespace ipguard {

enum class LogLevel { debug, info, warning, error };

// Sets up the sink; call once in main before threads start. Without it, logging goes to stderr at level info.
void init_log(LogLevel level);
// Whether that was done: from then on a program that is supervised says all it says in its log.
[[nodiscard]] bool log_is_set_up();
void set_log_level(LogLevel level);
// Every argument that comes from a log, a database or a socket has gone through printable() first.
void log(LogLevel level, std::string_view text);

inline void log_debug(std::string_view text) { log(LogLevel::debug, text); }
inline void log_info(std::string_view text) { log(LogLevel::info, text); }
inline void log_warning(std::string_view text) { log(LogLevel::warning, text); }
inline void log_error(std::string_view text) { log(LogLevel::error, text); }

}  // namespace ipguard
