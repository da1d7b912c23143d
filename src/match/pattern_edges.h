// PatternEdges: how a text has to begin and end for an anchored pattern to be found in it. Most texts fail there, and
// need not be shown to RE2.
#pragma once

#include <string_view>
#include <vector>

#include "match/pattern_syntax.h"

namespace ipguard::match {

class PatternEdges {
 public:
  // Of no pattern: nothing is asked of a text.
  PatternEdges() = default;
  explicit PatternEdges(const PatternNode& pattern);

  enum class Answer : uint8_t { not_found, found, unknown };
  // Whether the pattern is found in `text`, as far as the text's edges tell.
  [[nodiscard]] Answer look_at(std::string_view text) const;

 private:
  // Sets of bytes: the first ones of a text, in order, or the last ones, from the last on. Few: each is 32 bytes, and
  // two or three bytes tell most texts apart.
  using Edge = std::vector<ByteSet>;

  Edge front_;
  Edge back_;
  bool front_is_all_ = false;  // the pattern asks for nothing else
};

}  // namespace ipguard::match
