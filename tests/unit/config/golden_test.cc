// Compares everything that the readers say about the files of tests/golden/diagnostics with NAME.expected beside them.
// IPGUARD_REGENERATE=1 writes the expected texts anew; look at the difference before you keep it.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "base/file.h"
#include "config/config.h"
#include "config/rule_file.h"

namespace ipguard::config {
namespace {

const std::string folder = IPGUARD_SOURCE_DIR "/tests/golden/diagnostics";

std::vector<std::string> golden_files() { return list_folder(folder, ".toml").value_or(std::vector<std::string>{}); }

class Golden : public testing::TestWithParam<std::string> {};

TEST_P(Golden, SaysWhatIsExpected) {
  const std::string& path = GetParam();
  const auto name = std::filesystem::path(path).filename().string();
  const auto text = read_file(path);
  ASSERT_TRUE(text) << text.error().message;
  Diagnostics diagnostics;
  if (name.starts_with("rules-")) {
    (void)parse_rules(*text, name, diagnostics);
  } else {
    ASSERT_TRUE(name.starts_with("config-")) << name;
    (void)parse_config(*text, name, diagnostics);
  }
  const auto expected_path = std::filesystem::path(path).replace_extension(".expected").string();
  if (std::getenv("IPGUARD_REGENERATE") != nullptr) {
    ASSERT_TRUE(std::ofstream(expected_path) << diagnostics.to_string());
    GTEST_SKIP() << "wrote " << expected_path;
  }
  const auto expected = read_file(expected_path);
  ASSERT_TRUE(expected) << expected.error().message;
  EXPECT_EQ(diagnostics.to_string(), *expected);
}

INSTANTIATE_TEST_SUITE_P(Diagnostics, Golden, testing::ValuesIn(golden_files()), [](const auto& test) {
  auto name = std::filesystem::path(test.param).stem().string();
  std::ranges::replace(name, '-', '_');
  return name;
});

}  // namespace
}  // namespace ipguard::config
