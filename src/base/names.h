// Names of an enumeration's values: an array in the enumeration's order serves both directions.
#pragma once

#include <array>
#include <cstddef>
#include <optional>
#include <string_view>

namespace ipguard {

// The value of that name; nullopt if there is none. `names` begins with the name of the value 0 and has no gaps.
template <typename Enum, size_t N>
[[nodiscard]] constexpr std::optional<Enum> find_name(const std::array<std::string_view, N>& names,
                                                      std::string_view name) {
  for (size_t i = 0; i < N; ++i) {
    if (names[i] == name) {
      return static_cast<Enum>(i);
    }
  }
  return std::nullopt;
}

}  // namespace ipguard
