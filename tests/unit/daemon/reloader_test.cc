#include "daemon/reloader.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

namespace ipguard::daemon {
namespace {

class ReloaderTest : public testing::Test {
 protected:
  ReloaderTest()
      : folder_(std::filesystem::path(testing::TempDir()) / ("ipguard-reloader-" + std::to_string(::getpid()))),
        reloader_(loop_, (folder_ / "ipguard.toml").string(), [this](Loaded loaded, control::Json warnings) {
          levels_.push_back(loaded.config.log_level);
          EXPECT_TRUE(warnings.empty()) << warnings;
          return Result<control::Json>(control::Json(levels_.size()));
        }) {
    std::filesystem::create_directories(folder_);
    std::ofstream(folder_ / "rules.toml") << R"(
[[rule]]
id = "test/one"
service = "test"
log = "access"
path = '^/attack'
threshold = 1
window = "1m"
ban = "1h"
scope = "address"
)";
  }
  ~ReloaderTest() override { std::filesystem::remove_all(folder_); }

  void write(const std::string& level) {
    std::ofstream(folder_ / "ipguard.toml")
        << "[log]\nlevel = \"" << level << "\"\n[rules]\npaths = [\"" << (folder_ / "rules.toml").string()
        << "\"]\n[database]\npaths = [\"" << IPGUARD_SOURCE_DIR "/tests/data/doc-ranges.mmdb"
        << "\"]\n[[source]]\nname = \"web\"\npaths = [\"/var/log/access.log\"]\n";
  }
  Result<control::Json> wait_for(uint64_t request) {
    while (!reloader_.outcome(request)) {
      loop_.run_once();
    }
    return *reloader_.outcome(request);
  }

  std::filesystem::path folder_;
  loop::EventLoop loop_;
  std::vector<LogLevel> levels_;
  Reloader reloader_;
};

TEST_F(ReloaderTest, TakesOverWhatItLoads) {
  write("debug");
  const auto request = reloader_.request();
  EXPECT_FALSE(reloader_.outcome(request).has_value());  // not before the loop has turned
  const auto reply = wait_for(request);
  ASSERT_TRUE(reply) << reply.error().message;
  EXPECT_EQ(reply->get<int>(), 1);
  EXPECT_EQ(levels_, std::vector<LogLevel>{LogLevel::debug});
}

TEST_F(ReloaderTest, AskedWhileItLoadsItLoadsOnceMore) {
  write("debug");
  const auto first = reloader_.request();
  write("error");  // the load under way may or may not have seen this
  const auto second = reloader_.request();
  const auto third = reloader_.request();
  EXPECT_LT(first, second);
  EXPECT_EQ(second, third);
  ASSERT_TRUE(wait_for(third));
  EXPECT_EQ(levels_.size(), 2U);
  EXPECT_EQ(levels_.back(), LogLevel::error);
  EXPECT_TRUE(reloader_.outcome(first).has_value());
}

TEST_F(ReloaderTest, ABadConfigurationIsRefusedAndAGoodOneTakenAfterIt) {
  write("loud");
  const auto refused = wait_for(reloader_.request());
  ASSERT_TRUE(refused) << refused.error().message;
  EXPECT_EQ(refused->at("reloaded"), false);
  EXPECT_EQ(refused->at("problems").at(0).at("line"), 2);
  EXPECT_TRUE(refused->at("text").get<std::string>().ends_with("1 error")) << *refused;
  EXPECT_NE(reloader_.refusal().find("ipguard.toml:2:9: level: "), std::string::npos) << reloader_.refusal();
  EXPECT_TRUE(levels_.empty());
  write("info");
  EXPECT_TRUE(wait_for(reloader_.request()));
  EXPECT_EQ(reloader_.refusal(), "");
}

}  // namespace
}  // namespace ipguard::daemon
