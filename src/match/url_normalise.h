// The one form of a request target that rules are written for, whatever disguise the request came in.
#pragma once

#include <string>
#include <string_view>

namespace ipguard::match {

// How often percent-encoding is undone at most: "%25252525252e" is still seen through, and the work stays linear.
inline constexpr int max_decode_rounds = 6;

// Whether the path or query of `target` could differ from its normal form; also true for any backslash, so that it may
// be asked of a target as logged, log escapes still in place. False is certain: then normalise_path() and
// normalise_query() return their argument. One pass, cheap.
[[nodiscard]] bool needs_normalising(std::string_view target);

// A target's path (before the first '?'): percent-decoded until it stays as it is (max_decode_rounds at most), overlong
// UTF-8 of ASCII characters (%c0%ae) folded; then '\' → '/', "//" → "/" (not directly after ':', so that "http://x" in
// a path stays readable), "/./" and a last "/." → "/". "/../" stays: rules look for it. NUL stays as a byte. Returns
// `path` itself when nothing changes, otherwise a view into `scratch`, which must not hold `path`.
[[nodiscard]] std::string_view normalise_path(std::string_view path, std::string& scratch);

// A target's query (after the first '?'): '+' → ' ', then decoded as above.
[[nodiscard]] std::string_view normalise_query(std::string_view query, std::string& scratch);

}  // namespace ipguard::match
