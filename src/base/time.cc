#include "base/time.h"

#include <array>
#include <cstdio>

#include "base/ascii.h"
#include "base/text.h"

namespace ipguard {
namespace {

constexpr Seconds longest_duration{10LL * 366 * 24 * 3600};

struct Unit {
  char letter;
  int64_t seconds;
};
// From the largest down: format_duration() uses the order.
constexpr std::array<Unit, 5> units = {{{'w', 604800}, {'d', 86400}, {'h', 3600}, {'m', 60}, {'s', 1}}};

// The last `count` decimal digits of `value`.
void put_digits(std::string& text, unsigned value, size_t count) {
  text.append(count, '0');
  for (size_t at = text.size(); count > 0; --count, value /= 10) {
    text[--at] = static_cast<char>('0' + value % 10);
  }
}

// The digits text[0..count) as a number; nullopt if one of them is none.
std::optional<int> digits(std::string_view text, size_t count) {
  if (text.size() < count) {
    return std::nullopt;
  }
  int value = 0;
  for (size_t i = 0; i < count; ++i) {
    if (text[i] < '0' || text[i] > '9') {
      return std::nullopt;
    }
    value = value * 10 + (text[i] - '0');
  }
  return value;
}

// "Z", "+hh:mm", "-hhmm": offset from UTC in seconds.
std::optional<int> parse_zone(std::string_view text) {
  if (text == "Z" || text == "z") {
    return 0;
  }
  if (text.size() < 5 || (text[0] != '+' && text[0] != '-')) {
    return std::nullopt;
  }
  const auto hours = digits(text.substr(1), 2);
  const auto rest = text[3] == ':' ? text.substr(4) : text.substr(3);
  const auto minutes = digits(rest, 2);
  if (!hours || !minutes || rest.size() != 2 || *hours > 23 || *minutes > 59) {
    return std::nullopt;
  }
  const int offset = *hours * 3600 + *minutes * 60;
  return text[0] == '-' ? -offset : offset;
}

// Takes ".123456789" from the front of `text`; microseconds, finer digits are cut off.
std::optional<int> take_fraction(std::string_view& text) {
  if (text.empty() || (text[0] != '.' && text[0] != ',')) {
    return 0;
  }
  text.remove_prefix(1);
  int value = 0;
  size_t count = 0;
  while (count < text.size() && is_digit(text[count])) {
    if (count < 6) {
      value = value * 10 + (text[count] - '0');
    }
    ++count;
  }
  if (count == 0 || count > 9) {
    return std::nullopt;
  }
  for (size_t i = count; i < 6; ++i) {
    value *= 10;
  }
  text.remove_prefix(count);
  return value;
}

bool matches_stamp_separators(std::string_view text) {
  return text.size() >= 20 && text[4] == '-' && text[7] == '-' &&
         (text[10] == 'T' || text[10] == 't' || text[10] == ' ') && text[13] == ':' && text[16] == ':';
}

}  // namespace

TimePoint wall_clock_now() {
  return std::chrono::time_point_cast<std::chrono::microseconds>(std::chrono::system_clock::now());
}

std::string format_rfc3339(TimePoint time) {
  const auto day = std::chrono::floor<std::chrono::days>(time);
  const std::chrono::year_month_day date{day};
  const std::chrono::hh_mm_ss clock{time - day};
  const auto year = static_cast<int>(date.year());
  std::string text;
  text.reserve(sizeof "2020-02-25T04:30:17.123456Z");
  if (year >= 0 && year <= 9999) {
    put_digits(text, static_cast<unsigned>(year), 4);
  } else {
    text = std::to_string(year);
  }
  const auto put = [&text](char before, auto value) {
    text += before;
    put_digits(text, static_cast<unsigned>(value), 2);
  };
  put('-', static_cast<unsigned>(date.month()));
  put('-', static_cast<unsigned>(date.day()));
  put('T', clock.hours().count());
  put(':', clock.minutes().count());
  put(':', clock.seconds().count());
  if (const auto fraction = clock.subseconds().count(); fraction != 0) {
    text += '.';
    put_digits(text, static_cast<unsigned>(fraction), 6);
  }
  text += 'Z';
  return text;
}

TimePoint from_civil(int year, unsigned month, unsigned day, int hour, int minute, int second) {
  const std::chrono::sys_days days =
      std::chrono::year_month_day{std::chrono::year{year}, std::chrono::month{month}, std::chrono::day{day}};
  return TimePoint{days} + std::chrono::hours{hour} + std::chrono::minutes{minute} + std::chrono::seconds{second};
}

std::optional<TimePoint> parse_rfc3339(std::string_view text) {
  if (!matches_stamp_separators(text)) {
    return std::nullopt;
  }
  const auto year = digits(text, 4);
  const auto month = digits(text.substr(5), 2);
  const auto day = digits(text.substr(8), 2);
  const auto hour = digits(text.substr(11), 2);
  const auto minute = digits(text.substr(14), 2);
  const auto second = digits(text.substr(17), 2);
  if (!year || !month || !day || !hour || !minute || !second || *hour > 23 || *minute > 59 || *second > 60) {
    return std::nullopt;
  }
  const std::chrono::year_month_day date{std::chrono::year{*year}, std::chrono::month{static_cast<unsigned>(*month)},
                                         std::chrono::day{static_cast<unsigned>(*day)}};
  if (!date.ok()) {
    return std::nullopt;
  }
  text.remove_prefix(19);
  const auto fraction = take_fraction(text);
  const auto zone = parse_zone(text);
  if (!fraction || !zone) {
    return std::nullopt;
  }
  // A leap second (:60) is folded onto :59, as POSIX time has no room for it.
  return from_civil(*year, static_cast<unsigned>(*month), static_cast<unsigned>(*day), *hour, *minute,
                    *second == 60 ? 59 : *second) +
         std::chrono::microseconds{*fraction} - std::chrono::seconds{*zone};
}

Result<Seconds> parse_duration(std::string_view text) {
  const auto bad = [&] {
    return fail(Errc::invalid,
                in_quotes(text, 64) + " is no duration; write for example \"90s\", \"10m\", \"1h30m\", \"7d\"");
  };
  if (text == "0") {
    return Seconds{0};
  }
  if (text.empty() || text.size() > 64) {
    return bad();
  }
  Seconds total{0};
  while (!text.empty()) {
    size_t count = 0;
    int64_t value = 0;
    while (count < text.size() && is_digit(text[count])) {
      value = value * 10 + (text[count] - '0');
      if (++count > 10) {
        return bad();
      }
    }
    if (count == 0 || count == text.size()) {
      return bad();
    }
    int64_t unit = 0;
    for (const auto& candidate : units) {
      if (candidate.letter == text[count]) {
        unit = candidate.seconds;
      }
    }
    if (unit == 0) {
      return bad();
    }
    const bool fits = value <= longest_duration.count() / unit;
    total += fits ? Seconds{value * unit} : Seconds{0};
    if (!fits || total > longest_duration) {
      return fail(Errc::invalid, in_quotes(text, 64) + " is longer than 10 years");
    }
    text.remove_prefix(count + 1);
  }
  return total;
}

std::string format_duration(Seconds span) {
  if (span.count() <= 0) {
    return "0s";
  }
  std::string text;
  int64_t rest = span.count();
  for (const auto& unit : units) {
    if (rest >= unit.seconds) {
      text += std::to_string(rest / unit.seconds) + unit.letter;
      rest %= unit.seconds;
    }
  }
  return text;
}

}  // namespace ipguard
