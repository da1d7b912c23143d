#include "decide/ban_policy.h"

#include <gtest/gtest.h>

#include "world.h"

namespace ipguard::decide {
namespace {

using test::at;

TEST(BanPolicy, GrowsUpToTheLongest) {
  const BanPolicy policy({.growth = 2.0, .longest = Seconds(7 * 86400), .forget = Seconds(14 * 86400)});
  const struct {
    int64_t base;
    uint32_t repeat;
    std::optional<Seconds> duration;
  } cases[] = {
      {3600, 0, Seconds(3600)},
      {3600, 1, Seconds(7200)},
      {3600, 3, Seconds(28800)},
      {3600, 7, Seconds(460800)},
      {3600, 8, Seconds(604800)},  // 921,600 s are longer than a week
      {3600, 4'000'000'000U, Seconds(604800)},
      {1'000'000, 0, Seconds(604800)},
      {0, 0, std::nullopt},
      {0, 5, std::nullopt},
  };
  for (const auto& c : cases) {
    EXPECT_EQ(policy.duration(Seconds(c.base), c.repeat), c.duration) << c.base << " " << c.repeat;
  }
}

TEST(BanPolicy, GrowthOfOneStaysTheSame) {
  const BanPolicy policy({.growth = 1.0, .longest = Seconds(86400), .forget = Seconds(86400)});
  EXPECT_EQ(policy.duration(Seconds(600), 50), Seconds(600));
}

TEST(BanPolicy, GrowthMayBeAFraction) {
  const BanPolicy policy({.growth = 1.5, .longest = Seconds(86400), .forget = Seconds(86400)});
  EXPECT_EQ(policy.duration(Seconds(600), 2), Seconds(1350));
}

TEST(BanPolicy, EachQuietSpanMakesUpForOneBan) {
  const BanPolicy policy({.growth = 2.0, .longest = Seconds(86400), .decay = Seconds(100), .forget = Seconds(1000)});
  const struct {
    int64_t quiet;
    uint32_t left;
  } cases[] = {{0, 3}, {99, 3}, {100, 2}, {299, 1}, {300, 0}, {900, 0}, {-50, 3}};
  for (const auto& c : cases) {
    EXPECT_EQ(policy.repeats(3, at(0), at(c.quiet)), c.left) << c.quiet;
  }
  const BanPolicy never({.growth = 2.0, .longest = Seconds(86400), .decay = Seconds(0), .forget = Seconds(1000)});
  EXPECT_EQ(never.repeats(3, at(0), at(1000)), 3U);
}

TEST(BanPolicy, ForgetsAfterAQuietTime) {
  const BanPolicy policy({.growth = 2.0, .longest = Seconds(86400), .forget = Seconds(1000)});
  EXPECT_EQ(policy.repeats(3, at(0), at(1000)), 3U);
  EXPECT_EQ(policy.repeats(3, at(0), at(1001)), 0U);
  EXPECT_EQ(policy.repeats(3, at(50), at(0)), 3U);
}

}  // namespace
}  // namespace ipguard::decide
