// How rare the matches of a pattern are in the lines of logs. Internal to the block scanner's planning.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "match/pattern_syntax.h"

namespace ipguard::match {

// Sets of more bytes than this (all digits are ten) break a run: scanners find them everywhere.
inline constexpr size_t widest_informative_set = 16;

// What may be missing breaks a run of bytes if it can be there more often than this.
inline constexpr uint32_t most_optional = 2;

// Bits of information in the best run of bytes that every match holds: 8 for a letter, 7 for one in either case, less
// for classes, nothing for wide classes; nothing at all for a text that ordinary lines are full of. `node` is reduced:
// bytes, sequences, choices and repeats only.
[[nodiscard]] double rarity(const PatternNode& node);
// Whether ordinary lines are full of this text, in whatever case.
[[nodiscard]] bool is_ordinary(std::string_view text);

}  // namespace ipguard::match
