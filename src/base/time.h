// Time as ipguard uses it: a point in UTC with microseconds, and whole-second spans. `now` is always passed in.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"

namespace ipguard {

// UTC, leap seconds not counted (POSIX time), microseconds.
using TimePoint = std::chrono::sys_time<std::chrono::microseconds>;
using Seconds = std::chrono::seconds;

// The wall clock. Only main loops call it; everything below takes `now` as a parameter.
[[nodiscard]] TimePoint wall_clock_now();

// RFC 3339 with zone, UTC: "2026-02-25T04:30:17Z", with ".123456" when there are microseconds.
[[nodiscard]] std::string format_rfc3339(TimePoint time);
// "2026-02-25T04:30:17[.frac](Z|+hh:mm)", also with a blank instead of 'T' and +hhmm. nullopt for anything else.
[[nodiscard]] std::optional<TimePoint> parse_rfc3339(std::string_view text);

// "90s", "10m", "4h", "7d", "1w" and sums of them ("1h30m"); a bare "0" is zero. At most 10 years.
[[nodiscard]] Result<Seconds> parse_duration(std::string_view text);
// The shortest exact text that parse_duration() reads back: "4h", "1h30m", "0s".
[[nodiscard]] std::string format_duration(Seconds span);

// Whole seconds since 1970-01-01T00:00:00Z, rounded down, before it as well.
[[nodiscard]] constexpr int64_t seconds_since_epoch(TimePoint time) {
  return std::chrono::floor<Seconds>(time).time_since_epoch().count();
}

// Broken-down UTC time to a point; the caller has checked the ranges (Howard Hinnant's days-from-civil, via <chrono>).
[[nodiscard]] TimePoint from_civil(int year, unsigned month, unsigned day, int hour, int minute, int second);

}  // namespace ipguard
