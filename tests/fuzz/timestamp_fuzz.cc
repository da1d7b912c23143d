// links: match
// Time stamps of every shape: never a crash, never more than the text, nothing but the stamp itself decides, and what
// strptime(3) can read as well means the same moment. The first byte chooses the zone and the moment of reading.
#include <array>
#include <chrono>
#include <cstdint>
#include <ctime>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "match/app_stamp.h"
#include "match/timestamp.h"
#include "require.h"

namespace {

using namespace ipguard;
using namespace ipguard::match;
using fuzz::require;

StampClock clock_of(uint8_t choice) {
  static const std::array zones = {TimeZone::load("UTC"), TimeZone::load("Europe/Rome"),
                                   TimeZone::load("America/St_Johns"), TimeZone::load("Pacific/Apia")};
  constexpr std::array<int64_t, 4> moments = {0, 1583020800, 1772064000, 4102444799};  // 2020-03-01, 2026-02-26, 2099
  return {TimePoint(Seconds(moments.at(choice >> 2U & 3U))), zones.at(choice & 3U).get()};
}

// The years that four digits can say, and what zones add.
void check_moment(TimePoint time) {
  constexpr std::chrono::sys_days first = std::chrono::year(-1) / 12 / 1;
  constexpr std::chrono::sys_days last = std::chrono::year(10000) / 1 / 31;
  require(time >= first && time <= last);
}

template <typename Parse>
void check_prefix(std::string_view text, Parse parse) {
  const std::optional<StampPrefix> stamp = parse(text);
  if (!stamp) {
    return;
  }
  require(stamp->length > 0 && stamp->length <= text.size());
  check_moment(stamp->time);
  const std::optional<StampPrefix> alone = parse(text.substr(0, stamp->length));
  require(alone && alone->time == stamp->time && alone->length == stamp->length, "the same without what is behind it");
}

// What the C library makes of all of `text`; second 60 counts as 59.
std::optional<TimePoint> by_the_c_library(const std::string& text, const char* format) {
  std::tm parts{};
  const char* end = ::strptime(text.c_str(), format, &parts);
  if (end == nullptr || *end != '\0') {
    return std::nullopt;
  }
  const int64_t offset = parts.tm_gmtoff;
  parts.tm_sec = parts.tm_sec == 60 ? 59 : parts.tm_sec;
  return TimePoint(Seconds(int64_t{::timegm(&parts)} - offset));
}

void check_whole(const std::string& text, const StampClock& clock) {
  if (const auto time = parse_clf_stamp(text)) {
    check_moment(*time);
    require(text.size() == clf_stamp_length && time == by_the_c_library(text, "%d/%b/%Y:%H:%M:%S %z"));
  }
  if (const auto time = parse_apache_error_stamp(text, clock)) {
    check_moment(*time);
  }
  if (const auto time = parse_epoch(text)) {
    check_moment(*time);
  }
}

void check_app(std::string_view text, const StampClock& clock) {
  const auto stamp = parse_app_stamp(text, clock);
  if (!stamp) {
    return;
  }
  require(stamp->length > 0 && stamp->length <= text.size());
  const auto alone = parse_app_stamp(text.substr(0, stamp->length), clock);
  require(alone && alone->time == stamp->time && alone->length == stamp->length, "the same without what is behind it");
  if (stamp->time) {
    check_moment(*stamp->time);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) {
    return 0;
  }
  const StampClock clock = clock_of(data[0]);
  const std::string text(reinterpret_cast<const char*>(data) + 1, size - 1);
  check_prefix(text, [&](std::string_view some) { return parse_rfc3164_stamp(some, clock); });
  check_prefix(text, [&](std::string_view some) { return parse_extended_syslog_stamp(some, clock); });
  check_prefix(text, [&](std::string_view some) { return parse_dated_syslog_stamp(some, clock); });
  check_prefix(text, [&](std::string_view some) { return parse_iso_stamp(some, clock); });
  check_prefix(text, [&](std::string_view some) { return parse_nginx_error_stamp(some, clock); });
  check_whole(text, clock);
  check_app(text, clock);
  return 0;
}
