// The texts that a pattern stands for, where they are few. Internal to the block scanner's planning.
#pragma once

#include <string>
#include <vector>

#include "match/pattern_syntax.h"

namespace ipguard::match {

using Texts = std::vector<std::string>;

// All texts that `node` (reduced: bytes, sequences, choices and repeats only) matches, at most 256; none if there are
// more, or if a set in it is wide.
[[nodiscard]] Texts texts(const PatternNode& node);

// Every text of one set with every text of the other behind it; none if that is too many.
[[nodiscard]] Texts followed_by(const Texts& fronts, const Texts& backs);

// `node` without capitals where either case will do, so that a text stands for all its spellings.
[[nodiscard]] PatternNode folded(PatternNode node);

}  // namespace ipguard::match
