// RawLine: bytes of one log line with where they came from.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace ipguard::model {

// Which followed file (or journal, or standard input) a line came from; an index that input/ hands out.
using SourceId = uint32_t;

struct RawLine {
  std::string_view text;  // without LF or CRLF; points into the read buffer, valid during the call only
  uint64_t offset = 0;    // of the line's first byte in its file
  SourceId source = 0;
  // The line was longer than the bound and `text` is its beginning. A format may still use fields that are
  // complete within it; nothing may be anchored at its end.
  bool truncated = false;
};

// Bytes of a program's name in the tag of a syslog line: a longer one is no tag (match/), and what is written as such a
// line has none (input/). RFC 3164 allows 32, programs have more.
inline constexpr size_t longest_program = 64;

}  // namespace ipguard::model
