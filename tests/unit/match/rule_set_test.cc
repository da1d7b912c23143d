// Compiling, looking up, and samples.
#include "match/rule_set.h"

#include <gtest/gtest.h>

#include "match/sample_check.h"
#include "rule_helpers.h"

namespace ipguard::match {
namespace {

using namespace test;

TEST(RuleSet, FindsRulesById) {
  const auto set = compiled({path_rule("a", "/abc"), path_rule("b", "/def")});
  ASSERT_EQ(set->rules().size(), 2U);
  EXPECT_EQ(set->find("b"), &set->rules()[1]);
  EXPECT_EQ(set->find("c"), nullptr);
}

TEST(RuleSet, NamesItsFormats) {
  const auto& names = format_names();
  for (const char* name : {"combined", "vhost-combined", "nginx-error", "apache-error", "syslog", "message"}) {
    EXPECT_NE(std::ranges::find(names, name), names.end()) << name;
  }
}

TEST(RuleSet, ErrorsOfOthersDoNotCount) {
  config::Diagnostics diagnostics;
  diagnostics.error({}, "something before");
  EXPECT_NE(RuleSet::compile({path_rule("a", "/abc")}, diagnostics), nullptr);
  EXPECT_EQ(diagnostics.all().size(), 1U);
}

TEST(RuleSet, LargeCountedRepeatsAreScannedFor) {
  const auto set = compiled({path_rule("a", "/abc[0-9]{200}x[a-f]{0,900}def")});
  Matcher matcher(set);
  const std::string line = access_line("/abc" + std::string(200, '7') + "x" + std::string(500, 'b') + "def");
  EXPECT_EQ(scan(matcher, line + "\n").size(), 1U);
}

std::vector<SampleOutcome> outcomes_of(model::Rule rule) {
  static std::shared_ptr<const RuleSet> set;  // outcomes point into it
  set = compiled({std::move(rule)});
  return run_samples(set, noon);
}

TEST(Samples, SayWhatDidNotHold) {
  const std::string line = "Feb 25 04:30:17 host sshd[7]: Invalid user bob from 192.0.2.9";
  model::Rule rule = message_rule("r", R"(^Invalid user (?P<user>.*) from (?P<address>\S+)$)");
  const auto address = net::Address::parse("192.0.2.9");
  const auto other = net::Address::parse("192.0.2.8");
  rule.samples = {
      {.line = line, .before = {}, .address = address, .user = "bob", .location = {}},
      {.line = line, .before = {}, .address = other, .user = std::nullopt, .location = {}},
      {.line = line, .before = {}, .address = address, .user = "eve", .location = {}},
      {.line = line + " port 22", .before = {}, .address = address, .user = std::nullopt, .location = {}},
      {.line = "Invalid user bob from 192.0.2.9", .before = {}, .address = address, .user = "bob", .location = {}},
      {.line = line + "\n", .before = {}, .address = address, .user = std::nullopt, .location = {}},
  };
  rule.near_misses = {{.line = line, .before = {}, .address = {}, .user = {}, .location = {}},
                      {.line = "Valid user bob", .before = {}, .address = {}, .user = {}, .location = {}}};
  const auto outcomes = outcomes_of(rule);
  const std::vector<std::string> problems = {"",
                                             "the rule yields the address 192.0.2.9 instead of 192.0.2.8",
                                             "the rule yields the user 'bob' instead of 'eve'",
                                             "the rule does not hit the line",
                                             "",
                                             "the sample is more than one line",
                                             "the rule hits the near miss, with the address 192.0.2.9",
                                             ""};
  ASSERT_EQ(outcomes.size(), problems.size());
  for (size_t i = 0; i < problems.size(); ++i) {
    EXPECT_EQ(outcomes[i].problem, problems[i]) << i;
    EXPECT_EQ(outcomes[i].held, problems[i].empty()) << i;
    EXPECT_EQ(outcomes[i].near_miss, i >= 6) << i;
  }
}

}  // namespace
}  // namespace ipguard::match
