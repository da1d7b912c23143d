// Autonomous system numbers (RFC 6793: 32 bits; text "AS64500", asplain of RFC 5396).
#pragma once

#include <compare>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace ipguard::net {

struct Asn {
  uint32_t number = 0;

  // "AS64500", "as64500" or "64500"; 0 (reserved, RFC 7607) and anything else yield nullopt.
  [[nodiscard]] static std::optional<Asn> parse(std::string_view text);
  [[nodiscard]] std::string to_string() const { return "AS" + std::to_string(number); }

  friend auto operator<=>(const Asn&, const Asn&) = default;
};

}  // namespace ipguard::net

template <>
struct std::hash<ipguard::net::Asn> {
  size_t operator()(const ipguard::net::Asn& asn) const noexcept { return std::hash<uint32_t>{}(asn.number); }
};
