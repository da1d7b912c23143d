// A country as databases name it: the two letters of ISO 3166-1 alpha-2.
#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/ascii.h"

namespace ipguard::model {

struct Country {
  std::array<char, 2> letters{};  // upper case; zeros = none

  // "CN" or "cn"; nullopt for anything but two letters. Whether it is assigned is not asked.
  [[nodiscard]] static std::optional<Country> parse(std::string_view text) {
    if (text.size() != 2) {
      return std::nullopt;
    }
    Country country;
    for (size_t i = 0; i < 2; ++i) {
      const char upper = to_upper(text[i]);
      if (!is_upper(upper)) {
        return std::nullopt;
      }
      country.letters.at(i) = upper;
    }
    return country;
  }
  [[nodiscard]] std::string to_string() const { return letters[0] == '\0' ? "" : std::string(letters.data(), 2); }
  // Different for each; 0 = none.
  [[nodiscard]] uint32_t number() const {
    return static_cast<uint32_t>(static_cast<unsigned char>(letters[0])) << 8U | static_cast<unsigned char>(letters[1]);
  }

  friend auto operator<=>(const Country&, const Country&) = default;
};

}  // namespace ipguard::model

template <>
struct std::hash<ipguard::model::Country> {
  size_t operator()(const ipguard::model::Country& country) const noexcept { return country.number(); }
};
