// The ways through a pattern, laid out flat: every choice taken apart, so that each way is a list of byte repeats.
// Internal to the lint.
#pragma once

#include <cstddef>
#include <optional>
#include <string_view>
#include <vector>

#include "match/pattern_syntax.h"

namespace ipguard::match {

// `bytes`, `min` to `max` times.
struct PathItem {
  ByteSet bytes;
  uint32_t min = 1;
  uint32_t max = 1;
  bool greedy = true;

  [[nodiscard]] bool variable() const { return min != max; }
};

struct Path {
  std::vector<PathItem> items;
  bool from_begin = false;  // ^ in front
  bool to_end = false;      // $ behind
  // The items of the group asked for: [group_begin, group_end); equal if the way does not pass through it.
  size_t group_begin = 0;
  size_t group_end = 0;
};

// `group` is the name of the group to be marked. nullopt if there are more than 512 ways or 16,384 items in all, or an
// anchor stands in the middle of a way.
[[nodiscard]] std::optional<std::vector<Path>> lay_out(const PatternNode& pattern, std::string_view group);

}  // namespace ipguard::match
