// Scope: how wide a decision is.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace ipguard::model {

enum class Scope : uint8_t { address, route, asn, country };
inline constexpr size_t scope_count = 4;
inline constexpr std::array<Scope, scope_count> all_scopes = {Scope::address, Scope::route, Scope::asn, Scope::country};
// In the enumeration's order.
inline constexpr std::array<std::string_view, scope_count> scope_names = {"address", "route", "asn", "country"};

// Whether a target of the scope is a network by itself; an AS and a country are what the database says.
[[nodiscard]] constexpr bool is_network(Scope scope) { return scope == Scope::address || scope == Scope::route; }

[[nodiscard]] std::string_view to_string(Scope scope);
[[nodiscard]] std::optional<Scope> scope_from(std::string_view name);

}  // namespace ipguard::model
