#include "base/ascii.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace ipguard {
namespace {

TEST(Ascii, EveryByteIsWhatAsciiSays) {
  const std::string_view lower = "abcdefghijklmnopqrstuvwxyz";
  const std::string_view upper = "ABCDEFGHIJKLMNOPQRSTUVWXYZ";
  const std::string_view digits = "0123456789";
  for (int byte = 0; byte < 256; ++byte) {
    const char c = static_cast<char>(byte);
    const size_t in_lower = lower.find(c);
    const size_t in_upper = upper.find(c);
    EXPECT_EQ(is_lower(c), in_lower != std::string_view::npos) << byte;
    EXPECT_EQ(is_upper(c), in_upper != std::string_view::npos) << byte;
    EXPECT_EQ(is_letter(c), is_lower(c) || is_upper(c)) << byte;
    EXPECT_EQ(is_digit(c), digits.find(c) != std::string_view::npos) << byte;
    EXPECT_EQ(is_alnum(c), is_letter(c) || is_digit(c)) << byte;
    EXPECT_EQ(to_lower(c), is_upper(c) ? lower[in_upper] : c) << byte;
    EXPECT_EQ(to_upper(c), is_lower(c) ? upper[in_lower] : c) << byte;
  }
}

TEST(Ascii, HexDigitsOfEitherCase) {
  const std::string_view lower = "0123456789abcdef";
  const std::string_view upper = "0123456789ABCDEF";
  for (int byte = 0; byte < 256; ++byte) {
    const char c = static_cast<char>(byte);
    const size_t value = std::min(lower.find(c), upper.find(c));
    EXPECT_EQ(hex_value(c), value == std::string_view::npos ? -1 : static_cast<int>(value)) << byte;
    EXPECT_EQ(is_hex_digit(c), value != std::string_view::npos) << byte;
  }
}

TEST(Ascii, CaseOfTexts) {
  EXPECT_EQ(lower_case("Caf\xc3\x89 42"), "caf\xc3\x89 42");
  EXPECT_EQ(upper_case("caf\xc3\xa9 42"), "CAF\xc3\xa9 42");
  EXPECT_TRUE(equal_ignoring_case("", ""));
  EXPECT_TRUE(equal_ignoring_case("User-Agent", "uSER-aGENT"));
  EXPECT_FALSE(equal_ignoring_case("User-Agent", "User-Agents"));
  EXPECT_FALSE(equal_ignoring_case("[", "{")) << "they differ by the bit that tells the cases apart";
  EXPECT_FALSE(equal_ignoring_case("@", "`"));
}

}  // namespace
}  // namespace ipguard
