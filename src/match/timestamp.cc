#include "match/timestamp.h"

#include <array>
#include <ctime>

#include "match/stamp_scanner.h"

namespace ipguard::match {
namespace {

using std::chrono::microseconds;
using std::chrono::sys_days;
using std::chrono::sys_seconds;

constexpr int64_t bucket_seconds = 900;

struct ZoneEntry {
  int64_t bucket = INT64_MIN;
  int64_t offset = 0;  // local minus UTC, seconds
};

int64_t ask_zone(int64_t local_seconds) {
  const sys_seconds local{Seconds(local_seconds)};
  const auto day = std::chrono::floor<std::chrono::days>(local);
  const std::chrono::year_month_day date(day);
  const std::chrono::hh_mm_ss clock(local - day);
  std::tm parts{};
  parts.tm_year = static_cast<int>(date.year()) - 1900;
  parts.tm_mon = static_cast<int>(static_cast<unsigned>(date.month())) - 1;
  parts.tm_mday = static_cast<int>(static_cast<unsigned>(date.day()));
  parts.tm_hour = static_cast<int>(clock.hours().count());
  parts.tm_min = static_cast<int>(clock.minutes().count());
  parts.tm_sec = static_cast<int>(clock.seconds().count());
  parts.tm_isdst = -1;
  return local_seconds - static_cast<int64_t>(std::mktime(&parts));
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

std::optional<TimePoint> complete_year(Civil civil, TimePoint now) {
  const TimePoint latest = now + std::chrono::days(1);
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
    const TimePoint time = local_to_utc(*local);
    if (time <= latest) {
      return time;
    }
  }
  return std::nullopt;
}

sys_seconds local_to_utc(sys_seconds local) {
  static thread_local std::array<ZoneEntry, 16> cache;
  const int64_t seconds = local.time_since_epoch().count();
  const int64_t bucket = seconds >= 0 ? seconds / bucket_seconds : (seconds - bucket_seconds + 1) / bucket_seconds;
  // Multiplicative hashing: the same day of different years must not share an entry.
  constexpr uint64_t golden_ratio = 0x9e3779b97f4a7c15;
  ZoneEntry& entry = cache[(static_cast<uint64_t>(bucket) * golden_ratio >> 32) % cache.size()];
  if (entry.bucket != bucket) {
    entry = {bucket, ask_zone(bucket * bucket_seconds)};
  }
  return local - Seconds(entry.offset);
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

std::optional<StampPrefix> parse_rfc3164_stamp(std::string_view text, TimePoint now) {
  StampScanner scanner(text);
  Civil civil;
  if (!read_month_and_day(scanner, civil) || !read_clock(scanner, civil)) {
    return std::nullopt;
  }
  const auto time = complete_year(civil, now);
  return time ? std::optional(StampPrefix{*time, scanner.position()}) : std::nullopt;
}

std::optional<StampPrefix> parse_extended_syslog_stamp(std::string_view text, TimePoint now) {
  StampScanner scanner(text);
  Civil civil;
  const bool has_weekday = scanner.weekday();
  if ((has_weekday && !scanner.literal(' ')) || !read_month_and_day(scanner, civil) || !read_clock(scanner, civil)) {
    return std::nullopt;
  }
  microseconds fraction{};
  if (scanner.literal('.')) {
    const bool complete = scanner.fraction(fraction);
    const auto time = complete && !has_weekday ? complete_year(civil, now) : std::nullopt;
    return time ? std::optional(StampPrefix{*time + fraction, scanner.position()}) : std::nullopt;
  }
  if (!scanner.literal(' ') || !scanner.number(4, civil.year)) {
    return std::nullopt;
  }
  const auto seconds = to_seconds(civil);
  return seconds ? std::optional(StampPrefix{local_to_utc(*seconds), scanner.position()}) : std::nullopt;
}

std::optional<StampPrefix> parse_dated_syslog_stamp(std::string_view text) {
  StampScanner scanner(text);
  Civil civil;
  if (!read_month_and_day(scanner, civil) || !scanner.number(4, civil.year) || !scanner.literal(' ') ||
      !read_clock(scanner, civil)) {
    return std::nullopt;
  }
  const auto seconds = to_seconds(civil);
  return seconds ? std::optional(StampPrefix{local_to_utc(*seconds), scanner.position()}) : std::nullopt;
}

std::optional<StampPrefix> parse_iso_stamp(std::string_view text) {
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
  return StampPrefix{local_to_utc(*seconds) + fraction, scanner.position()};
}

std::optional<StampPrefix> parse_nginx_error_stamp(std::string_view text) {
  StampScanner scanner(text);
  Civil civil;
  if (!(scanner.number(4, civil.year) && scanner.literal('/') && scanner.number(2, civil.month) &&
        scanner.literal('/') && scanner.number(2, civil.day) && scanner.literal(' ') && read_clock(scanner, civil))) {
    return std::nullopt;
  }
  const auto seconds = to_seconds(civil);
  return seconds ? std::optional(StampPrefix{local_to_utc(*seconds), scanner.position()}) : std::nullopt;
}

std::optional<TimePoint> parse_apache_error_stamp(std::string_view text) {
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
  return seconds ? std::optional<TimePoint>(local_to_utc(*seconds) + fraction) : std::nullopt;
}

}  // namespace ipguard::match
