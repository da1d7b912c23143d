
#include <gtest/gtest.h>

#include "config/config.h"

namespace ipguard::config {
namespace {

constexpr const char* file = R"(
[ladder.route]
addresses = 7
window = "30m"
)";

Config read(const std::vector<std::string>& settings, Diagnostics& diagnostics) {
  return parse_config(file, "t.toml", diagnostics, settings);
}

TEST(Settings, ReplaceWhatTheFileSays) {
  Diagnostics diagnostics;
  const auto config = read({"ladder.route.addresses=5", "ladder.asn.routes = 0", "ban.longest=2d", "ban.growth=1.5",
                            "allow.prefixes=['192.0.2.0/24']", "enforce.element_counters=true"},
                           diagnostics);
  EXPECT_EQ(diagnostics.to_string(), "");
  EXPECT_EQ(config.route_ladder.addresses, 5U);
  EXPECT_EQ(config.route_ladder.window, Seconds(1800)) << "what is not set stays";
  EXPECT_EQ(config.asn_ladder.routes, 0U);
  EXPECT_EQ(config.ban.longest, Seconds(2 * 24 * 3600));
  EXPECT_EQ(config.ban.growth, 1.5);
  EXPECT_EQ(config.allow.prefixes.size(), 1U);
  EXPECT_TRUE(config.enforce.element_counters);
}

std::string problems(const std::vector<std::string>& settings) {
  Diagnostics diagnostics;
  static_cast<void>(read(settings, diagnostics));
  EXPECT_TRUE(diagnostics.has_errors());
  return diagnostics.to_string();
}

// With the place and the line, as an error of a file.
TEST(Settings, ErrorsHaveTheUsualForm) {
  EXPECT_TRUE(problems({"ban.growth=2.0", "ladder.route.addresses=-5"}).starts_with("--set:2:26: error: "));
  EXPECT_NE(problems({"ladder.route.adresses=5"}).find("addresses"), std::string::npos) << "a hint";
  EXPECT_NE(problems({"ladder.route.window=soon"}).find("'soon'"), std::string::npos);
  EXPECT_EQ(problems({"ladder.route.addresses=99999999999999999999"}),
            "--set:1: error: ladder.route.addresses: 99999999999999999999 is out of range\n1 error\n");
  EXPECT_NE(problems({"nothing"}).find("--set:1: error: 'nothing' is no setting"), std::string::npos);
  EXPECT_NE(problems({"=5"}).find("is no setting"), std::string::npos);
  EXPECT_NE(problems({"ban.growth=2\nban.longest=1d"}).find("is no setting"), std::string::npos);
}

TEST(Settings, ErrorsOfTheFileStayTheFiles) {
  Diagnostics diagnostics;
  static_cast<void>(parse_config("[ban]\ngrowth = 'x'\n", "t.toml", diagnostics, {"ban.longest=1d"}));
  EXPECT_TRUE(diagnostics.to_string().starts_with("t.toml:2:10: error: "));
}

}  // namespace
}  // namespace ipguard::config
