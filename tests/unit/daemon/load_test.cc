#include "daemon/load.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <string>

namespace ipguard::daemon {
namespace {

struct BadFile {
  const char* name;
  std::string text;
  const char* says;
};

class LoadTest : public testing::Test {
 protected:
  LoadTest() : folder_(std::filesystem::path(testing::TempDir()) / ("ipguard-load-" + std::to_string(::getpid()))) {
    std::filesystem::create_directories(folder_);
  }
  ~LoadTest() override { std::filesystem::remove_all(folder_); }

  std::filesystem::path folder_;
};

class BadConfiguration : public LoadTest, public testing::WithParamInterface<BadFile> {};

// A file that is no TOML says nothing of rules and databases: that the built-in paths lead nowhere is no finding.
TEST_P(BadConfiguration, AnUnreadableConfigurationIsTheOnlyProblem) {
  const auto path = folder_ / "ipguard.toml";
  if (!GetParam().text.empty()) {
    std::ofstream(path) << GetParam().text;
  }
  config::Diagnostics diagnostics;
  EXPECT_EQ(load(path.string(), diagnostics), std::nullopt);
  ASSERT_EQ(diagnostics.error_count(), 1U) << diagnostics.to_string();
  EXPECT_EQ(diagnostics.all().front().location.file, path.string());
  EXPECT_NE(diagnostics.to_string().find(GetParam().says), std::string::npos) << diagnostics.to_string();
}

INSTANTIATE_TEST_SUITE_P(Files, BadConfiguration,
                         testing::Values(BadFile{"missing", "", "cannot read"},
                                         BadFile{"syntax", "[rules]\npaths = [\n", "error"},
                                         BadFile{"binary", std::string("\x7f\x45\x4c\x46\x00\x01", 6), "error"},
                                         BadFile{"too_large", std::string(5U << 20, '#'), "4"}),
                         [](const auto& file) { return std::string(file.param.name); });

TEST_F(LoadTest, TheConfigurationsProblemsComeBeforeThoseOfItsRules) {
  const auto config_path = folder_ / "z.toml";
  const auto rules_path = folder_ / "a.toml";
  std::ofstream(rules_path) << "[[rule]]\nid = 7\n";
  std::ofstream(config_path) << "nonsense = 1\n[rules]\npaths = [\"" << rules_path.string() << "\"]\n";
  config::Diagnostics diagnostics;
  EXPECT_EQ(load(config_path.string(), diagnostics), std::nullopt);
  EXPECT_TRUE(diagnostics.to_string().starts_with(config_path.string())) << diagnostics.to_string();
  EXPECT_NE(diagnostics.to_string().find(rules_path.string()), std::string::npos);
}

// What the configuration names and cannot be used is told where it is named, all of it at once.
TEST_F(LoadTest, DatabasesAndRulesThatAreNotThereAreToldOfWhereTheyAreWritten) {
  const auto path = folder_ / "ipguard.toml";
  std::filesystem::create_directories(folder_ / "empty");
  std::ofstream(path) << "[database]\npaths = [\"/nope.mmdb\", \"" IPGUARD_SOURCE_DIR
                         "/tests/data/doc-ranges.mmdb\",\n  \"/nope2.mmdb\"]\n"
                      << "[rules]\npaths = [\"/nope\", \"" << (folder_ / "empty").string() << "\"]\n";
  config::Diagnostics diagnostics;
  EXPECT_EQ(load(path.string(), diagnostics), std::nullopt);
  const auto text = diagnostics.to_string();
  EXPECT_EQ(diagnostics.error_count(), 4U) << text;
  for (const std::string begin :
       {":2:10: error: paths: database /nope.mmdb: ", ":3:3: error: paths: database /nope2.mmdb: ",
        ":5:10: error: paths: /nope: cannot read rules: No such file or directory\n", ":5:19: error: paths: "}) {
    EXPECT_NE(text.find(path.string() + begin), std::string::npos) << begin << "\n" << text;
  }
}

TEST_F(LoadTest, PlacesThatCannotBeAreErrors) {
  const auto path = folder_ / "ipguard.toml";
  std::ofstream(folder_ / "file") << "x";
  std::ofstream(path) << "[state]\npath = \"" << (folder_ / "file" / "state").string() << "\"\n";
  config::Diagnostics diagnostics;
  EXPECT_EQ(load(path.string(), diagnostics), std::nullopt);
  EXPECT_NE(diagnostics.to_string().find(path.string() + ":2:8: error: path: "), std::string::npos)
      << diagnostics.to_string();
}

}  // namespace
}  // namespace ipguard::daemon
