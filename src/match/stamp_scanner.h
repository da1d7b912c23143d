// What the parsers of time stamps (timestamp.cc, app_stamp.cc) share. Internal to them.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string_view>

#include "base/ascii.h"
#include "base/time.h"
#include "match/timestamp.h"

namespace ipguard::match {

// Reads from the front of a text; every call says whether it got what it asked for.
class StampScanner {
 public:
  explicit StampScanner(std::string_view text) : text_(text) {}

  [[nodiscard]] size_t position() const { return position_; }
  [[nodiscard]] bool at_end() const { return position_ == text_.size(); }
  [[nodiscard]] std::string_view rest() const { return text_.substr(position_); }
  void skip(size_t bytes) { position_ += bytes; }
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
    int64_t result = 0;
    for (size_t i = 0; i < digits; ++i) {
      const char c = text_[position_ + i];
      if (!is_digit(c)) {
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
  // Also "jan", "JAN".
  bool month_in_any_case(unsigned& value) {
    static constexpr std::string_view names = "JanFebMarAprMayJunJulAugSepOctNovDec";
    char word[3] = {};
    if (rest().size() < sizeof word) {
      return false;
    }
    for (size_t i = 0; i < sizeof word; ++i) {
      const char c = text_[position_ + i];
      word[i] = i == 0 ? to_upper(c) : to_lower(c);
    }
    StampScanner folded(std::string_view(word, sizeof word));
    if (!folded.name(names, value)) {
      return false;
    }
    position_ += sizeof word;
    return true;
  }
  bool weekday() {
    static constexpr std::string_view names = "MonTueWedThuFriSatSun";
    unsigned ignored = 0;
    return name(names, ignored);
  }
  // Up to nine digits after a point or comma; those after the sixth are dropped.
  bool fraction(std::chrono::microseconds& value) {
    int64_t result = 0;
    size_t digits = 0;
    for (; !at_end() && is_digit(peek()); ++position_, ++digits) {
      if (digits < 6) {
        result = result * 10 + (peek() - '0');
      }
    }
    for (size_t i = digits; i < 6; ++i) {
      result *= 10;
    }
    value = std::chrono::microseconds(result);
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

// "hh:mm:ss".
bool read_clock(StampScanner& scanner, Civil& civil);

// The civil time as if it were UTC; nullopt when a number is out of range.
std::optional<std::chrono::sys_seconds> to_seconds(const Civil& civil);

// "+hhmm" or (with `colon_allowed`) "+hh:mm".
bool read_offset(StampScanner& scanner, bool colon_allowed, Seconds& offset);

// A local time whose year is not known: the latest for which it is not more than a day after `now`.
std::optional<TimePoint> complete_year(Civil civil, const StampClock& clock);

}  // namespace ipguard::match
