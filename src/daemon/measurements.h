// Measurements: what the guard counts and times of itself since the daemon started, for /metrics. Owned by the guard.
#pragma once

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdint>
#include <vector>

#include "decide/decision_change.h"
#include "model/ending.h"
#include "model/scope.h"

namespace ipguard::daemon {

// How often values lay up to each bound; one more count for those beyond the last.
template <size_t Bounds>
class Histogram {
 public:
  explicit constexpr Histogram(const std::array<double, Bounds>& bounds) : bounds_(bounds) {}

  void observe(double value, uint64_t times = 1) {
    const auto place = std::ranges::lower_bound(bounds_, value) - bounds_.begin();
    counts_.at(static_cast<size_t>(place)) += times;
    sum_ += value * static_cast<double>(times);
  }
  [[nodiscard]] const std::array<double, Bounds>& bounds() const { return bounds_; }
  [[nodiscard]] const std::array<uint64_t, Bounds + 1>& counts() const { return counts_; }
  [[nodiscard]] double sum() const { return sum_; }

 private:
  std::array<double, Bounds> bounds_;
  std::array<uint64_t, Bounds + 1> counts_{};
  double sum_ = 0;
};

class Stopwatch {
 public:
  [[nodiscard]] double seconds() const {
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin_).count();
  }

 private:
  std::chrono::steady_clock::time_point begin_ = std::chrono::steady_clock::now();
};

struct Measurements {
  // From a line's bytes to its decision, the mean of each block of lines: two looks at the clock a block.
  Histogram<12> line_seconds{{1e-7, 2e-7, 4e-7, 8e-7, 1.6e-6, 3.2e-6, 6.4e-6, 1.28e-5, 2.56e-5, 5.12e-5, 1e-4, 1e-3}};
  // One transaction with the kernel, protection check included.
  Histogram<12> kernel_seconds{{1e-4, 2.5e-4, 5e-4, 1e-3, 2.5e-3, 5e-3, 1e-2, 2.5e-2, 5e-2, 0.1, 0.5, 2.5}};
  uint64_t elements_added = 0;
  uint64_t elements_removed = 0;
  std::array<uint64_t, model::scope_count> begun{};                                          // decisions, by scope
  std::array<std::array<uint64_t, model::ending_names.size()>, model::scope_count> ended{};  // … and by model::Ending

  void count(const std::vector<decide::DecisionChange>& changes) {
    for (const auto& change : changes) {
      const auto scope = static_cast<size_t>(change.decision.target.scope);
      ++(change.ending ? ended.at(scope).at(static_cast<size_t>(*change.ending)) : begun.at(scope));
    }
  }
};

}  // namespace ipguard::daemon
