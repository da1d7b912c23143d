// Which lines may have fields that a format presents otherwise than they stand in the line: log escapes undone,
// percent-encoding undone, paths normalised. In all other lines every field is a part of the line as it is, so that
// scanning the raw bytes is enough.
//
// Looked for: a backslash (\xHH of nginx, \" of Apache); '%' with two hexadecimal digits; '/' twice, but not behind ':'
// (the one of "https://" stays as it is, see normalise_path()); "/." that ends a path segment; bytes that may begin an
// overlong UTF-8 form (c0, c1, e0, f0); and '+' somewhere behind a '?'. What stands behind the stamp, request and
// status of an access log's line is not looked at, unless the line holds a backslash: only log escapes are undone
// there.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

namespace ipguard::match {

// The slow, clear form; `line` without its LF.
[[nodiscard]] bool may_be_rewritten(std::string_view line);

// In one pass over a block of lines, each ended by LF (the last one perhaps not; at most UINT32_MAX bytes): appends to
// `line_ends` the end (offset of the LF, or the block's size) of every line that may be rewritten, ascending; returns
// the number of LFs.
// `whole_lines`: of a log whose lines have more that is decoded behind what looks like an access log's request.
uint64_t find_rewritten_lines(std::string_view block, std::vector<uint32_t>& line_ends, bool whole_lines = false);

}  // namespace ipguard::match
