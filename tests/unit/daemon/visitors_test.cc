#include "daemon/visitors.h"

#include <gtest/gtest.h>

#include <string>

namespace ipguard::daemon {
namespace {

const TimePoint now = from_civil(2026, 2, 25, 4, 0, 0);

std::string access_line(const std::string& from, int status, const std::string& user = "-") {
  return from + " - " + user + " [25/Feb/2026:04:30:17 +0000] \"GET / HTTP/1.1\" " + std::to_string(status) +
         " 5 \"-\" \"curl\"\n";
}

// "192.0.2.1 200 frank, …".
std::string seen(Visitors& visitors, const std::string& text, model::SourceId source = 0,
                 const std::string& format = "auto") {
  std::string result;
  visitors.look(text, source, {.format = format}, now, [&](const Visitors::Seen& seen_line) {
    result += (result.empty() ? "" : ", ") + seen_line.visit.address.to_string() + " " +
              std::to_string(seen_line.visit.status);
    result += seen_line.visit.user.empty() ? "" : " " + std::string(seen_line.visit.user);
  });
  return result;
}

TEST(Visitors, SeesEveryLineOfASmallBlock) {
  Visitors visitors;
  EXPECT_EQ(seen(visitors, access_line("192.0.2.1", 200) + access_line("192.0.2.2", 404) +
                               access_line("2001:db8::1", 302, "frank")),
            "192.0.2.1 200, 192.0.2.2 404, 2001:db8::1 302 frank");
  EXPECT_EQ(seen(visitors, ""), "");
  EXPECT_EQ(seen(visitors, "\n\n\r\n"), "");
  EXPECT_EQ(seen(visitors, "no line that anybody knows\n" + access_line("192.0.2.1", 200), 1), "192.0.2.1 200");
  EXPECT_EQ(seen(visitors, access_line("192.0.2.1", 200), 2, "combined"), "192.0.2.1 200");
  EXPECT_EQ(seen(visitors, access_line("192.0.2.1", 200), 3, "syslog"), "");
}

TEST(Visitors, LooksAtNoMoreThanItsShareOfALargeBlock) {
  Visitors visitors;
  std::string block;
  for (int i = 0; i < 5000; ++i) {
    block += access_line("192.0.2." + std::to_string(i % 250), 200);
  }
  int count = 0;
  std::string last;
  visitors.look(block, 0, {}, now, [&](const Visitors::Seen& seen_line) {
    ++count;
    EXPECT_NE(seen_line.visit.address.to_string(), last) << "spread over the block";
    last = seen_line.visit.address.to_string();
  });
  EXPECT_GT(count, 50);
  EXPECT_LE(count, static_cast<int>(Visitors::lines_a_block));
}

TEST(Visitors, LooksAtNoMoreThanItsShareOfASecond) {
  Visitors visitors;
  size_t count = 0;
  const std::string block = access_line("192.0.2.1", 200) + access_line("192.0.2.2", 200);
  const auto look = [&](TimePoint at) {
    const size_t before = count;
    for (int i = 0; i < 5000; ++i) {
      visitors.look(block, 0, {}, at, [&](const Visitors::Seen&) { ++count; });
    }
    return count - before;
  };
  EXPECT_EQ(look(now), Visitors::lines_a_second);
  EXPECT_EQ(look(now), 0U);
  EXPECT_EQ(look(now + std::chrono::milliseconds(500)), Visitors::lines_a_second / 2);
  EXPECT_EQ(look(now), 0U) << "a clock that is set back gives nothing";
  EXPECT_EQ(look(now + Seconds(3600)), Visitors::lines_a_second) << "and an hour not more than a second";
}

TEST(Visitors, LeavesLogsOfOtherKindsAlone) {
  Visitors visitors;
  const std::string syslog = "Feb 25 04:30:17 host sshd[1201]: Failed password for root from 192.0.2.7 port 22 ssh2\n";
  EXPECT_EQ(seen(visitors, syslog), "");
  EXPECT_EQ(seen(visitors, access_line("192.0.2.1", 200)), "") << "not asked again at once";
  std::string found;
  for (int i = 0; i < 70 && found.empty(); ++i) {
    found = seen(visitors, access_line("192.0.2.1", 200));
  }
  EXPECT_EQ(found, "192.0.2.1 200") << "but some day";
  EXPECT_EQ(seen(visitors, access_line("192.0.2.1", 200), 7), "192.0.2.1 200") << "other sources are not concerned";
}

}  // namespace
}  // namespace ipguard::daemon
