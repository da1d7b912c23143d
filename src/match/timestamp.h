// Time stamps of logs, each by its exact shape. Pure functions except that stamps of the host's own zone ask the C
// library (cached in each thread, see local_to_utc()). No allocation; any byte string may be passed.
#pragma once

#include <cstddef>
#include <optional>
#include <string_view>

#include "base/time.h"
#include "match/time_zone.h"

namespace ipguard::match {

// What completes a stamp that does not say everything: the year, the zone.
struct StampClock {
  StampClock() = default;
  StampClock(TimePoint at,
             const TimeZone* in_zone = nullptr)  // NOLINT(google-explicit-constructor): a time alone will do
      : now(at), zone(in_zone) {}

  TimePoint now = TimePoint::max();  // when the line was read
  const TimeZone* zone = nullptr;    // of stamps without one; null = the host's own (TZ, /etc/localtime)
};

// A stamp found at the beginning of a text, and the number of bytes it takes.
struct StampPrefix {
  TimePoint time;
  size_t length = 0;
};

// Length of the stamp of the Common Log Format between its brackets: "25/Feb/2020:04:30:17 +0000".
inline constexpr size_t clf_stamp_length = 26;

// In all of them second 60 (a leap second) counts as 59; a day that its month does not have is no stamp.

// Apache's %t and nginx's $time_local, the whole text, brackets not included.
[[nodiscard]] std::optional<TimePoint> parse_clf_stamp(std::string_view text);

// RFC 3164 4.1.2: "Feb 25 04:30:17", the day padded with a blank, with a zero or (as some write) not at all; local time
// without a year: the latest year for which the stamp is not more than a day after `now`.
[[nodiscard]] std::optional<StampPrefix> parse_rfc3164_stamp(std::string_view text, const StampClock& clock);

// The same with a fraction ("Feb 25 04:30:17.123456", journalctl -o short-precise), or in the order of asctime(3), with
// the year behind and the day of the week before it or not ("Tue Feb 25 04:30:17 2020", OpenWrt's logread).
[[nodiscard]] std::optional<StampPrefix> parse_extended_syslog_stamp(std::string_view text, const StampClock& clock);

// The same with the year before the time of day: "Oct 27 2015 12:35:40" (macOS, Cisco), local time.
[[nodiscard]] std::optional<StampPrefix> parse_dated_syslog_stamp(std::string_view text, const StampClock& clock = {});

// ISO 8601 as rsyslog writes it (RFC 3339): "2020-02-25T04:30:17.123456+01:00"; also with a blank for 'T', a comma for
// the point, "+0100", and without a zone (local time).
[[nodiscard]] std::optional<StampPrefix> parse_iso_stamp(std::string_view text, const StampClock& clock = {});

// nginx's error log: "2020/02/25 04:30:17", local time.
[[nodiscard]] std::optional<StampPrefix> parse_nginx_error_stamp(std::string_view text, const StampClock& clock = {});

// Apache's error log, the whole text between the brackets: "Tue Feb 25 04:30:17.123456 2020", local time, the fraction
// optional.
[[nodiscard]] std::optional<TimePoint> parse_apache_error_stamp(std::string_view text, const StampClock& clock = {});

// A local civil time, given in seconds as if it were UTC, to UTC. A time that was twice, because clocks were put back,
// is the later one unless that is still to come: what is read while it is written is always right. One that never was,
// because they were put forward, counts as if they had not been. The host's own offset is asked of localtime_r(3) once
// for each quarter of an hour (no zone has changed its offset within one since 1972) and kept for the last few.
[[nodiscard]] std::chrono::sys_seconds local_to_utc(std::chrono::sys_seconds local, const StampClock& clock);

}  // namespace ipguard::match
