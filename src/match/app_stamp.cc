#include "match/app_stamp.h"

#include <algorithm>

#include "base/ascii.h"
#include "match/stamp_shapes.h"

namespace ipguard::match {
namespace {

using std::chrono::microseconds;

// Ten digits, from 2001 to 2286, and up to nine of a fraction.
std::optional<AppStamp> epoch(std::string_view text) {
  StampScanner scanner(text);
  int64_t seconds = 0;
  microseconds fraction{};
  if (!scanner.number(10, seconds) || seconds < 1000000000 || !read_fraction(scanner, fraction) ||
      !stamp_ends(text, scanner.position())) {
    return std::nullopt;
  }
  return AppStamp{TimePoint(Seconds(seconds)) + fraction, scanner.position()};
}

std::optional<AppStamp> time_of_day(std::string_view text) {
  StampScanner scanner(text);
  Civil civil;
  microseconds fraction{};
  if (!read_clock(scanner, civil) || civil.hour > 23 || civil.minute > 59 || civil.second > 60 ||
      (scanner.peek() != '.' && scanner.peek() != ',')) {
    return std::nullopt;
  }
  const size_t whole = scanner.position();
  if (!read_fraction(scanner, fraction) || scanner.position() == whole || !stamp_ends(text, scanner.position())) {
    return std::nullopt;
  }
  return AppStamp{std::nullopt, scanner.position()};
}

// https://cr.yp.to/libtai/tai64.html: seconds from 2^62, TAI being ten seconds ahead of UTC in 1970; leap seconds since
// then are not counted by multilog's clock on POSIX systems (its tai_now() adds 10).
std::optional<AppStamp> tai64n(std::string_view text) {
  constexpr size_t length = 25;
  if (text.size() < length || !stamp_ends(text, length)) {
    return std::nullopt;
  }
  uint64_t seconds = 0;
  uint64_t nanoseconds = 0;
  for (size_t i = 1; i < length; ++i) {
    const char c = text[i];
    if (!is_hex_digit(c) || is_upper(c)) {
      return std::nullopt;
    }
    const auto digit = static_cast<uint64_t>(hex_value(c));
    (i <= 16 ? seconds : nanoseconds) = (i <= 16 ? seconds : nanoseconds) << 4 | digit;
  }
  constexpr uint64_t origin = (uint64_t{1} << 62) + 10;
  if (seconds < origin || seconds - origin > 0xffffffff || nanoseconds >= 1000000000) {
    return std::nullopt;
  }
  return AppStamp{TimePoint(Seconds(seconds - origin)) + microseconds(static_cast<int64_t>(nanoseconds / 1000)),
                  length};
}

}  // namespace

std::optional<AppStamp> parse_app_stamp(std::string_view text, const StampClock& clock) {
  if (text.size() < 8) {
    return std::nullopt;
  }
  const char first = text.front();
  if (is_digit(first)) {
    if (const auto date = parse_number_date(text, clock)) {
      return AppStamp{date->time, date->length};
    }
    const auto stamp = epoch(text);
    return stamp ? stamp : time_of_day(text);
  }
  if (first == '@') {
    return tai64n(text);
  }
  const auto date = parse_name_date(text, clock);
  return date ? std::optional(AppStamp{date->time, date->length}) : std::nullopt;
}

std::optional<TimePoint> parse_epoch(std::string_view text) {
  const auto whole = text.substr(0, text.find('.'));
  const auto fraction = text.substr(std::min(text.size(), whole.size() + 1));
  if (whole.size() < 10 || whole.size() > 19 || (whole.size() - 10) % 3 != 0 ||
      (whole.size() > 10 && !fraction.empty()) || (fraction.empty() && whole.size() != text.size())) {
    return std::nullopt;
  }
  uint64_t number = 0;
  uint64_t scale = 1000000;  // microseconds in a unit of `number`
  for (const char c : whole) {
    if (c < '0' || c > '9') {
      return std::nullopt;
    }
    number = number * 10 + static_cast<uint64_t>(c - '0');
  }
  for (size_t digits = whole.size(); digits > 10; digits -= 3) {
    if (scale == 1) {
      number /= 1000;
    } else {
      scale /= 1000;
    }
  }
  number *= scale;
  for (const char c : fraction) {
    if (c < '0' || c > '9') {
      return std::nullopt;
    }
    scale /= 10;
    number += scale * static_cast<uint64_t>(c - '0');
  }
  return TimePoint(microseconds(static_cast<int64_t>(number)));
}

}  // namespace ipguard::match
