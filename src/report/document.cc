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

bool Document::exact() const {
  const auto rows_exact = [](const std::vector<GroupRow>& rows) {
    return std::ranges::all_of(rows, [](const GroupRow& row) { return row.error == 0 && row.distinct_error == 0; });
  };
  return approximate.empty() && addresses_error == 0 && rows_exact(groups) && std::ranges::all_of(top, rows_exact);
}

void Document::add_database(const std::string& path, uint64_t build_epoch, const std::string& description) {
  constexpr uint64_t last_shown = 253402300799;  // 9999-12-31T23:59:59Z
  databases.push_back(path);
  if (databases.size() == 1) {
    database_built = TimePoint(Seconds(std::min(build_epoch, last_shown)));
    database_description = description;
  }
}

}  // namespace ipguard::report
