// Ending: how a decision was over.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

namespace ipguard::model {

enum class Ending : uint8_t {
  expired,  // its time was over
  lifted,   // by hand, or because it may not go on: allowed by now, not confirmed in time
  refused,  // considered and not begun, or refused right before the kernel
};
// In the enumeration's order, as the store, replies and the log have them.
inline constexpr std::array<std::string_view, 3> ending_names = {"expired", "lifted", "refused"};
inline constexpr std::array<Ending, ending_names.size()> all_endings = {Ending::expired, Ending::lifted,
                                                                        Ending::refused};

[[nodiscard]] std::string_view to_string(Ending ending);
[[nodiscard]] std::optional<Ending> ending_from(std::string_view name);

}  // namespace ipguard::model
