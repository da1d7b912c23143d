// Metrics as text: both formats to the byte, hostile labels, and what promtool says of it.
#include "http/exposition.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <stdio.h>
#include <unistd.h>

#include <array>

namespace ipguard::http {
namespace {

std::string example(Exposition format) {
  constexpr std::array<double, 2> bounds = {0.001, 1};
  constexpr std::array<uint64_t, 3> counts = {2, 1, 1};
  ExpositionWriter out(format);
  out.family(MetricType::counter, "read_bytes", "Bytes read.", "bytes");
  out.sample(uint64_t{12}, {{"source", "web"}});
  out.family(MetricType::gauge, "active_bans", "Bans in force.");
  out.sample(uint64_t{3});
  out.family(MetricType::histogram, "wait_seconds", "Time waited.", "seconds");
  out.histogram({.bounds = bounds, .counts = counts, .sum = 7.25});
  return std::move(out).finish();
}

TEST(Exposition, WritesOpenMetrics) {
  EXPECT_EQ(example(Exposition::open_metrics),
            "# TYPE ipguard_read_bytes counter\n"
            "# UNIT ipguard_read_bytes bytes\n"
            "# HELP ipguard_read_bytes Bytes read.\n"
            "ipguard_read_bytes_total{source=\"web\"} 12\n"
            "# TYPE ipguard_active_bans gauge\n"
            "# HELP ipguard_active_bans Bans in force.\n"
            "ipguard_active_bans 3\n"
            "# TYPE ipguard_wait_seconds histogram\n"
            "# UNIT ipguard_wait_seconds seconds\n"
            "# HELP ipguard_wait_seconds Time waited.\n"
            "ipguard_wait_seconds_bucket{le=\"0.001\"} 2\n"
            "ipguard_wait_seconds_bucket{le=\"1.0\"} 3\n"
            "ipguard_wait_seconds_bucket{le=\"+Inf\"} 4\n"
            "ipguard_wait_seconds_count 4\n"
            "ipguard_wait_seconds_sum 7.25\n"
            "# EOF\n");
}

TEST(Exposition, WritesTheOlderFormat) {
  const auto text = example(Exposition::text);
  EXPECT_THAT(text, testing::StartsWith("# TYPE ipguard_read_bytes_total counter\n"
                                        "# HELP ipguard_read_bytes_total Bytes read.\n"
                                        "ipguard_read_bytes_total{source=\"web\"} 12\n"));
  EXPECT_THAT(text, testing::Not(testing::HasSubstr("UNIT")));
  EXPECT_THAT(text, testing::Not(testing::HasSubstr("EOF")));
}

TEST(Exposition, EscapesLabels) {
  EXPECT_EQ(escape_label("a\\b\"c\nd"), "a\\\\b\\\"c\\nd");
  EXPECT_EQ(escape_label("\"} 1\nipguard_forged 1"), "\\\"} 1\\nipguard_forged 1");
  EXPECT_EQ(escape_label("\xff\xc3"), "\xef\xbf\xbd\xef\xbf\xbd");
}

TEST(Exposition, IsFreeOfPromtoolsComplaints) {
  if (::access("/usr/bin/promtool", X_OK) != 0) {
    GTEST_SKIP() << "promtool (Debian's prometheus) is not installed";
  }
  FILE* promtool = ::popen("/usr/bin/promtool check metrics > /dev/null", "w");  // NOLINT(*-env33-c): a fixed text
  ASSERT_NE(promtool, nullptr);
  const auto text = example(Exposition::text);
  EXPECT_EQ(::fwrite(text.data(), 1, text.size(), promtool), text.size());
  EXPECT_EQ(::pclose(promtool), 0);
}

}  // namespace
}  // namespace ipguard::http
