#include "match/timestamp.h"

#include <array>
#include <ctime>

#include "match/stamp_scanner.h"
#include "model/hit.h"

namespace ipguard::match {
namespace {

using std::chrono::microseconds;
using std::chrono::sys_days;
using std::chrono::sys_seconds;

constexpr int64_t bucket_seconds = 900;

// What the host's zone was a day before and after a quarter of an hour tells what that quarter can mean.
struct ZoneEntry {
  int64_t bucket = INT64_MIN;
  int64_t earlier = 0;  // local minus UTC, seconds
  int64_t later = 0;    // the same, where the time was twice: of the second one
};

// Local minus UTC at a moment.
int64_t offset_at(int64_t utc_seconds) {
  const std::time_t moment = utc_seconds;
  std::tm parts{};
  return ::localtime_r(&moment, &parts) == nullptr ? 0 : parts.tm_gmtoff;
}

ZoneEntry ask_zone(int64_t bucket) {
  constexpr int64_t day = 86'400;
  ::tzset();  // localtime_r() need not look for a change of TZ
  const int64_t local = bucket * bucket_seconds;
  const int64_t before = offset_at(local - day);
  const int64_t after = offset_at(local + day);
  const bool was_before = offset_at(local - before) == before;
  const bool was_after = offset_at(local - after) == after;
  if (was_before == was_after) {  // twice, never, or nothing changes
    return {bucket, before, was_before ? after : before};
  }
  const int64_t offset = was_before ? before : after;
  return {bucket, offset, offset};
}

LocalMeaning meaning_here(sys_seconds local) {
  static thread_local std::array<ZoneEntry, 16> cache;
  const int64_t seconds = local.time_since_epoch().count();
  const int64_t bucket = seconds >= 0 ? seconds / bucket_seconds : (seconds - bucket_seconds + 1) / bucket_seconds;
  // Multiplicative hashing: the same day of different years must not share an entry.
  constexpr uint64_t golden_ratio = 0x9e3779b97f4a7c15;
  ZoneEntry& entry = cache[(static_cast<uint64_t>(bucket) * golden_ratio >> 32) % cache.size()];
  if (entry.bucket != bucket) {
    entry = ask_zone(bucket);
  }
  return {.earlier = local - Seconds(entry.earlier), .later = local - Seconds(entry.later)};
}

// "Feb 25 ", "Feb  5 ", "Feb 5 ".
bool read_month_and_day(StampScanner& scanner, Civil& civil) {
  if (!scanner.month(civil.month) || !scanner.literal(' ')) {
    return false;
  }
  const bool padded = scanner.literal(' ');
  return ((!padded && scanner.number(2, civil.day)) || scanner.number(1, civil.day)) && scanner.literal(' ');
}

}  // namespace

bool read_clock(StampScanner& scanner, Civil& civil) {
  return scanner.number(2, civil.hour) && scanner.literal(':') && scanner.number(2, civil.minute) &&
         scanner.literal(':') && scanner.number(2, civil.second);
}

std::optional<sys_seconds> to_seconds(const Civil& civil) {
  const std::chrono::year_month_day date{std::chrono::year(civil.year), std::chrono::month(civil.month),
                                         std::chrono::day(civil.day)};
  if (!date.ok() || civil.hour > 23 || civil.minute > 59 || civil.second > 60) {
    return std::nullopt;
  }
  const int second = civil.second == 60 ? 59 : civil.second;
  return sys_days(date) + std::chrono::hours(civil.hour) + std::chrono::minutes(civil.minute) + Seconds(second);
}

bool read_offset(StampScanner& scanner, bool colon_allowed, Seconds& offset) {
  const bool negative = scanner.peek() == '-';
  if (!scanner.literal('+') && !scanner.literal('-')) {
    return false;
  }
  int hours = 0;
  int minutes = 0;
  if (!scanner.number(2, hours)) {
    return false;
  }
  if (colon_allowed) {
    scanner.literal(':');
  }
  if (!scanner.number(2, minutes) || hours > 23 || minutes > 59) {
    return false;
  }
  offset = std::chrono::hours(hours) + std::chrono::minutes(minutes);
  if (negative) {
    offset = -offset;
  }
  return true;
}

std::optional<TimePoint> complete_year(Civil civil, const StampClock& clock) {
  const TimePoint latest = clock.now + std::chrono::days(1);
  // One day more, so that the local year is tried too where local time is ahead of UTC at the turn of the year. Eight
  // years back at most: a 29th of February is that far away at worst.
  const std::chrono::year_month_day today(std::chrono::floor<std::chrono::days>(latest + std::chrono::days(1)));
  for (int back = 0; back <= 8; ++back) {
    civil.year = static_cast<int>(today.year()) - back;
    const auto local = to_seconds(civil);
    // No zone is a day away from UTC: a year that lies in the future by more needs no zone.
    if (!local || *local > latest + std::chrono::days(1)) {
      continue;
    }
    const TimePoint time = local_to_utc(*local, clock);
    if (time <= latest) {
      return time;
    }
  }
  return std::nullopt;
}

sys_seconds local_to_utc(sys_seconds local, const StampClock& clock) {
  // A line is not written after it was read; clocks differ a little.
  const LocalMeaning meaning = clock.zone != nullptr ? clock.zone->meaning_of(local) : meaning_here(local);
  return meaning.later - model::most_clock_ahead > clock.now ? meaning.earlier : meaning.later;
}

std::optional<TimePoint> parse_clf_stamp(std::string_view text) {
  StampScanner scanner(text);
  Civil civil;
  Seconds offset{};
  if (!(scanner.number(2, civil.day) && scanner.literal('/') && scanner.month(civil.month) && scanner.literal('/') &&
        scanner.number(4, civil.year) && scanner.literal(':') && read_clock(scanner, civil) && scanner.literal(' ') &&
        read_offset(scanner, false, offset) && scanner.at_end())) {
    return std::nullopt;
  }
  const auto seconds = to_seconds(civil);
  return seconds ? std::optional<TimePoint>(*seconds - offset) : std::nullopt;
}

std::optional<StampPrefix> parse_rfc3164_stamp(std::string_view text, const StampClock& clock) {
  StampScanner scanner(text);
  Civil civil;
  if (!read_month_and_day(scanner, civil) || !read_clock(scanner, civil)) {
    return std::nullopt;
  }
  const auto time = complete_year(civil, clock);
  return time ? std::optional(StampPrefix{*time, scanner.position()}) : std::nullopt;
}

std::optional<StampPrefix> parse_extended_syslog_stamp(std::string_view text, const StampClock& clock) {
  StampScanner scanner(text);
  Civil civil;
  const bool has_weekday = scanner.weekday();
  if ((has_weekday && !scanner.literal(' ')) || !read_month_and_day(scanner, civil) || !read_clock(scanner, civil)) {
    return std::nullopt;
  }
  microseconds fraction{};
  if (scanner.literal('.')) {
    const bool complete = scanner.fraction(fraction);
    const auto time = complete && !has_weekday ? complete_year(civil, clock) : std::nullopt;
    return time ? std::optional(StampPrefix{*time + fraction, scanner.position()}) : std::nullopt;
  }
  if (!scanner.literal(' ') || !scanner.number(4, civil.year)) {
    return std::nullopt;
  }
  const auto seconds = to_seconds(civil);
  return seconds ? std::optional(StampPrefix{local_to_utc(*seconds, clock), scanner.position()}) : std::nullopt;
}

std::optional<StampPrefix> parse_dated_syslog_stamp(std::string_view text, const StampClock& clock) {
  StampScanner scanner(text);
  Civil civil;
  if (!read_month_and_day(scanner, civil) || !scanner.number(4, civil.year) || !scanner.literal(' ') ||
      !read_clock(scanner, civil)) {
    return std::nullopt;
  }
  const auto seconds = to_seconds(civil);
  return seconds ? std::optional(StampPrefix{local_to_utc(*seconds, clock), scanner.position()}) : std::nullopt;
}

std::optional<StampPrefix> parse_iso_stamp(std::string_view text, const StampClock& clock) {
  StampScanner scanner(text);
  Civil civil;
  if (!(scanner.number(4, civil.year) && scanner.literal('-') && scanner.number(2, civil.month) &&
        scanner.literal('-') && scanner.number(2, civil.day) && (scanner.literal('T') || scanner.literal(' ')) &&
        read_clock(scanner, civil))) {
    return std::nullopt;
  }
  microseconds fraction{};
  if ((scanner.literal('.') || scanner.literal(',')) && !scanner.fraction(fraction)) {
    return std::nullopt;
  }
  const auto seconds = to_seconds(civil);
  if (!seconds) {
    return std::nullopt;
  }
  if (scanner.literal('Z')) {
    return StampPrefix{*seconds + fraction, scanner.position()};
  }
  if (scanner.peek() == '+' || scanner.peek() == '-') {
    Seconds offset{};
    if (!read_offset(scanner, true, offset)) {
      return std::nullopt;
    }
    return StampPrefix{*seconds - offset + fraction, scanner.position()};
  }
  return StampPrefix{local_to_utc(*seconds, clock) + fraction, scanner.position()};
}

std::optional<StampPrefix> parse_nginx_error_stamp(std::string_view text, const StampClock& clock) {
  StampScanner scanner(text);
  Civil civil;
  if (!(scanner.number(4, civil.year) && scanner.literal('/') && scanner.number(2, civil.month) &&
        scanner.literal('/') && scanner.number(2, civil.day) && scanner.literal(' ') && read_clock(scanner, civil))) {
    return std::nullopt;
  }
  const auto seconds = to_seconds(civil);
  return seconds ? std::optional(StampPrefix{local_to_utc(*seconds, clock), scanner.position()}) : std::nullopt;
}

std::optional<TimePoint> parse_apache_error_stamp(std::string_view text, const StampClock& clock) {
  StampScanner scanner(text);
  Civil civil;
  microseconds fraction{};
  if (!(scanner.weekday() && scanner.literal(' ') && scanner.month(civil.month) && scanner.literal(' ') &&
        scanner.number(2, civil.day) && scanner.literal(' ') && read_clock(scanner, civil))) {
    return std::nullopt;
  }
  if (scanner.literal('.') && !scanner.fraction(fraction)) {
    return std::nullopt;
  }
  if (!scanner.literal(' ') || !scanner.number(4, civil.year) || !scanner.at_end()) {
    return std::nullopt;
  }
  const auto seconds = to_seconds(civil);
  return seconds ? std::optional<TimePoint>(local_to_utc(*seconds, clock) + fraction) : std::nullopt;
}

}  // namespace ipguard::match
