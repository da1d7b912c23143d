// Rule files: TOML to model::Rule.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "config/diagnostic.h"
#include "model/rule.h"

namespace ipguard::config {

// Reads every path: a file, or all *.toml of a folder (sorted). Duplicate ids, unknown keys, wrong types and values
// are diagnostics, each at its place; the good rules are still returned (of a file whose [defaults] are wrong: none),
// so that all problems show at once. Patterns are checked for syntax by match/ when compiled, not here.
// `places`: where the paths were written, in their order, or empty: what is wrong with a path itself is told there.
[[nodiscard]] std::vector<model::Rule> load_rules(const std::vector<std::string>& paths, Diagnostics& diagnostics,
                                                  std::span<const model::Location> places = {});
[[nodiscard]] std::vector<model::Rule> parse_rules(std::string_view text, const std::string& name,
                                                   Diagnostics& diagnostics);

}  // namespace ipguard::config
