#pragma once

#include <string_view>

namespace ipguard {

// The project's version, from CMakeLists.txt.
[[nodiscard]] std::string_view version();

}  // namespace ipguard
