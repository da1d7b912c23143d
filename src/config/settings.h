// Settings: single values laid over a configuration, as a command line gives them: "ladder.route.addresses=5".
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "config/diagnostic.h"
#include "config/document.h"

namespace ipguard::config {

// What stands for the file's name in diagnostics about them; the line is the setting's number.
inline constexpr std::string_view settings_name = "--set";

// Each is KEY=VALUE, the key dotted, the value as TOML has it; what is none ("2h", "AS64500") is taken for a text.
// They replace what `root` has under the same keys; whether the keys exist, its reader tells. False after errors, which
// are reported.
[[nodiscard]] bool lay_over(Value& root, const std::vector<std::string>& settings, Diagnostics& diagnostics);

}  // namespace ipguard::config
