#include "match/timestamp.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <ctime>
#include <thread>
#include <vector>

namespace ipguard::match {
namespace {

TimePoint at(std::string_view text) {
  const auto time = parse_rfc3339(text);
  EXPECT_TRUE(time.has_value()) << text;
  return time.value_or(TimePoint{});
}

std::string shown(const std::optional<TimePoint>& time) { return time ? format_rfc3339(*time) : "none"; }

std::optional<TimePoint> time_of(const std::optional<StampPrefix>& stamp) {
  return stamp ? std::optional(stamp->time) : std::nullopt;
}

// Runs `body` with the local zone `zone`, in a thread of its own: the zone cache belongs to a thread.
template <typename Body>
void in_zone(const char* zone, const Body& body) {
  const char* const old = std::getenv("TZ");
  const std::string before = old == nullptr ? "" : old;
  ::setenv("TZ", zone, 1);
  ::tzset();
  std::thread(body).join();
  if (before.empty()) {
    ::unsetenv("TZ");
  } else {
    ::setenv("TZ", before.c_str(), 1);
  }
  ::tzset();
}

TEST(ClfStamp, ReadsExactlyItsShape) {
  const struct {
    std::string_view text;
    std::string_view expected;
  } cases[] = {
      {"25/Feb/2020:04:30:17 +0000", "2020-02-25T04:30:17Z"},
      {"25/Feb/2020:04:30:17 +0130", "2020-02-25T03:00:17Z"},
      {"25/Feb/2020:04:30:17 -0500", "2020-02-25T09:30:17Z"},
      {"31/Dec/2016:23:59:60 +0000", "2016-12-31T23:59:59Z"},  // leap second
      {"29/Feb/2024:00:00:00 +0000", "2024-02-29T00:00:00Z"},
      {"29/Feb/2023:00:00:00 +0000", "none"},
      {"31/Apr/2023:00:00:00 +0000", "none"},
      {"00/Jan/2023:00:00:00 +0000", "none"},
      {"25/feb/2020:04:30:17 +0000", "none"},
      {"25/Feb/2020:24:30:17 +0000", "none"},
      {"25/Feb/2020:04:60:17 +0000", "none"},
      {"25/Feb/2020:04:30:61 +0000", "none"},
      {"25/Feb/2020:04:30:17 +2400", "none"},
      {"25/Feb/2020:04:30:17 +00:0", "none"},
      {"25/Feb/2020:04:30:17", "none"},
      {"25/Feb/2020:04:30:17 +0000 ", "none"},
      {"25/Feb/2020 04:30:17 +0000", "none"},
      {"-5/Feb/2020:04:30:17 +0000", "none"},
      {"", "none"},
  };
  for (const auto& test : cases) {
    EXPECT_EQ(shown(parse_clf_stamp(test.text)), test.expected) << test.text;
  }
}

TEST(Rfc3164Stamp, TakesTheLatestYearNotMoreThanADayAhead) {
  const struct {
    std::string_view text;
    std::string_view now;
    std::string_view expected;
  } cases[] = {
      {"Feb 25 04:30:17 host", "2026-02-25T05:00:00Z", "2026-02-25T04:30:17Z"},
      {"Feb 25 04:30:17 host", "2026-02-24T04:30:17Z", "2026-02-25T04:30:17Z"},  // exactly a day ahead
      {"Feb 25 04:30:18 host", "2026-02-24T04:30:17Z", "2025-02-25T04:30:18Z"},
      {"Dec 31 23:59:59 host", "2026-01-01T00:00:05Z", "2025-12-31T23:59:59Z"},  // read after midnight
      {"Jan  1 00:00:01 host", "2025-12-31T23:59:59Z", "2026-01-01T00:00:01Z"},  // a clock ahead at New Year
      {"Feb 29 12:00:00 host", "2026-06-01T00:00:00Z", "2024-02-29T12:00:00Z"},
      {"Feb 29 12:00:00 host", "2103-06-01T00:00:00Z", "2096-02-29T12:00:00Z"},  // 2100 has none
      {"Jun 30 23:59:60 host", "2026-07-01T00:00:00Z", "2026-06-30T23:59:59Z"},
      {"Feb  7 16:01:07", "2026-06-01T00:00:00Z", "2026-02-07T16:01:07Z"},
      {"Feb 07 16:01:07", "2026-06-01T00:00:00Z", "2026-02-07T16:01:07Z"},
      {"Feb 7 16:01:07", "2026-06-01T00:00:00Z", "2026-02-07T16:01:07Z"},
      {"Feb 30 16:01:07", "2026-06-01T00:00:00Z", "none"},
      {"Feb  30 16:01:07", "2026-06-01T00:00:00Z", "none"},
      {"Foo 7 16:01:07", "2026-06-01T00:00:00Z", "none"},
      {"Feb 7 16:01", "2026-06-01T00:00:00Z", "none"},
      {"Feb", "2026-06-01T00:00:00Z", "none"},
  };
  for (const auto& test : cases) {
    in_zone("UTC", [&] {
      EXPECT_EQ(shown(time_of(parse_rfc3164_stamp(test.text, at(test.now)))), test.expected) << test.text;
    });
  }
}

TEST(Rfc3164Stamp, SaysHowLongItIs) {
  const auto now = at("2026-06-01T00:00:00Z");
  EXPECT_EQ(parse_rfc3164_stamp("Feb  7 16:01:07 host", now)->length, 15U);
  EXPECT_EQ(parse_rfc3164_stamp("Feb 7 16:01:07 host", now)->length, 14U);
}

TEST(IsoStamp, ReadsTheFormsOfSyslogDaemons) {
  const struct {
    std::string_view text;
    std::string_view expected;
    size_t length;
  } cases[] = {
      {"2020-02-25T04:30:17Z host", "2020-02-25T04:30:17Z", 20},
      {"2020-02-25T04:30:17.123456+01:00 host", "2020-02-25T03:30:17.123456Z", 32},
      {"2020-02-25 04:30:17.180218+0000 host", "2020-02-25T04:30:17.180218Z", 31},
      {"2020-02-25T04:30:17,5-00:30", "2020-02-25T05:00:17.500000Z", 27},
      {"2020-02-25T04:30:17.123456789Z", "2020-02-25T04:30:17.123456Z", 30},
      {"2020-02-25T04:30:17 host", "2020-02-25T04:30:17Z", 19},  // local
      {"2020-02-25T04:30:17. host", "none", 0},
      {"2020-02-25T04:30:17.1234567890Z", "none", 0},
      {"2020-02-25T04:30:17+1", "none", 0},
      {"2020-13-25T04:30:17Z", "none", 0},
      {"2020-02-25X04:30:17Z", "none", 0},
      {"20-02-25T04:30:17Z", "none", 0},
  };
  for (const auto& test : cases) {
    in_zone("UTC", [&] {
      const auto stamp = parse_iso_stamp(test.text);
      EXPECT_EQ(shown(time_of(stamp)), test.expected) << test.text;
      EXPECT_EQ(stamp ? stamp->length : 0, test.length) << test.text;
    });
  }
}

TEST(ErrorLogStamps, ReadExactlyTheirShapes) {
  in_zone("UTC", [] {
    EXPECT_EQ(shown(time_of(parse_nginx_error_stamp("2020/02/25 04:30:17 [error]"))), "2020-02-25T04:30:17Z");
    EXPECT_EQ(shown(time_of(parse_nginx_error_stamp("2020/02/30 04:30:17 [error]"))), "none");
    EXPECT_EQ(shown(time_of(parse_nginx_error_stamp("2020-02-25 04:30:17 [error]"))), "none");
    EXPECT_EQ(shown(parse_apache_error_stamp("Tue Feb 25 04:30:17.123456 2020")), "2020-02-25T04:30:17.123456Z");
    EXPECT_EQ(shown(parse_apache_error_stamp("Tue Feb 25 04:30:17 2020")), "2020-02-25T04:30:17Z");
    EXPECT_EQ(shown(parse_apache_error_stamp("Tue Feb 25 04:30:17. 2020")), "none");
    EXPECT_EQ(shown(parse_apache_error_stamp("Tue Feb 25 04:30:17 2020 ")), "none");
    EXPECT_EQ(shown(parse_apache_error_stamp("Tuesday Feb 25 04:30:17 2020")), "none");
    EXPECT_EQ(shown(parse_apache_error_stamp("Xyz Feb 25 04:30:17 2020")), "none");
  });
}

// Central Europe by rule (POSIX), so that the test does not need a zone database.
TEST(LocalTime, FollowsTheZoneOverItsChanges) {
  in_zone("CET-1CEST,M3.5.0,M10.5.0/3", [] {
    EXPECT_EQ(shown(time_of(parse_nginx_error_stamp("2020/02/25 04:30:17"))), "2020-02-25T03:30:17Z");
    EXPECT_EQ(shown(time_of(parse_nginx_error_stamp("2020/07/25 04:30:17"))), "2020-07-25T02:30:17Z");
    EXPECT_EQ(shown(time_of(parse_nginx_error_stamp("2020/03/29 01:59:59"))), "2020-03-29T00:59:59Z");
    EXPECT_EQ(shown(time_of(parse_nginx_error_stamp("2020/03/29 03:00:00"))), "2020-03-29T01:00:00Z");
    EXPECT_EQ(shown(time_of(parse_nginx_error_stamp("2020/10/25 03:00:00"))), "2020-10-25T02:00:00Z");
    EXPECT_EQ(shown(time_of(parse_nginx_error_stamp("2020/02/25 04:30:17"))), "2020-02-25T03:30:17Z");
  });
  in_zone("<+0545>-5:45", [] {
    EXPECT_EQ(shown(time_of(parse_rfc3164_stamp("Jan  1 01:00:00", at("2025-12-31T19:00:00Z")))),
              "2025-12-31T19:15:00Z");
  });
}

// What `local` is read as at `now`, by the host's zone and by a zone with a name: they have to agree.
std::string read_local(std::string_view local, std::string_view now, const TimeZone* zone = nullptr) {
  return shown(time_of(parse_nginx_error_stamp(local, {at(now), zone})));
}

TEST(LocalTime, IsTheSameWhoeverKnowsTheZone) {
  const auto rome = TimeZone::load("Europe/Rome");
  if (rome == nullptr) {
    GTEST_SKIP() << "no tz database (Debian: tzdata)";
  }
  struct Case {
    std::string_view local;
    std::string_view now;
    std::string_view expected;
  };
  const std::vector<Case> cases = {
      {"2025/10/26 01:59:59", "2025-10-26T00:00:00Z", "2025-10-25T23:59:59Z"},
      // Twice: while it is written for the first time, for the second time, and long after.
      {"2025/10/26 02:30:00", "2025-10-26T00:30:01Z", "2025-10-26T00:30:00Z"},
      {"2025/10/26 02:30:00", "2025-10-26T01:28:59Z", "2025-10-26T00:30:00Z"},
      {"2025/10/26 02:30:00", "2025-10-26T01:29:00Z", "2025-10-26T01:30:00Z"},
      {"2025/10/26 02:30:00", "2026-10-26T00:30:01Z", "2025-10-26T01:30:00Z"},
      {"2025/10/26 03:00:00", "2025-10-26T02:00:00Z", "2025-10-26T02:00:00Z"},
      // Never: as if clocks had not been put forward yet.
      {"2025/03/30 01:59:59", "2026-01-01T00:00:00Z", "2025-03-30T00:59:59Z"},
      {"2025/03/30 02:00:00", "2026-01-01T00:00:00Z", "2025-03-30T01:00:00Z"},
      {"2025/03/30 02:59:59", "2026-01-01T00:00:00Z", "2025-03-30T01:59:59Z"},
      {"2025/03/30 03:00:00", "2026-01-01T00:00:00Z", "2025-03-30T01:00:00Z"},
      {"2026/07/01 12:00:00", "2026-07-01T12:00:00Z", "2026-07-01T10:00:00Z"},
      {"2026/12/31 23:59:60", "2026-12-31T23:00:00Z", "2026-12-31T22:59:59Z"},
  };
  for (const auto& test : cases) {
    in_zone("UTC", [&] { EXPECT_EQ(read_local(test.local, test.now, rome.get()), test.expected) << test.local; });
    for (const char* const zone : {"CET-1CEST,M3.5.0,M10.5.0/3", ":Europe/Rome"}) {
      in_zone(zone,
              [&] { EXPECT_EQ(read_local(test.local, test.now), test.expected) << test.local << " in " << zone; });
    }
  }
  // Whatever was asked before.
  in_zone("CET-1CEST,M3.5.0,M10.5.0/3", [] {
    for (const auto* const before : {"2025/10/26 01:00:00", "2025/10/26 04:00:00", "2025/07/01 00:00:00"}) {
      read_local(before, "2026-01-01T00:00:00Z");
      EXPECT_EQ(read_local("2025/10/26 02:10:00", "2026-01-01T00:00:00Z"), "2025-10-26T01:10:00Z") << before;
    }
  });
}

TEST(LocalTime, CompletesTheYearInTheSourcesZone) {
  const auto kathmandu = TimeZone::load("Asia/Kathmandu");
  const auto lord_howe = TimeZone::load("Australia/Lord_Howe");
  if (kathmandu == nullptr || lord_howe == nullptr) {
    GTEST_SKIP() << "no tz database (Debian: tzdata)";
  }
  const auto read = [](std::string_view text, std::string_view now, const TimeZone& zone) {
    return shown(time_of(parse_rfc3164_stamp(text, {at(now), &zone})));
  };
  EXPECT_EQ(read("Jan  1 01:00:00", "2025-12-31T19:00:00Z", *kathmandu), "2025-12-31T19:15:00Z");
  EXPECT_EQ(read("Dec 31 23:59:59", "2026-01-01T00:00:00Z", *kathmandu), "2025-12-31T18:14:59Z");
  EXPECT_EQ(read("Jan  3 00:00:00", "2026-01-01T00:00:00Z", *kathmandu), "2025-01-02T18:15:00Z");
  EXPECT_EQ(read("Feb 29 12:00:00", "2026-03-01T00:00:00Z", *kathmandu), "2024-02-29T06:15:00Z");
  // Half an hour of daylight saving: 01:30 to 02:00 is twice.
  EXPECT_EQ(read("Apr  6 01:45:00", "2025-04-05T14:50:00Z", *lord_howe), "2025-04-05T14:45:00Z");
  EXPECT_EQ(read("Apr  6 01:45:00", "2025-04-05T15:15:01Z", *lord_howe), "2025-04-05T15:15:00Z");
}

TEST(Zones, AreNamesOfTheDatabaseAndNothingElse) {
  if (!TimeZone::has_database()) {
    GTEST_SKIP() << "no tz database (Debian: tzdata)";
  }
  for (const auto* const name : {"Europe/Rome", "UTC", "Etc/GMT+5", "America/Argentina/Ushuaia"}) {
    EXPECT_NE(TimeZone::load(name), nullptr) << name;
  }
  for (const auto* const name :
       {"", "Europe/Roma", "europe/rome", "/etc/localtime", "../zoneinfo/UTC", "libc:localtime", "file:/etc/passwd",
        "Fixed/UTC+01:00:00", "CET-1CEST,M3.5.0", "Europe", "Europe/"}) {
    EXPECT_EQ(TimeZone::load(name), nullptr) << name;
  }
}

}  // namespace
}  // namespace ipguard::match
