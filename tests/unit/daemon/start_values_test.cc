#include "daemon/start_values.h"

#include <gtest/gtest.h>
#include <sys/resource.h>

#include "daemon/descriptors.h"

namespace ipguard::daemon {
namespace {

TEST(StartValuesTest, WhatOnlyAStartReadsIsKeptAndToldOf) {
  config::Config started;
  const StartValues values(started);
  config::Config fresh;
  fresh.ban.growth = 3;
  EXPECT_TRUE(values.keep_in(fresh).empty());
  EXPECT_EQ(fresh.ban.growth, 3);

  fresh.state_path = "/srv/state";
  fresh.control_socket = "/srv/sock";
  fresh.enforce.mode = config::Mode::dry_run;
  const auto sentences = values.keep_in(fresh);
  ASSERT_EQ(sentences.size(), 3U);
  EXPECT_EQ(sentences[0],
            R"([state] path = "/srv/state" takes effect at the next start; until then it is "/var/lib/ipguard")");
  EXPECT_EQ(sentences[2], R"([enforce] mode = "dry-run" takes effect at the next start; until then it is "enforce")");
  EXPECT_EQ(fresh.state_path, started.state_path);
  EXPECT_EQ(fresh.control_socket, started.control_socket);
  EXPECT_EQ(fresh.enforce.mode, started.enforce.mode);

  // Back to what runs: nothing is pending any more.
  config::Config back;
  EXPECT_TRUE(values.keep_in(back).empty());
}

TEST(DescriptorsTest, FollowedFilesLeaveSomeForEverythingElse) {
  EXPECT_EQ(descriptors_for_files(1024), 960U);
  EXPECT_EQ(descriptors_for_files(128), 64U);
  EXPECT_EQ(descriptors_for_files(20), 10U);
}

TEST(DescriptorsTest, TheSoftLimitBecomesTheHardOne) {
  rlimit before{};
  ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &before), 0);
  const rlimit low{.rlim_cur = 100, .rlim_max = before.rlim_max};
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &low), 0);
  EXPECT_EQ(raise_descriptor_limit(), before.rlim_max);
  rlimit after{};
  ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &after), 0);
  EXPECT_EQ(after.rlim_cur, before.rlim_max);
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &before), 0);
}

}  // namespace
}  // namespace ipguard::daemon
