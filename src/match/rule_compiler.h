// One rule from data to RE2, with the safety lint. Internal to match/.
#pragma once

#include "config/diagnostic.h"
#include "match/judge.h"
#include "model/rule.h"

namespace ipguard::match {

// A longer pattern is refused: it is a list that belongs into several patterns.
inline constexpr size_t longest_pattern = 4096;

// Compiles every pattern of `rule` (which must outlive the result) and checks it; what is wrong goes to `diagnostics`.
// The result is usable if no error was added.
[[nodiscard]] CompiledRule compile_rule(const model::Rule& rule, config::Diagnostics& diagnostics);

// Where the pattern `index` of a list stands; the rule's own place if that is not known.
[[nodiscard]] const model::Location& pattern_location(const model::Rule& rule, const model::FieldPatterns& patterns,
                                                      size_t index);

}  // namespace ipguard::match
