// What a compiled rule set holds. Internal to match/.
#pragma once

#include <functional>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/text.h"
#include "match/judge.h"
#include "match/rule_set.h"
#include "match/scan_plan.h"

namespace ipguard::match {

struct RuleSet::Impl {
  std::vector<model::Rule> rules;      // never resized after compiling: the others point into it
  std::vector<CompiledRule> compiled;  // same order
  ScanPlan plan;
  std::unordered_map<std::string, RuleIndex, StringHash, std::equal_to<>> by_id;
};

}  // namespace ipguard::match
