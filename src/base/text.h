// Small text helpers that have no better home.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace ipguard {

// Law 6: text from a log made safe for a terminal, a log file or a one-line answer. Control bytes, DEL, C1 controls
// and invalid UTF-8 become \xHH, a backslash becomes "\\"; printable UTF-8 stays. Cut at `limit` bytes of input with
// "…".
[[nodiscard]] std::string printable(std::string_view text, size_t limit = 512);

// printable() between single quotes, for a sentence about what somebody wrote: "'tcp' is no mode".
[[nodiscard]] std::string in_quotes(std::string_view text, size_t limit = 80);

// Valid UTF-8 for JSON: invalid bytes become U+FFFD, everything else stays (the JSON writer escapes controls).
[[nodiscard]] std::string to_valid_utf8(std::string_view text);

[[nodiscard]] std::string_view trim(std::string_view text);
[[nodiscard]] std::vector<std::string_view> split(std::string_view text, char separator);
// The whole text as an unsigned number; nullopt on any other character, overflow or emptiness.
[[nodiscard]] std::optional<uint64_t> parse_number(std::string_view text);
// "64KiB", "1MiB", "4096" in bytes.
[[nodiscard]] Result<uint64_t> parse_size(std::string_view text);
[[nodiscard]] std::string size_text(uint64_t bytes);    // as parse_size() reads it: "64KiB", "1500"
[[nodiscard]] std::string format_size(uint64_t bytes);  // "1.5 MiB", for people
// 1234567 → "1,234,567", for people.
[[nodiscard]] std::string group_digits(uint64_t number);
// "1 address", "1,024 addresses".
[[nodiscard]] std::string counted(uint64_t count, std::string_view one, std::string_view many);
// The candidate nearest to `word` by edit distance if it is near enough to be a likely typo (distance <= 2 and
// less than half of the word); empty otherwise. For "did you mean" hints.
[[nodiscard]] std::string_view nearest_word(std::string_view word, const std::vector<std::string_view>& candidates);

// Lets std::unordered_map<std::string, …> be searched with a string_view without a copy.
struct StringHash {
  using is_transparent = void;
  size_t operator()(std::string_view text) const { return std::hash<std::string_view>{}(text); }
};

}  // namespace ipguard
