// Cuts a format into segments at the bytes that clients cannot write, and refuses what cannot be told apart within one.
// Internal to format_compiler.cc.
#pragma once

#include <optional>
#include <vector>

#include "match/format_items.h"
#include "match/formats/own_formats.h"

namespace ipguard::match {

// Bytes that servers write escaped in whatever comes from a client (request.h).
inline bool is_escaped_byte(char c) { return c == '"' || static_cast<unsigned char>(c) < 0x20; }

// Fills positions.segments; positions.open_end is set already.
[[nodiscard]] std::optional<FormatProblem> make_segments(const std::vector<FormatItem>& items, Positions& positions);

}  // namespace ipguard::match
