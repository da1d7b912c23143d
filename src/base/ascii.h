// Letters and digits of ASCII, whatever the locale. Bytes of 0x80 and above are neither.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace ipguard {

[[nodiscard]] constexpr bool is_lower(char c) { return c >= 'a' && c <= 'z'; }
[[nodiscard]] constexpr bool is_upper(char c) { return c >= 'A' && c <= 'Z'; }
[[nodiscard]] constexpr bool is_letter(char c) { return is_lower(c) || is_upper(c); }
[[nodiscard]] constexpr bool is_digit(char c) { return c >= '0' && c <= '9'; }
[[nodiscard]] constexpr bool is_alnum(char c) { return is_letter(c) || is_digit(c); }

// Of a text that is not empty.
[[nodiscard]] constexpr bool all_digits(std::string_view text) {
  for (const char c : text) {
    if (!is_digit(c)) {
      return false;
    }
  }
  return !text.empty();
}

// What is no letter stays.
[[nodiscard]] constexpr char to_lower(char c) { return is_upper(c) ? static_cast<char>(c + ('a' - 'A')) : c; }
[[nodiscard]] constexpr char to_upper(char c) { return is_lower(c) ? static_cast<char>(c - ('a' - 'A')) : c; }

// Copies.
[[nodiscard]] inline std::string lower_case(std::string_view text) {
  std::string result(text);
  for (char& c : result) {
    c = to_lower(c);
  }
  return result;
}
[[nodiscard]] inline std::string upper_case(std::string_view text) {
  std::string result(text);
  for (char& c : result) {
    c = to_upper(c);
  }
  return result;
}

[[nodiscard]] constexpr bool equal_ignoring_case(std::string_view a, std::string_view b) {
  if (a.size() != b.size()) {
    return false;
  }
  for (size_t i = 0; i < a.size(); ++i) {
    if (to_lower(a[i]) != to_lower(b[i])) {
      return false;
    }
  }
  return true;
}

// What a byte is worth as a hexadecimal digit of either case; -1 where it is none.
inline constexpr std::array<int8_t, 256> hex_values = [] {
  std::array<int8_t, 256> values{};
  values.fill(-1);
  for (size_t i = 0; i < 10; ++i) {
    values[size_t{'0'} + i] = static_cast<int8_t>(i);
  }
  for (size_t i = 0; i < 6; ++i) {
    values[size_t{'a'} + i] = static_cast<int8_t>(10 + i);
    values[size_t{'A'} + i] = static_cast<int8_t>(10 + i);
  }
  return values;
}();

// From a table, as undoing percent-encoding asks for every byte behind a '%'. -1 for what is no hexadecimal digit.
[[nodiscard]] constexpr int hex_value(char c) { return hex_values[static_cast<unsigned char>(c)]; }
[[nodiscard]] constexpr bool is_hex_digit(char c) { return hex_value(c) >= 0; }

}  // namespace ipguard
