// Every shipped rule stands the test of its own samples, and has some.
#include <gtest/gtest.h>

#include "library.h"
#include "match/sample_check.h"

namespace ipguard::rules_test {
namespace {

TEST(ShippedRules, HoldTheirSamples) {
  ASSERT_NE(library(), nullptr);
  const auto outcomes = match::run_samples(library(), now);
  EXPECT_GE(outcomes.size(), library()->rules().size() * 2);
  for (const auto& outcome : outcomes) {
    EXPECT_TRUE(outcome.held) << outcome.sample->location.file << ':' << outcome.sample->location.line << ": "
                              << outcome.rule->id << ": " << outcome.problem;
  }
}

TEST(ShippedRules, HaveSamplesAndNearMisses) {
  ASSERT_NE(library(), nullptr);
  for (const auto& rule : library()->rules()) {
    // A line that only tells a session's address is no hit by itself; the samples of others begin with it.
    EXPECT_TRUE(rule.kind == model::RuleKind::session || !rule.samples.empty()) << rule.id;
    EXPECT_TRUE(rule.kind == model::RuleKind::session || !rule.near_misses.empty()) << rule.id;
    EXPECT_FALSE(rule.title.empty()) << rule.id;
    EXPECT_FALSE(rule.attack_class.empty()) << rule.id;
  }
}

// What nobody can look for in a block makes every line be parsed: such a rule is off until somebody wants it.
TEST(ShippedRules, NoneThatIsOnNeedsEveryLine) {
  ASSERT_NE(library(), nullptr);
  for (const auto* rule : library()->every_line_rules()) {
    EXPECT_FALSE(rule->enabled) << rule->id;
  }
}

}  // namespace
}  // namespace ipguard::rules_test
