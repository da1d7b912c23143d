// The structure of a pattern: RE2 syntax (over bytes, "Latin-1") read into a tree whose leaves are sets of bytes.
// RE2 itself stays the judge of what matches; the tree is for reasoning about patterns: what a scanner can look for
// (superset.h) and where an address capture may stand (pattern_lint.h).
#pragma once

#include <bitset>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace ipguard::match {

using ByteSet = std::bitset<256>;

inline constexpr uint32_t unbounded = UINT32_MAX;  // PatternNode::max of `*`, `+` and `{n,}`

struct PatternNode {
  enum class Kind : uint8_t {
    empty,       // matches the empty text
    bytes,       // one byte of `bytes`
    sequence,    // `children` one after the other
    choice,      // one of `children`
    repeat,      // `children[0]`, `min` to `max` times
    group,       // `children[0]`, captured, named if `name` is not empty
    text_begin,  // ^ or \A
    text_end,    // $ or \z
    assertion,   // any other zero-width condition: \b, \B, ^ and $ under (?m)
  };
  Kind kind = Kind::empty;
  ByteSet bytes;
  std::vector<PatternNode> children;
  uint32_t min = 1;
  uint32_t max = 1;
  bool greedy = true;
  std::string name;
};

// Reads a pattern that RE2 has accepted with its default options and Latin-1 encoding. nullopt for what has no
// meaning byte by byte (\pN, code points above U+00FF) or is nested deeper than 200 groups.
[[nodiscard]] std::optional<PatternNode> parse_pattern(std::string_view pattern);

// How many groups of that name the tree holds.
[[nodiscard]] size_t count_groups(const PatternNode& node, std::string_view name);

}  // namespace ipguard::match
