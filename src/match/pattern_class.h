// Byte sets that RE2's escapes and classes stand for (https://github.com/google/re2/wiki/Syntax). Internal to
// pattern_syntax.cc.
#pragma once

#include <optional>
#include <string_view>

#include "match/pattern_syntax.h"

namespace ipguard::match {

[[nodiscard]] ByteSet byte_range(unsigned low, unsigned high);
// With every letter's other case, as RE2 folds Latin-1 under (?i).
[[nodiscard]] ByteSet fold_case(const ByteSet& set);
// What \d \D \s \S \w \W stand for, by their letter; nullopt for other letters.
[[nodiscard]] std::optional<ByteSet> perl_class(char letter);
// What [:alpha:] and so on stand for, by the name between the colons; nullopt for an unknown one.
[[nodiscard]] std::optional<ByteSet> posix_class(std::string_view name);

// Reads the escape behind a backslash that stands for one byte, `text` beginning with the character after the
// backslash, and removes it from `text`. nullopt for code points above U+00FF.
[[nodiscard]] std::optional<unsigned char> read_escape(std::string_view& text);
// Reads a bracketed class, `text` beginning after the '[', and removes it up to the ']'. nullopt for what has no
// meaning byte by byte.
[[nodiscard]] std::optional<ByteSet> read_class(std::string_view& text, bool fold);

}  // namespace ipguard::match
