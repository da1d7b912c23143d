#include "daemon/database_watch.h"

#include <gtest/gtest.h>
#include <stdlib.h>

#include <filesystem>
#include <fstream>
#include <string>

#include "support/temp_folder.h"

namespace ipguard::daemon {
namespace {

class DatabaseWatchTest : public ::testing::Test {
 protected:
  DatabaseWatchTest() {
    path_ = folder_ / "routes.mmdb";
    replace_by(IPGUARD_SOURCE_DIR "/tests/data/doc-ranges.mmdb");
  }

  static constexpr std::chrono::hours long_interval{1};
  static constexpr std::chrono::milliseconds settling{2};

  void replace_by(const std::string& file) {
    std::filesystem::copy_file(file, folder_ / "new");
    std::filesystem::rename(folder_ / "new", path_);
  }

  const TempFolder folder_;
  std::string path_;
  loop::EventLoop loop_;
};

TEST_F(DatabaseWatchTest, TakesOverWhatIsSoundAndTellsOfWhatIsNot) {
  std::shared_ptr<const enrich::RouteTable> routes;
  DatabaseWatch watch(loop_, [&](auto opened) { routes = std::move(opened); }, long_interval, settling);
  watch.watch({path_});
  EXPECT_FALSE(watch.polling());
  for (int i = 0; i < 5; ++i) {
    loop_.poll();  // nothing has changed
  }
  EXPECT_EQ(routes, nullptr);
  replace_by(IPGUARD_SOURCE_DIR "/tests/data/ipguard-lite-small.mmdb");
  while (routes == nullptr) {
    loop_.run_once();
  }
  EXPECT_EQ(watch.swaps(), 1U);
  EXPECT_EQ(routes->databases().front().networks, 2921U);  // its index of AS is there already
  const auto before = routes;
  std::ofstream(folder_ / "garbage") << "no database";
  std::filesystem::rename(folder_ / "garbage", path_);
  while (watch.problem().empty()) {
    loop_.run_once();
  }
  EXPECT_EQ(routes, before);
  EXPECT_TRUE(routes->lookup(*net::Address::parse("8.8.8.8")).found);  // still mapped, whole
  replace_by(IPGUARD_SOURCE_DIR "/tests/data/doc-ranges.mmdb");
  while (routes == before) {
    loop_.run_once();
  }
  EXPECT_TRUE(watch.problem().empty());
  EXPECT_EQ(watch.swaps(), 2U);
}

// A symbolic link on the way to the file is led elsewhere; and what it leads to is written over in place.
TEST_F(DatabaseWatchTest, NoticesWhereLinksLeadAndWhatIsWrittenInPlace) {
  std::filesystem::create_directories(folder_ / "one");
  std::filesystem::create_directories(folder_ / "two");
  std::filesystem::copy_file(path_, folder_ / "one/routes.mmdb");
  std::filesystem::copy_file(IPGUARD_SOURCE_DIR "/tests/data/ipguard-lite-small.mmdb", folder_ / "two/routes.mmdb");
  std::filesystem::create_directory_symlink("one", folder_ / "current");
  std::shared_ptr<const enrich::RouteTable> routes;
  DatabaseWatch watch(loop_, [&](auto opened) { routes = std::move(opened); }, long_interval, settling);
  watch.watch({folder_ / "current/routes.mmdb"});
  EXPECT_FALSE(watch.polling());
  std::filesystem::create_directory_symlink("two", folder_ / "next");
  std::filesystem::rename(folder_ / "next", folder_ / "current");
  while (watch.swaps() < 1) {
    loop_.run_once();
  }
  EXPECT_EQ(routes->databases().front().networks, 2921U);
  routes.reset();  // nobody may have it mapped while it changes
  std::ofstream(folder_ / "two/routes.mmdb", std::ios::app) << "no database any more" << std::string(200'000, '.');
  while (watch.problem().empty()) {
    loop_.run_once();
  }
  EXPECT_EQ(watch.swaps(), 1U);
}

TEST_F(DatabaseWatchTest, LooksAgainAndAgainWhereTheKernelCannotTell) {
  std::shared_ptr<const enrich::RouteTable> routes;
  DatabaseWatch watch(loop_, [&](auto opened) { routes = std::move(opened); }, settling, settling);
  const std::string folder = folder_ / "not-there-yet";
  watch.watch({folder + "/routes.mmdb"});
  EXPECT_TRUE(watch.polling());
  std::filesystem::create_directory(folder);
  std::filesystem::copy_file(path_, folder + "/new");
  std::filesystem::rename(folder + "/new", folder + "/routes.mmdb");
  while (routes == nullptr) {
    loop_.run_once();
  }
  EXPECT_FALSE(watch.polling());  // by now it can
}

}  // namespace
}  // namespace ipguard::daemon
