// ScanPlan: what the block scan looks for, and which rules a finding makes candidates.
//
// A rule can only hit a line if something that it looks for is found in the line, or in a field that the line's
// format presents otherwise than it stands there (see rewrite_watch.h), or if it is judged on every line. Candidates
// are then judged exactly; the plan decides about speed, never about the outcome.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "config/diagnostic.h"
#include "match/line_parts.h"
#include "match/scanner.h"
#include "match/status_scan.h"
#include "match/text_sieve.h"
#include "model/event.h"
#include "model/rule.h"

namespace ipguard::match {

using RuleIndex = uint32_t;

struct ScanPlan {
  std::vector<TextSieve> sieves;                                    // for texts
  StatusScan statuses;                                              // for HTTP status codes
  std::unique_ptr<const Scanner> scanner;                           // for expressions; null if there are none
  std::vector<std::vector<RuleIndex>> rules_of;                     // by the id of what is looked for
  std::vector<LineParts> parts_of;                                  // the same: where it says something to these rules
  std::vector<RuleIndex> every_line;                                // rules without anything to look for, ascending
  std::array<std::vector<RuleIndex>, model::field_count> rules_on;  // rules by the field that the plan looks for
};

// Chooses for every rule the condition that is rarest by itself. All patterns are known to RE2. nullopt and errors in
// `diagnostics` if the scanner refuses an expression.
[[nodiscard]] std::optional<ScanPlan> plan_scan(const std::vector<model::Rule>& rules,
                                                config::Diagnostics& diagnostics);

}  // namespace ipguard::match
