#include "daemon/database_watch.h"

#include <gtest/gtest.h>
#include <stdlib.h>

#include <filesystem>
#include <fstream>
#include <string>

namespace ipguard::daemon {
namespace {

class DatabaseWatchTest : public ::testing::Test {
 protected:
  DatabaseWatchTest() {
    std::string name = ::testing::TempDir() + "ipguard-watch-XXXXXX";
    folder_ = ::mkdtemp(name.data());
    path_ = folder_ + "/routes.mmdb";
    replace_by(IPGUARD_SOURCE_DIR "/tests/data/doc-ranges.mmdb");
  }
  ~DatabaseWatchTest() override { std::filesystem::remove_all(folder_); }

  void replace_by(const std::string& file) {
    std::filesystem::copy_file(file, folder_ + "/new");
    std::filesystem::rename(folder_ + "/new", path_);
  }

  std::string folder_;
  std::string path_;
  loop::EventLoop loop_;
};

TEST_F(DatabaseWatchTest, TakesOverWhatIsSoundAndTellsOfWhatIsNot) {
  std::shared_ptr<const enrich::RouteTable> routes;
  DatabaseWatch watch(loop_, [&](auto opened) { routes = std::move(opened); }, std::chrono::milliseconds(5));
  watch.watch({path_});
  for (int i = 0; i < 5; ++i) {
    loop_.run_once();  // nothing has changed
  }
  EXPECT_EQ(routes, nullptr);
  replace_by(IPGUARD_SOURCE_DIR "/tests/data/ipguard-lite-small.mmdb");
  while (routes == nullptr) {
    loop_.run_once();
  }
  EXPECT_EQ(watch.swaps(), 1U);
  EXPECT_EQ(routes->databases().front().networks, 2921U);  // its index of AS is there already
  const auto before = routes;
  std::ofstream(folder_ + "/garbage") << "no database";
  std::filesystem::rename(folder_ + "/garbage", path_);
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

}  // namespace
}  // namespace ipguard::daemon
