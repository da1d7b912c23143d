// Scope: how wide a decision is.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace ipguard::model {

enum class Scope : uint8_t { address, route, asn };
inline constexpr size_t scope_count = 3;

[[nodiscard]] std::string_view to_string(Scope scope);
[[nodiscard]] std::optional<Scope> scope_from(std::string_view name);

}  // namespace ipguard::model
