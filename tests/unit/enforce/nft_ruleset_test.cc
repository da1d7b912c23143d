#include "enforce/nft_ruleset.h"

#include <gtest/gtest.h>

#include "base/file.h"

namespace ipguard::enforce {
namespace {

struct Case {
  const char* golden;
  config::Hook hook;
  int priority;
};

class DeclarationScript : public ::testing::TestWithParam<Case> {};

TEST_P(DeclarationScript, IsTheGoldenOne) {
  config::EnforceConfig config;
  config.hook = GetParam().hook;
  config.priority = GetParam().priority;
  const auto golden = read_file(std::string(IPGUARD_SOURCE_DIR) + "/tests/golden/nft/" + GetParam().golden);
  ASSERT_TRUE(golden.has_value()) << golden.error().message;
  EXPECT_EQ(declaration_script(config), *golden);
}

INSTANTIATE_TEST_SUITE_P(Hooks, DeclarationScript,
                         ::testing::Values(Case{"input_and_forward.nft", config::Hook::input_and_forward, -10},
                                           Case{"prerouting.nft", config::Hook::prerouting, 5}),
                         [](const auto& chosen) {
                           return chosen.param.hook == config::Hook::prerouting ? "prerouting" : "input_and_forward";
                         });

TEST(RemovalScript, DeletesOnlyOurTable) {
  EXPECT_EQ(removal_script(), "add table inet ipguard\ndelete table inet ipguard\n");
}

TEST(ChainNames, FollowTheHook) {
  EXPECT_EQ(chain_names(config::Hook::input_and_forward), (std::vector<std::string_view>{"input", "forward"}));
  EXPECT_EQ(chain_names(config::Hook::prerouting), (std::vector<std::string_view>{"prerouting"}));
}

}  // namespace
}  // namespace ipguard::enforce
