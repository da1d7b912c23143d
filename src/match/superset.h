// Superset: what the block scanner looks for in place of a pattern. Whenever the pattern is found in a field that
// stands in a line as it is, its superset is found in that line, wholly within it.
//
// It drops every zero-width condition, never matches a line feed, holds no open repeats (of a pattern that has some, it
// is the rarest part between them), and loses repeats at its edges (a match of `a.*` is there as soon as one of `a`
// is), so that the scanner reports each place once.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "match/pattern_syntax.h"
#include "match/text_sieve.h"

namespace ipguard::match {

struct Superset {
  // Of which one is found: fixed texts for a sieve, and expressions for the scanner, in its (PCRE) syntax. Texts where
  // they say enough: they cost next to nothing. None at all if the pattern can only match text that holds a line feed,
  // which no line does.
  std::vector<ScanText> texts;
  std::vector<std::string> expressions;
  // How rare a match is: bits of information in the best run of bytes that every match holds (8 for a letter, 7 for
  // one in either case, less for classes, nothing for wide classes). Nothing for what ordinary lines are full of.
  double information = 0;
};

// Below this many bits (three letters in either case) a superset is found too often to be of use.
inline constexpr double useful_information = 20;
// So nothing that is looked for is shorter, in bytes: none of them tells more than eight bits.
inline constexpr size_t shortest_useful = 3;

[[nodiscard]] Superset make_superset(const PatternNode& pattern);
// The superset of a fixed text.
[[nodiscard]] Superset literal_superset(std::string_view text);

}  // namespace ipguard::match
