#include "report/document.h"

#include <algorithm>

namespace ipguard::report {
namespace {

constexpr std::array<std::string_view, dimension_count> dimension_names = {
    "address", "route", "asn", "country", "class", "rule", "path", "user-agent", "user", "hour"};

}  // namespace

std::string_view to_string(Dimension dimension) { return dimension_names[static_cast<size_t>(dimension)]; }

std::optional<Dimension> dimension_from(std::string_view name) {
  const auto* const found = std::ranges::find(dimension_names, name);
  return found == dimension_names.end() ? std::nullopt
                                        : std::optional(static_cast<Dimension>(found - dimension_names.begin()));
}

}  // namespace ipguard::report
