// The texts that a pattern stands for, where they are few. Internal to the block scanner's planning.
#pragma once

#include <string>
#include <vector>

#include "match/pattern_syntax.h"

namespace ipguard::match {

using Texts = std::vector<std::string>;

// All texts that `node` (reduced: bytes, sequences, choices and repeats that are not open) matches, at most 64; none if
// there are more, or if a set in it is wide.
[[nodiscard]] Texts texts(const PatternNode& node);

}  // namespace ipguard::match
