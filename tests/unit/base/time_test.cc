#include "base/time.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>

namespace ipguard {
namespace {

using testing::HasSubstr;

TEST(Duration, Parses) {
  struct Case {
    const char* text;
    int64_t seconds;
  };
  for (const auto& each : std::vector<Case>{{"0", 0},
                                            {"0s", 0},
                                            {"90s", 90},
                                            {"10m", 600},
                                            {"4h", 14400},
                                            {"7d", 604800},
                                            {"1w", 604800},
                                            {"1h30m", 5400},
                                            {"1d12h5s", 129605},
                                            {"30m1h", 5400},
                                            {"007s", 7},
                                            {"3660d", 316224000}}) {
    const auto span = parse_duration(each.text);
    ASSERT_TRUE(span) << each.text << ": " << span.error().message;
    EXPECT_EQ(span->count(), each.seconds) << each.text;
  }
}

TEST(Duration, RefusesAnythingElse) {
  for (const char* text : {"", "s", "10", "1h30", "-1s", "+1s", "1.5h", "1 h", " 1h", "1h ", "1H", "1y", "1ms", "h1",
                           "99999999999s", "1h\x1b[2J", "00"}) {
    const auto span = parse_duration(text);
    ASSERT_FALSE(span) << text;
    EXPECT_EQ(span.error().code, Errc::invalid);
    EXPECT_THAT(span.error().message, HasSubstr("is no duration; write for example"));
    EXPECT_EQ(span.error().message.find('\x1b'), std::string::npos);
  }
  for (const char* text : {"3661d", "9999999999w", "3660d1s", "9999999999s"}) {
    const auto span = parse_duration(text);
    ASSERT_FALSE(span) << text;
    EXPECT_THAT(span.error().message, HasSubstr("is longer than 10 years"));
  }
  EXPECT_FALSE(parse_duration(std::string(1'000'000, '1')));
}

TEST(Duration, ComesBackFromItsText) {
  EXPECT_EQ(format_duration(Seconds{0}), "0s");
  EXPECT_EQ(format_duration(Seconds{-5}), "0s");
  EXPECT_EQ(format_duration(Seconds{14400}), "4h");
  EXPECT_EQ(format_duration(Seconds{5400}), "1h30m");
  EXPECT_EQ(format_duration(Seconds{604800 + 86400 + 3600 + 60 + 1}), "1w1d1h1m1s");
  std::mt19937_64 random(2);  // NOLINT(cert-msc32-c,cert-msc51-cpp): a failure must come back
  std::uniform_int_distribution<int64_t> exponent(0, 28);
  for (int i = 0; i < 20'000; ++i) {
    const Seconds span{static_cast<int64_t>(random() % (1ULL << exponent(random)))};
    ASSERT_EQ(parse_duration(format_duration(span)), span);
  }
}

TEST(Rfc3339, Parses) {
  struct Case {
    const char* text;
    const char* canonical;
  };
  for (const auto& each : std::vector<Case>{
           {"2026-02-25T04:30:17Z", "2026-02-25T04:30:17Z"},
           {"2026-02-25t04:30:17z", "2026-02-25T04:30:17Z"},
           {"2026-02-25 04:30:17Z", "2026-02-25T04:30:17Z"},
           {"2026-02-25T04:30:17.5Z", "2026-02-25T04:30:17.500000Z"},
           {"2026-02-25T04:30:17,5Z", "2026-02-25T04:30:17.500000Z"},
           {"2026-02-25T04:30:17.123456Z", "2026-02-25T04:30:17.123456Z"},
           {"2026-02-25T04:30:17.123456789Z", "2026-02-25T04:30:17.123456Z"},
           {"2026-02-25T04:30:17.000000000Z", "2026-02-25T04:30:17Z"},
           {"2026-02-25T04:30:17+01:00", "2026-02-25T03:30:17Z"},
           {"2026-02-25T04:30:17-0930", "2026-02-25T14:00:17Z"},
           {"2026-02-25T00:30:00+01:00", "2026-02-24T23:30:00Z"},
           {"2024-02-29T23:59:59Z", "2024-02-29T23:59:59Z"},
           {"2016-12-31T23:59:60Z", "2016-12-31T23:59:59Z"},  // a leap second
           {"1970-01-01T00:00:00Z", "1970-01-01T00:00:00Z"},
           {"1969-12-31T23:59:59.999999Z", "1969-12-31T23:59:59.999999Z"},
           {"9999-12-31T23:59:59Z", "9999-12-31T23:59:59Z"},
           {"0001-01-01T00:00:00Z", "0001-01-01T00:00:00Z"},
       }) {
    const auto time = parse_rfc3339(each.text);
    ASSERT_TRUE(time) << each.text;
    EXPECT_EQ(format_rfc3339(*time), each.canonical) << each.text;
  }
}

TEST(Rfc3339, RefusesAnythingElse) {
  for (const char* text : {"",
                           "2026-02-25",
                           "2026-02-25T04:30:17",
                           "2026-02-25T04:30Z",
                           "2026-2-25T04:30:17Z",
                           "2026-02-29T04:30:17Z",
                           "2026-13-01T04:30:17Z",
                           "2026-00-01T04:30:17Z",
                           "2026-01-00T04:30:17Z",
                           "2026-02-25T24:00:00Z",
                           "2026-02-25T04:60:17Z",
                           "2026-02-25T04:30:61Z",
                           "2026-02-25X04:30:17Z",
                           "2026-02-25T04:30:17.Z",
                           "2026-02-25T04:30:17.1234567890Z",
                           "2026-02-25T04:30:17.5",
                           "2026-02-25T04:30:17+1:00",
                           "2026-02-25T04:30:17+01",
                           "2026-02-25T04:30:17+01:0",
                           "2026-02-25T04:30:17+24:00",
                           "2026-02-25T04:30:17+01:60",
                           "2026-02-25T04:30:17+01:00x",
                           "2026-02-25T04:30:17 Z",
                           "2026-02-25T04:30:17Z ",
                           " 2026-02-25T04:30:17Z",
                           "+026-02-25T04:30:17Z",
                           "2026-02-25T-4:30:17Z"}) {
    EXPECT_FALSE(parse_rfc3339(text)) << text;
  }
}

TEST(Rfc3339, ComesBackFromItsText) {
  std::mt19937_64 random(3);  // NOLINT(cert-msc32-c,cert-msc51-cpp): a failure must come back
  const auto first = from_civil(1, 1, 1, 0, 0, 0).time_since_epoch().count();
  const auto last = from_civil(9999, 12, 31, 23, 59, 59).time_since_epoch().count();
  std::uniform_int_distribution<int64_t> any(first, last);
  for (int i = 0; i < 20'000; ++i) {
    const TimePoint time{std::chrono::microseconds{any(random)}};
    ASSERT_EQ(parse_rfc3339(format_rfc3339(time)), time) << format_rfc3339(time);
  }
}

// Against gmtime_r(3), which has a calendar of its own.
TEST(Time, AgreesWithTheCLibrary) {
  std::mt19937_64 random(4);  // NOLINT(cert-msc32-c,cert-msc51-cpp): a failure must come back
  std::uniform_int_distribution<int64_t> any(-62'135'596'800, 253'402'300'799);
  for (int i = 0; i < 5'000; ++i) {
    const time_t seconds = any(random);
    struct tm broken{};
    ASSERT_NE(::gmtime_r(&seconds, &broken), nullptr);
    const auto time = from_civil(broken.tm_year + 1900, static_cast<unsigned>(broken.tm_mon) + 1,
                                 static_cast<unsigned>(broken.tm_mday), broken.tm_hour, broken.tm_min, broken.tm_sec);
    ASSERT_EQ(time, TimePoint{std::chrono::seconds{seconds}});
  }
}

}  // namespace
}  // namespace ipguard
