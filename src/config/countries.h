#pragma once

#include <cstddef>
#include <string_view>

namespace ipguard::config {

// Whether `code` (upper case) is assigned in ISO 3166-1 alpha-2, or XK, which databases use for Kosovo.
[[nodiscard]] bool is_country_code(std::string_view code);

}  // namespace ipguard::config
