#include "daemon/rule_tally.h"

#include <gtest/gtest.h>

namespace ipguard::daemon {
namespace {

using control::Json;

const TimePoint tallied = from_civil(2026, 2, 25, 4, 30, 0);

model::Rule named_rule(std::string id) {
  model::Rule result;
  result.id = std::move(id);
  return result;
}

Json entry(const char* id, uint64_t hits, uint64_t offences, Json last_hit) {
  return {{"rule", id}, {"hits", hits}, {"offences", offences}, {"last_hit", std::move(last_hit)}};
}

TEST(RuleTallyTest, CountsHitsAndOffencesByRule) {
  RuleTally tally;
  const std::vector<model::Rule> rules = {named_rule("x/a"), named_rule("x/b")};
  EXPECT_EQ(tally.to_json(rules), Json::array({entry("x/a", 0, 0, nullptr), entry("x/b", 0, 0, nullptr)}));
  tally.count(rules[1], false, tallied);
  tally.count(rules[1], true, tallied + Seconds{5});
  tally.count(rules[1], false, tallied + Seconds{2});  // lines of two files need not come in order
  EXPECT_EQ(tally.to_json(rules),
            Json::array({entry("x/a", 0, 0, nullptr), entry("x/b", 3, 1, "2026-02-25T04:30:05Z")}));
}

TEST(RuleTallyTest, AReloadKeepsTheCountsOfRulesThatStay) {
  RuleTally tally;
  tally.count(named_rule("x/a"), false, tallied);
  tally.count(named_rule("x/gone"), false, tallied);
  tally.keep_only({named_rule("x/new"), named_rule("x/a")});
  EXPECT_EQ(tally.to_json({named_rule("x/new"), named_rule("x/a"), named_rule("x/gone")}),
            Json::array({entry("x/new", 0, 0, nullptr), entry("x/a", 1, 0, "2026-02-25T04:30:00Z"),
                         entry("x/gone", 0, 0, nullptr)}));
}

}  // namespace
}  // namespace ipguard::daemon
