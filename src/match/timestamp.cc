#include "match/timestamp.h"

#include <array>
#include <ctime>

namespace ipguard::match {
namespace {

using std::chrono::microseconds;
using std::chrono::sys_days;
using std::chrono::sys_seconds;

// Reads from the front of a text; every call says whether it got what it asked for.
class Scanner {
 public:
  explicit Scanner(std::string_view text) : text_(text) {}

  [[nodiscard]] size_t position() const { return position_; }
  [[nodiscard]] bool at_end() const { return position_ == text_.size(); }
  [[nodiscard]] char peek() const { return at_end() ? '\0' : text_[position_]; }

  bool literal(char expected) {
    if (at_end() || text_[position_] != expected) {
      return false;
    }
    ++position_;
    return true;
  }
  // Exactly `digits` decimal digits.
  template <typename Number>
  bool number(size_t digits, Number& value) {
    if (text_.size() - position_ < digits) {
      return false;
    }
    int result = 0;
    for (size_t i = 0; i < digits; ++i) {
      const char c = text_[position_ + i];
      if (c < '0' || c > '9') {
        return false;
      }
      result = result * 10 + (c - '0');
    }
    position_ += digits;
    value = static_cast<Number>(result);
    return true;
  }
  // "Jan" to "Dec" as 1 to 12.
  bool month(unsigned& value) {
    static constexpr std::string_view names = "JanFebMarAprMayJunJulAugSepOctNovDec";
    return name(names, value);
  }
  bool weekday() {
    static constexpr std::string_view names = "MonTueWedThuFriSatSun";
    unsigned ignored = 0;
    return name(names, ignored);
  }
  // Up to nine digits after a point or comma; those after the sixth are dropped.
  bool fraction(microseconds& value) {
    int64_t result = 0;
    size_t digits = 0;
    for (; !at_end() && peek() >= '0' && peek() <= '9'; ++position_, ++digits) {
      if (digits < 6) {
        result = result * 10 + (peek() - '0');
      }
    }
    for (size_t i = digits; i < 6; ++i) {
      result *= 10;
    }
    value = microseconds(result);
    return digits > 0 && digits <= 9;
  }

 private:
  static uint32_t packed(const char* three) {
    return static_cast<uint32_t>(static_cast<uint8_t>(three[0])) << 16 |
           static_cast<uint32_t>(static_cast<uint8_t>(three[1])) << 8 | static_cast<uint8_t>(three[2]);
  }
  // Which of `names`, three letters each, stands here; counted from 1.
  bool name(std::string_view names, unsigned& index) {
    if (text_.size() - position_ < 3) {
      return false;
    }
    const uint32_t word = packed(text_.data() + position_);
    for (size_t at = 0; at < names.size(); at += 3) {
      if (packed(names.data() + at) == word) {
        index = static_cast<unsigned>(at / 3 + 1);
        position_ += 3;
        return true;
      }
    }
    return false;
  }

  std::string_view text_;
  size_t position_ = 0;
};

struct Civil {
  int year = 0;
  unsigned month = 0;
  unsigned day = 0;
  int hour = 0;
  int minute = 0;
  int second = 0;
};

bool read_clock(Scanner& scanner, Civil& civil) {
  return scanner.number(2, civil.hour) && scanner.literal(':') && scanner.number(2, civil.minute) &&
         scanner.literal(':') && scanner.number(2, civil.second);
}

// The civil time as if it were UTC; nullopt when a number is out of range.
std::optional<sys_seconds> to_seconds(const Civil& civil) {
  const std::chrono::year_month_day date{std::chrono::year(civil.year), std::chrono::month(civil.month),
                                         std::chrono::day(civil.day)};
  if (!date.ok() || civil.hour > 23 || civil.minute > 59 || civil.second > 60) {
    return std::nullopt;
  }
  const int second = civil.second == 60 ? 59 : civil.second;
  return sys_days(date) + std::chrono::hours(civil.hour) + std::chrono::minutes(civil.minute) + Seconds(second);
}

// "+hhmm" or (with `colon_allowed`) "+hh:mm".
bool read_offset(Scanner& scanner, bool colon_allowed, Seconds& offset) {
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

}  // namespace

sys_seconds local_to_utc(sys_seconds local) {
  static thread_local std::array<ZoneEntry, 16> cache;
  const int64_t seconds = local.time_since_epoch().count();
  const int64_t bucket = seconds >= 0 ? seconds / bucket_seconds : (seconds - bucket_seconds + 1) / bucket_seconds;
  ZoneEntry& entry = cache[static_cast<uint64_t>(bucket) % cache.size()];
  if (entry.bucket != bucket) {
    entry = {bucket, ask_zone(bucket * bucket_seconds)};
  }
  return local - Seconds(entry.offset);
}

std::optional<TimePoint> parse_clf_stamp(std::string_view text) {
  Scanner scanner(text);
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
  Scanner scanner(text);
  Civil civil;
  if (!scanner.month(civil.month) || !scanner.literal(' ')) {
    return std::nullopt;
  }
  const bool padded = scanner.literal(' ');
  if ((padded || !scanner.number(2, civil.day)) && !scanner.number(1, civil.day)) {
    return std::nullopt;
  }
  if (!scanner.literal(' ') || !read_clock(scanner, civil)) {
    return std::nullopt;
  }
  const TimePoint latest = now + std::chrono::days(1);
  // One day more, so that the local year is tried too where local time is ahead of UTC at the turn of the year. Eight
  // years back at most: a 29th of February is that far away at worst.
  const std::chrono::year_month_day today(std::chrono::floor<std::chrono::days>(latest + std::chrono::days(1)));
  for (int back = 0; back <= 8; ++back) {
    civil.year = static_cast<int>(today.year()) - back;
    const auto local = to_seconds(civil);
    if (!local) {
      continue;
    }
    const TimePoint time = local_to_utc(*local);
    if (time <= latest) {
      return StampPrefix{time, scanner.position()};
    }
  }
  return std::nullopt;
}

std::optional<StampPrefix> parse_iso_stamp(std::string_view text) {
  Scanner scanner(text);
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
  Scanner scanner(text);
  Civil civil;
  if (!(scanner.number(4, civil.year) && scanner.literal('/') && scanner.number(2, civil.month) &&
        scanner.literal('/') && scanner.number(2, civil.day) && scanner.literal(' ') && read_clock(scanner, civil))) {
    return std::nullopt;
  }
  const auto seconds = to_seconds(civil);
  return seconds ? std::optional(StampPrefix{local_to_utc(*seconds), scanner.position()}) : std::nullopt;
}

std::optional<TimePoint> parse_apache_error_stamp(std::string_view text) {
  Scanner scanner(text);
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
