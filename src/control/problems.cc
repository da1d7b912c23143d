#include "control/problems.h"

#include <cstdint>

namespace ipguard::control {

Json problems_json(const config::Diagnostics& diagnostics) {
  const auto known = [](uint32_t number) { return number > 0 ? Json(number) : Json(nullptr); };
  Json problems = Json::array();
  for (const auto& problem : diagnostics.all()) {
    const auto& place = problem.location;
    problems.push_back({{"file", place.file.empty() ? Json(nullptr) : Json(place.file)},
                        {"line", known(place.line)},
                        {"column", known(place.column)},
                        {"severity", problem.severity == config::Severity::error ? "error" : "warning"},
                        {"message", problem.message},
                        {"hint", problem.hint.empty() ? Json(nullptr) : Json(problem.hint)}});
  }
  return problems;
}

}  // namespace ipguard::control
