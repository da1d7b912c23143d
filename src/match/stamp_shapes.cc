#include "match/stamp_shapes.h"

#include <algorithm>
#include <array>
#include <initializer_list>
#include <span>

#include "base/ascii.h"
#include "match/stamp_scanner.h"
#include "match/timestamp.h"

namespace ipguard::match {
namespace {

using std::chrono::microseconds;
using std::chrono::sys_seconds;

// What a shape's parser has read.
struct Reading {
  Civil civil;
  microseconds fraction{};
  std::optional<Seconds> offset;  // nullopt: local time
};

struct Zone {
  std::string_view name;
  int hours;
};

// Abbreviations with one meaning only: not CST, IST, BST and the like.
constexpr std::array<Zone, 16> zones = {{{"UTC", 0},
                                         {"GMT", 0},
                                         {"WET", 0},
                                         {"WEST", 1},
                                         {"CET", 1},
                                         {"CEST", 2},
                                         {"EET", 2},
                                         {"EEST", 3},
                                         {"MSK", 3},
                                         {"JST", 9},
                                         {"EST", -5},
                                         {"EDT", -4},
                                         {"CDT", -5},
                                         {"MDT", -6},
                                         {"PST", -8},
                                         {"PDT", -7}}};

// The abbreviation that stands here as a word of its own.
const Zone* zone_at(std::string_view text) {
  const auto* const found = std::ranges::find_if(
      zones, [text](const Zone& zone) { return text.starts_with(zone.name) && stamp_ends(text, zone.name.size()); });
  return found == zones.end() ? nullptr : found;
}

// Takes a zone, if there is one; false if something only begins like one.
bool read_zone(StampScanner& scanner, Reading& reading) {
  if (scanner.literal('Z')) {
    reading.offset = Seconds(0);
    return true;
  }
  StampScanner ahead = scanner;
  const bool blank = ahead.literal(' ');
  if (ahead.peek() == '+' || ahead.peek() == '-') {
    const auto digit = ahead.rest().substr(1, 1);
    Seconds offset{};
    if (read_offset(ahead, true, offset)) {
      reading.offset = offset;
      scanner = ahead;
      return true;
    }
    return blank || digit.empty() || digit[0] < '0' || digit[0] > '9';  // "stamp - message" and the like
  }
  if (const Zone* const zone = zone_at(ahead.rest())) {
    reading.offset = std::chrono::hours(zone->hours);
    ahead.skip(zone->name.size());
    scanner = ahead;
  }
  return true;
}

bool read_day(StampScanner& scanner, Civil& civil) {
  const bool padded = scanner.literal(' ');
  return (!padded && scanner.number(2, civil.day)) || scanner.number(1, civil.day);
}

// "hh:mm:ss", the hour padded with a blank or not at all.
bool read_loose_clock(StampScanner& scanner, Civil& civil) {
  const bool padded = scanner.literal(' ');
  return ((!padded && scanner.number(2, civil.hour)) || scanner.number(1, civil.hour)) && scanner.literal(':') &&
         scanner.number(2, civil.minute) && scanner.literal(':') && scanner.number(2, civil.second);
}

// " AM" or " PM"; false if there is neither.
bool read_half_day(StampScanner& scanner, Civil& civil) {
  const auto rest = scanner.rest();
  const bool pm = rest.starts_with(" PM");
  if ((!pm && !rest.starts_with(" AM")) || civil.hour < 1 || civil.hour > 12) {
    return false;
  }
  scanner.skip(3);
  civil.hour = civil.hour % 12 + (pm ? 12 : 0);
  return true;
}

bool any_of(StampScanner& scanner, std::initializer_list<std::string_view> words) {
  for (const auto word : words) {
    if (scanner.rest().starts_with(word)) {
      scanner.skip(word.size());
      return true;
    }
  }
  return false;
}

using Shape = bool (*)(StampScanner& scanner, Reading& reading);

bool iso(StampScanner& scanner, Reading& reading) {
  Civil& civil = reading.civil;
  return scanner.number(4, civil.year) && scanner.literal('-') && scanner.number(2, civil.month) &&
         scanner.literal('-') && scanner.number(2, civil.day) &&
         ((scanner.literal('T') && read_clock(scanner, civil)) ||
          (scanner.literal(' ') && read_loose_clock(scanner, civil))) &&
         read_fraction(scanner, reading.fraction) && read_zone(scanner, reading);
}

bool slashes_year_first(StampScanner& scanner, Reading& reading) {
  Civil& civil = reading.civil;
  return scanner.number(4, civil.year) && scanner.literal('/') && scanner.number(2, civil.month) &&
         scanner.literal('/') && scanner.number(2, civil.day) && any_of(scanner, {" - ", " "}) &&
         read_clock(scanner, civil) && read_fraction(scanner, reading.fraction) && read_zone(scanner, reading);
}

bool colons(StampScanner& scanner, Reading& reading) {
  Civil& civil = reading.civil;
  return scanner.number(4, civil.year) && scanner.literal(':') && scanner.number(2, civil.month) &&
         scanner.literal(':') && scanner.number(2, civil.day) && scanner.literal('-') && read_clock(scanner, civil);
}

bool compact(StampScanner& scanner, Reading& reading) {
  Civil& civil = reading.civil;
  return scanner.number(4, civil.year) && scanner.number(2, civil.month) && scanner.number(2, civil.day) &&
         scanner.literal('-') && read_clock(scanner, civil);
}

bool old_mysql(StampScanner& scanner, Reading& reading) {
  Civil& civil = reading.civil;
  if (!(scanner.number(2, civil.year) && scanner.number(2, civil.month) && scanner.number(2, civil.day) &&
        scanner.literal(' ') && read_loose_clock(scanner, civil))) {
    return false;
  }
  civil.year += 2000;
  return true;
}

bool day_month_number(StampScanner& scanner, Reading& reading) {
  Civil& civil = reading.civil;
  return scanner.number(2, civil.day) && scanner.literal('-') && scanner.number(2, civil.month) &&
         scanner.literal('-') && scanner.number(4, civil.year) && scanner.literal(' ') && read_clock(scanner, civil) &&
         read_fraction(scanner, reading.fraction);
}

bool day_month_name(StampScanner& scanner, Reading& reading) {
  Civil& civil = reading.civil;
  return scanner.number(2, civil.day) && scanner.literal('-') && scanner.month(civil.month) && scanner.literal('-') &&
         scanner.number(4, civil.year) && scanner.literal(' ') && read_clock(scanner, civil) &&
         read_fraction(scanner, reading.fraction) && read_zone(scanner, reading);
}

bool clf(StampScanner& scanner, Reading& reading) {
  Civil& civil = reading.civil;
  return scanner.number(2, civil.day) && scanner.literal('/') && scanner.month(civil.month) && scanner.literal('/') &&
         scanner.number(4, civil.year) && (scanner.literal(':') || scanner.literal(' ')) &&
         read_clock(scanner, civil) && read_fraction(scanner, reading.fraction) && read_zone(scanner, reading);
}

bool day_name_year(StampScanner& scanner, Reading& reading) {
  Civil& civil = reading.civil;
  return read_day(scanner, civil) && scanner.literal(' ') && scanner.month(civil.month) && scanner.literal(' ') &&
         scanner.number(4, civil.year) && scanner.literal(' ') && read_clock(scanner, civil) &&
         read_fraction(scanner, reading.fraction) && read_zone(scanner, reading);
}

bool american(StampScanner& scanner, Reading& reading) {
  Civil& civil = reading.civil;
  if (!(scanner.number(2, civil.month) && scanner.literal('/') && scanner.number(2, civil.day) &&
        scanner.literal('/'))) {
    return false;
  }
  if (!scanner.number(4, civil.year)) {
    if (!scanner.number(2, civil.year)) {
      return false;
    }
    civil.year += 2000;
  }
  if (scanner.rest().starts_with(", ")) {
    scanner.skip(2);
    return read_loose_clock(scanner, civil) && read_half_day(scanner, civil);
  }
  return any_of(scanner, {" - ", "-", " "}) && read_clock(scanner, civil) && read_fraction(scanner, reading.fraction);
}

bool month_first_number(StampScanner& scanner, Reading& reading) {
  Civil& civil = reading.civil;
  return scanner.number(2, civil.month) && scanner.literal('-') && scanner.number(2, civil.day) &&
         scanner.literal(' ') && read_clock(scanner, civil) && read_fraction(scanner, reading.fraction);
}

bool month_day(StampScanner& scanner, Reading& reading) {
  Civil& civil = reading.civil;
  return scanner.month(civil.month) && scanner.literal(' ') && read_day(scanner, civil) && scanner.literal(' ') &&
         read_clock(scanner, civil) && read_fraction(scanner, reading.fraction);
}

bool month_day_year(StampScanner& scanner, Reading& reading) {
  Civil& civil = reading.civil;
  return scanner.month(civil.month) && scanner.literal(' ') && read_day(scanner, civil) && scanner.literal(' ') &&
         scanner.number(4, civil.year) && scanner.literal(' ') && read_clock(scanner, civil) &&
         read_fraction(scanner, reading.fraction) && read_zone(scanner, reading);
}

bool java_logging(StampScanner& scanner, Reading& reading) {
  Civil& civil = reading.civil;
  return scanner.month_in_any_case(civil.month) && scanner.literal(' ') && read_day(scanner, civil) &&
         scanner.literal(',') && scanner.literal(' ') && scanner.number(4, civil.year) && scanner.literal(' ') &&
         read_loose_clock(scanner, civil) && read_half_day(scanner, civil);
}

bool month_dashes(StampScanner& scanner, Reading& reading) {
  Civil& civil = reading.civil;
  if (!(scanner.month(civil.month) && scanner.literal('-') && scanner.number(2, civil.day) && scanner.literal('-'))) {
    return false;
  }
  if (!scanner.number(4, civil.year)) {
    if (!scanner.number(2, civil.year)) {
      return false;
    }
    civil.year += 2000;
  }
  return scanner.literal(' ') && read_clock(scanner, civil);
}

bool asctime_like(StampScanner& scanner, Reading& reading) {
  Civil& civil = reading.civil;
  if (!(scanner.weekday() && scanner.literal(' ') && scanner.month(civil.month) && scanner.literal(' ') &&
        read_day(scanner, civil) && scanner.literal(' ') && read_clock(scanner, civil) &&
        read_fraction(scanner, reading.fraction) && scanner.literal(' '))) {
    return false;
  }
  if (const Zone* const zone = zone_at(scanner.rest())) {
    reading.offset = std::chrono::hours(zone->hours);
    scanner.skip(zone->name.size());
    if (!scanner.literal(' ')) {
      return false;
    }
  }
  return scanner.number(4, civil.year);
}

bool mail_date(StampScanner& scanner, Reading& reading) {
  return scanner.weekday() && scanner.literal(',') && scanner.literal(' ') && day_name_year(scanner, reading);
}

// A date whose year is `whole` or has to be completed, or (no date) a time of day.
enum class Missing : uint8_t { nothing, year };

struct ShapeEntry {
  Shape read;
  Missing missing = Missing::nothing;
};

constexpr std::array<ShapeEntry, 11> number_shapes = {{{iso},
                                                       {slashes_year_first},
                                                       {day_month_name},
                                                       {clf},
                                                       {american},
                                                       {day_month_number},
                                                       {colons},
                                                       {compact},
                                                       {old_mysql},
                                                       {day_name_year},
                                                       {month_first_number, Missing::year}}};

// The order matters: "Mon DD YYYY" begins like "Mon DD hh".
constexpr std::array<ShapeEntry, 6> name_shapes = {
    {{month_day_year}, {month_day, Missing::year}, {asctime_like}, {mail_date}, {java_logging}, {month_dashes}}};

std::optional<TimePoint> to_time(const Reading& reading, Missing missing, const StampClock& clock) {
  if (missing == Missing::year) {
    const auto time = complete_year(reading.civil, clock);
    return time ? std::optional(*time + reading.fraction) : std::nullopt;
  }
  const auto seconds = to_seconds(reading.civil);
  if (!seconds) {
    return std::nullopt;
  }
  return (reading.offset ? *seconds - *reading.offset : local_to_utc(*seconds, clock)) + reading.fraction;
}

std::optional<StampPrefix> try_shapes(std::span<const ShapeEntry> shapes, std::string_view text,
                                      const StampClock& clock) {
  for (const ShapeEntry& shape : shapes) {
    StampScanner scanner(text);
    Reading reading;
    if (!shape.read(scanner, reading) || !stamp_ends(text, scanner.position())) {
      continue;
    }
    if (const auto time = to_time(reading, shape.missing, clock)) {
      return StampPrefix{*time, scanner.position()};
    }
  }
  return std::nullopt;
}

}  // namespace

bool stamp_ends(std::string_view text, size_t length) {
  if (length >= text.size()) {
    return true;
  }
  return !is_alnum(text[length]);
}

bool read_fraction(StampScanner& scanner, microseconds& fraction) {
  if (scanner.peek() != '.' && scanner.peek() != ',') {
    return true;
  }
  StampScanner ahead = scanner;
  ahead.skip(1);
  if (ahead.peek() < '0' || ahead.peek() > '9') {
    return true;  // punctuation behind the stamp
  }
  scanner = ahead;
  return scanner.fraction(fraction);
}

std::optional<StampPrefix> parse_number_date(std::string_view text, const StampClock& clock) {
  return try_shapes(number_shapes, text, clock);
}

std::optional<StampPrefix> parse_name_date(std::string_view text, const StampClock& clock) {
  return try_shapes(name_shapes, text, clock);
}

}  // namespace ipguard::match
