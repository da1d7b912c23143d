#include "writer/nft_ruleset.h"

#include <gtest/gtest.h>

#include "base/file.h"

namespace ipguard::writer {
namespace {

struct Case {
  const char* golden;
  config::Hook hook;
  int priority;
  config::Verdict action = config::Verdict::drop;
  bool element_counters = false;
};

class DeclarationScript : public ::testing::TestWithParam<Case> {};

TEST_P(DeclarationScript, IsTheGoldenOne) {
  config::EnforceConfig config;
  config.hook = GetParam().hook;
  config.priority = GetParam().priority;
  config.action = GetParam().action;
  config.element_counters = GetParam().element_counters;
  const auto golden = read_file(std::string(IPGUARD_SOURCE_DIR) + "/tests/golden/nft/" + GetParam().golden);
  ASSERT_TRUE(golden.has_value()) << golden.error().message;
  EXPECT_EQ(declaration_script(config), *golden);
}

INSTANTIATE_TEST_SUITE_P(Hooks, DeclarationScript,
                         ::testing::Values(Case{"input_and_forward.nft", config::Hook::input_and_forward, -10},
                                           Case{"prerouting.nft", config::Hook::prerouting, 5},
                                           Case{"forward_reject_counted.nft", config::Hook::forward, 0,
                                                config::Verdict::reject, true}),
                         [](const auto& chosen) {
                           const std::string name = chosen.param.golden;
                           return name.substr(0, name.find('.'));
                         });

TEST(RemovalScript, DeletesOnlyOurTable) {
  EXPECT_EQ(removal_script(), "add table inet ipguard\ndelete table inet ipguard\n");
}

TEST(ChainNames, FollowTheHook) {
  EXPECT_EQ(chain_names(config::Hook::input_and_forward), (std::vector<std::string_view>{"input", "forward"}));
  EXPECT_EQ(chain_names(config::Hook::prerouting), (std::vector<std::string_view>{"prerouting"}));
  EXPECT_EQ(chain_names(config::Hook::input), (std::vector<std::string_view>{"input"}));
  EXPECT_EQ(chain_names(config::Hook::forward), (std::vector<std::string_view>{"forward"}));
}

}  // namespace
}  // namespace ipguard::writer
