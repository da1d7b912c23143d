// Until: an end that may never come, in eight bytes: std::optional<TimePoint> for what is kept a million times.
#pragma once

#include <compare>
#include <optional>

#include "base/time.h"

namespace ipguard::model {

class Until {
 public:
  Until() = default;                                                             // never
  Until(TimePoint end) : end_(end) {}                                            // NOLINT(google-explicit-constructor)
  Until(std::optional<TimePoint> end) : end_(end.value_or(TimePoint::max())) {}  // NOLINT(google-explicit-constructor)

  [[nodiscard]] bool ever() const { return end_ != TimePoint::max(); }
  // Later than any other if it is never.
  [[nodiscard]] TimePoint time() const { return end_; }
  [[nodiscard]] std::optional<TimePoint> optional() const { return ever() ? std::optional(end_) : std::nullopt; }

  // Never is the latest.
  friend auto operator<=>(const Until&, const Until&) = default;

 private:
  TimePoint end_ = TimePoint::max();
};

}  // namespace ipguard::model
