// The time stamps that applications begin their log lines with: a table of exact shapes.
#pragma once

#include <cstddef>
#include <optional>
#include <string_view>

#include "base/time.h"
#include "match/timestamp.h"

namespace ipguard::match {

struct AppStamp {
  std::optional<TimePoint> time;  // nullopt for a time of day without a date
  size_t length = 0;
};

// A stamp of one of these shapes at the beginning of `text`, nothing alphanumeric behind it. ZONE is "+hh:mm", "+hhmm",
// "Z" or an abbreviation that means one offset only (UTC, GMT, CET, EST, …), a blank before it or not; local time
// without it. FRAC is a point or comma and digits.
//
//   YYYY-MM-DD[T ]hh:mm:ss[FRAC][ZONE]      ISO 8601; a blank before a one-digit hour (MySQL)
//   YYYY/MM/DD[ | - ]hh:mm:ss[FRAC][ZONE]   nginx's error log, Go, gin
//   YYYY:MM:DD-hh:mm:ss                     DirectAdmin
//   YYYYMMDD-hh:mm:ss                       xrdp
//   YYMMDD hh:mm:ss                         MySQL before 5.7
//   DD-MM-YYYY hh:mm:ss[FRAC]               Domino
//   DD-Mon-YYYY hh:mm:ss[FRAC][ZONE]        BIND, PHP
//   DD/Mon/YYYY[: ]hh:mm:ss[FRAC][ZONE]     Common Log Format, Kerio
//   DD Mon YYYY hh:mm:ss[FRAC]              Redis
//   MM/DD/YYYY[ | - |-|, ]hh:mm:ss[FRAC][ AM| PM], also with a year of two digits
//   MM-DD hh:mm:ss[FRAC]                    FreeSWITCH; the year completed as in RFC 3164
//   Mon DD hh:mm:ss[FRAC]                   RFC 3164
//   Mon DD YYYY hh:mm:ss[FRAC][ZONE]
//   Mon DD, YYYY hh:mm:ss AM|PM             java.util.logging, month in any case
//   Mon-DD-YY[YY] hh:mm:ss                  ASSP
//   Www Mon DD hh:mm:ss[FRAC] [ABC ]YYYY    asctime(3), date(1)
//   Www, DD Mon YYYY hh:mm:ss[ZONE]         RFC 5322
//   hh:mm:ss FRAC                           a time of day
//   seconds since 1970, ten digits, [FRAC]
//   @ and 24 hexadecimal digits             TAI64N
[[nodiscard]] std::optional<AppStamp> parse_app_stamp(std::string_view text, const StampClock& clock);

// Seconds (10 digits, fraction or not), milli-, micro- or nanoseconds (13, 16, 19 digits) since 1970, the whole text.
[[nodiscard]] std::optional<TimePoint> parse_epoch(std::string_view text);

}  // namespace ipguard::match
