// TextCore: fixed texts of which every match of a pattern holds one. Internal to the block scanner's planning.
#pragma once

#include <vector>

#include "match/pattern_syntax.h"
#include "match/text_sieve.h"

namespace ipguard::match {

struct TextCore {
  std::vector<ScanText> texts;  // none: nothing could be found
  double information = 0;       // bits of the least rare one, by rarity.h's measure
};

// The rarest such texts between what repeats or may be many things. `node` is reduced: bytes, sequences, choices and
// repeats only.
[[nodiscard]] TextCore rarest_texts(const PatternNode& node);

}  // namespace ipguard::match
