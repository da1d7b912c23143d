// "app" and the stamps it knows.
#include <cstdlib>
#include <ctime>

#include "format_fixture.h"
#include "match/app_stamp.h"

namespace ipguard::match {
namespace {

using model::Field;
using model::LogKind;

class AppFormats : public FormatTest {
 protected:
  // Local time is UTC in these tests: the zone cache of this thread is filled under it.
  static void SetUpTestSuite() {
    ::setenv("TZ", "UTC", 1);
    ::tzset();
  }
};

TEST_F(AppFormats, Stamps) {
  const struct {
    std::string_view stamp;
    std::string_view time;
  } cases[] = {
      {"2020-02-25 04:30:17", "2020-02-25T04:30:17Z"},
      {"2020-02-25T04:30:17", "2020-02-25T04:30:17Z"},
      {"2020-02-25  4:30:17", "2020-02-25T04:30:17Z"},
      {"2020-02-25 04:30:17.5", "2020-02-25T04:30:17.500000Z"},
      {"2020-02-25 04:30:17,123", "2020-02-25T04:30:17.123000Z"},
      {"2020-02-25T04:30:17.123456789Z", "2020-02-25T04:30:17.123456Z"},
      {"2020-02-25T04:30:17+01:00", "2020-02-25T03:30:17Z"},
      {"2020-02-25 04:30:17 +01:00", "2020-02-25T03:30:17Z"},
      {"2020-02-25 04:30:17 -0430", "2020-02-25T09:00:17Z"},
      {"2020-02-25 04:30:17 UTC", "2020-02-25T04:30:17Z"},
      {"2020-02-25 04:30:17.5 CEST", "2020-02-25T02:30:17.500000Z"},
      {"2020/02/25 04:30:17", "2020-02-25T04:30:17Z"},
      {"2020/02/25 - 04:30:17", "2020-02-25T04:30:17Z"},
      {"2020/02/25 04:30:17.123456", "2020-02-25T04:30:17.123456Z"},
      {"2020:02:25-04:30:17", "2020-02-25T04:30:17Z"},
      {"20200225-04:30:17", "2020-02-25T04:30:17Z"},
      {"200225  4:30:17", "2020-02-25T04:30:17Z"},
      {"200225 04:30:17", "2020-02-25T04:30:17Z"},
      {"25-02-2020 04:30:17", "2020-02-25T04:30:17Z"},
      {"25-Feb-2020 04:30:17.123", "2020-02-25T04:30:17.123000Z"},
      {"25-Feb-2020 04:30:17 +0200", "2020-02-25T02:30:17Z"},
      {"25/Feb/2020 04:30:17", "2020-02-25T04:30:17Z"},
      {"25/Feb/2020:04:30:17 +0200", "2020-02-25T02:30:17Z"},
      {"25 Feb 2020 04:30:17.123", "2020-02-25T04:30:17.123000Z"},
      {"02/25/2020 04:30:17", "2020-02-25T04:30:17Z"},
      {"02/25/2020 - 04:30:17", "2020-02-25T04:30:17Z"},
      {"02/25/2020-04:30:17.123456", "2020-02-25T04:30:17.123456Z"},
      {"02/25/20 04:30:17.123456", "2020-02-25T04:30:17.123456Z"},
      {"02/25/2020, 4:30:17 AM", "2020-02-25T04:30:17Z"},
      {"02/25/2020, 12:30:17 AM", "2020-02-25T00:30:17Z"},
      {"02/25/2020, 12:30:17 PM", "2020-02-25T12:30:17Z"},
      {"02-25 04:30:17.123", "2026-02-25T04:30:17.123000Z"},
      {"Feb 25 04:30:17", "2026-02-25T04:30:17Z"},
      {"Feb  5 04:30:17.123", "2026-02-05T04:30:17.123000Z"},
      {"Dec 25 04:30:17", "2025-12-25T04:30:17Z"},
      {"Feb 25 2020 04:30:17", "2020-02-25T04:30:17Z"},
      {"feb 25, 2020 4:30:17 PM", "2020-02-25T16:30:17Z"},
      {"Feb-25-20 04:30:17", "2020-02-25T04:30:17Z"},
      {"Tue Feb 25 04:30:17 2020", "2020-02-25T04:30:17Z"},
      {"Sat Feb 5 04:30:17 2022", "2022-02-05T04:30:17Z"},
      {"Tue Feb 25 04:30:17 CET 2020", "2020-02-25T03:30:17Z"},
      {"Tue, 25 Feb 2020 04:30:17 +0000", "2020-02-25T04:30:17Z"},
      {"1582605017", "2020-02-25T04:30:17Z"},
      {"1582605017.250", "2020-02-25T04:30:17.250000Z"},
      {"04:30:17.123", "none"},
      {"@400000005e54a2e30ee6b280", "2020-02-25T04:30:17.250000Z"},
  };
  for (const auto& test : cases) {
    const auto stamp = parse_app_stamp(test.stamp, test_now);
    ASSERT_TRUE(stamp.has_value()) << test.stamp;
    EXPECT_EQ(stamp->length, test.stamp.size()) << test.stamp;
    EXPECT_EQ(stamp->time ? format_rfc3339(*stamp->time) : "none", test.time) << test.stamp;
    for (const std::string_view behind : {" x", "] x", ": x", "|x", ",x", " - x", "\t"}) {
      const std::string text = std::string(test.stamp) + std::string(behind);
      const auto prefix = parse_app_stamp(text, test_now);
      ASSERT_TRUE(prefix.has_value()) << text;
      EXPECT_EQ(prefix->length, test.stamp.size()) << text;
    }
    EXPECT_NE(parse_app_stamp(std::string(test.stamp) + "x", test_now).value_or(AppStamp{}).length, test.stamp.size())
        << test.stamp;
  }
}

TEST_F(AppFormats, NoStamps) {
  for (const std::string_view text : {"",
                                      "x",
                                      "2020-02-30 04:30:17",
                                      "2020-02-25",
                                      "2020-02-25 04:30",
                                      "2020-02-25 24:30:17",
                                      "2020-13-25 04:30:17",
                                      "2020-02-25T04:30:17+99:00",
                                      "2020-02-25 04:30:17.1234567890 x",
                                      "13/13/2020 04:30:17",
                                      "02/25/2020, 13:30:17 PM",
                                      "25-Foo-2020 04:30:17",
                                      "Feb 30 04:30:17",
                                      "Tue Foo 25 04:30:17 2020",
                                      "123456789 x",
                                      "12345678901 x",
                                      "0582605017",
                                      "04:30:17",
                                      "04:60:17.1",
                                      "@4000",
                                      "@400000005e54a2e30ee6b28g",
                                      "@400000005e54a2e3ffffffff",
                                      "@ffffffffffffffff0ee6b280",
                                      "\x00\x00\x00\x00\x00\x00\x00\x00\x00"}) {
    EXPECT_FALSE(parse_app_stamp(text, test_now).has_value()) << text;
  }
}

TEST_F(AppFormats, Epochs) {
  const struct {
    std::string_view text;
    std::string_view time;
  } cases[] = {
      {"1582605017", "2020-02-25T04:30:17Z"},
      {"1582605017.25", "2020-02-25T04:30:17.250000Z"},
      {"1582605017.2500000123456", "2020-02-25T04:30:17.250000Z"},
      {"1582605017250", "2020-02-25T04:30:17.250000Z"},
      {"1582605017250000", "2020-02-25T04:30:17.250000Z"},
      {"1582605017250000001", "2020-02-25T04:30:17.250000Z"},
      {"9999999999999999999", "2286-11-20T17:46:39.999999Z"},
      {"158260501", "none"},
      {"15826050170", "none"},
      {"1582605017.", "none"},
      {"1582605017.2x", "none"},
      {"1582605017250.5", "none"},
      {"15826O5017", "none"},
      {"", "none"},
  };
  for (const auto& test : cases) {
    const auto time = parse_epoch(test.text);
    EXPECT_EQ(time ? format_rfc3339(*time) : "none", test.time) << test.text;
  }
}

TEST_F(AppFormats, Lines) {
  const struct {
    std::string_view line;
    std::string_view body;
  } cases[] = {
      {"2020-02-25 04:30:17 Login failed", "Login failed"},
      {"2020-02-25 04:30:17: (mod_auth.c.525) x", "(mod_auth.c.525) x"},
      {"2020-02-25 04:30:17.7|Warn|Auth|x", "Warn|Auth|x"},
      {"2020-02-25 04:30:17,123::WARNING::[a] x", "WARNING::[a] x"},
      {"[2020-02-25 04:30:17] [a] x", "[a] x"},
      {"[2020-02-25 04:30:17][a::b][ERROR] x", "[a::b][ERROR] x"},
      {"[2020-02-25 04:30:17]x", "x"},
      {"[25-Feb-2020 04:30:17 +0200]: <a> x", "<a> x"},
      {"[1582605017] nsd[1]: x", "nsd[1]: x"},
      {"[Feb 25 04:30:17] NOTICE[1] x", "NOTICE[1] x"},
      {"[PDT Feb 25 04:30:17] error : x", "error : x"},
      {"<W>2020-02-25 04:30:17.9 1 => x", "1 => x"},
      {"<2020-02-25 04:30:17> x", "x"},
      {"(2020-02-25 04:30:17) x", "x"},
      {"W, [2020-02-25T04:30:17.2 #1]  WARN -- : x", "#1]  WARN -- : x"},
      {"L 02/25/2020 - 04:30:17: x", "x"},
      {"WARN: [Feb 25 04:30:17.2] x", "x"},
      {" ERROR    2020-02-25T04:30:17 - x", "x"},
      {"[GIN] 2020/02/25 - 04:30:17 | 401 | x", "401 | x"},
      {" [BACKEND][2020-02-25 04:30:17] x", "x"},
      {"[28325:00010-373] 25-02-2020 04:30:17   smtp: x", "smtp: x"},
      {"1234:M 25 Feb 2020 04:30:17.123 # x", "# x"},
      {"[Nest] 6  - 02/25/2020, 4:30:17 AM    WARN x", "WARN x"},
      {"\x1b[36m2020/02/25 04:30:17 \x1b[0m\x1b[32mx", "x"},
      {"04:30:17.123 [exec-10] WARN x", "[exec-10] WARN x"},
      {"Feb 25 04:30:17 host last message repeated 3 times", "host last message repeated 3 times"},
      // an address before the stamp is not thrown away
      {"192.0.2.7 2020-02-25 04:30:17.1 UTC [1] a@b FATAL:  x",
       "192.0.2.7 2020-02-25 04:30:17.1 UTC [1] a@b FATAL:  x"},
      {"192.0.2.7(51234) 2020-02-25 04:30:17 UTC x", "192.0.2.7(51234) 2020-02-25 04:30:17 UTC x"},
      {"[192.0.2.7] 2020-02-25 04:30:17 x", "[192.0.2.7] 2020-02-25 04:30:17 x"},
      {"[192.0.2.7:80] 2020-02-25 04:30:17 x", "[192.0.2.7:80] 2020-02-25 04:30:17 x"},
      // nothing behind the message's beginning is looked at
      {"2020-02-25 04:30:17 a 2020-02-25 04:30:17 b", "a 2020-02-25 04:30:17 b"},
  };
  for (const auto& test : cases) {
    ASSERT_EQ(recognise_line(test.line), "app") << test.line;
    EXPECT_EQ(event_.kind, LogKind::app);
    EXPECT_EQ(field(Field::body), test.body) << test.line;
    EXPECT_EQ(field(Field::message), test.body) << test.line;
    EXPECT_EQ(address(), "none");
    EXPECT_EQ(field(Field::program), "");
  }
}

TEST_F(AppFormats, RefusesOtherLines) {
  for (const std::string_view line :
       {"", "x", "Login failed", "2020-02-25 04:30:17", "[2020-02-25 04:30:17]", "bob 2020-02-25 04:30:17 x",
        "[a [2020-02-25 04:30:17] x", "host.example.net 2020-02-25 04:30:17 x", "[a] [b] [c] [d] [e] [f] [g] x",
        "login bob: [2020-02-25 04:30:17] x", "[[[[[[[[2020-02-25 04:30:17] x"}) {
    EXPECT_FALSE(parse_as("app", line)) << line;
  }
  EXPECT_FALSE(parse_as("app", "2020-02-25 04:30:17 cut", true));
}

TEST_F(AppFormats, RecordsInMessages) {
  ASSERT_TRUE(parse_as("app", R"(2020-02-25 04:30:17 {"ip":"192.0.2.7"})"));
  EXPECT_EQ(record(), "ip=192.0.2.7\n");
  ASSERT_TRUE(parse_as("app", R"(2020-02-25T04:30:17Z 192.0.2.1  { "client_ip": "192.0.2.7" })"));
  EXPECT_EQ(record(), "client_ip=192.0.2.7\n");
  ASSERT_TRUE(parse_as("app", R"(2020-02-25 04:30:17 a=1 b="c d" ip=192.0.2.7)"));
  EXPECT_EQ(record(), "a=1\nb=c d\nip=192.0.2.7\n");
  ASSERT_TRUE(parse_as("app", R"(2020-02-25 04:30:17 x {"ip":"192.0.2.7"} y)"));
  EXPECT_EQ(record(), "");
}

}  // namespace
}  // namespace ipguard::match
