// The samples that stand beside rules, run: `ipguardctl rules test` and a unit test.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "match/rule_set.h"

namespace ipguard::match {

struct SampleOutcome {
  const model::Rule* rule = nullptr;          // owned by the rule set
  const model::RuleSample* sample = nullptr;  // likewise
  bool near_miss = false;
  bool held = false;
  std::string problem;  // one sentence without a full stop, made safe for a terminal; empty if it held
};

// One outcome a sample, in the order of the rules; samples before near misses. A sample holds if its rule hits with the
// address (and user, if one is given) that stands beside it; a near miss holds if its rule does not hit. Other rules
// may hit as they like. Each line is judged both singly and as a block, and the two have to agree.
[[nodiscard]] std::vector<SampleOutcome> run_samples(const std::shared_ptr<const RuleSet>& rules, TimePoint now);

}  // namespace ipguard::match
