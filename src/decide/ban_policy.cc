#include "decide/ban_policy.h"

#include <cmath>

namespace ipguard::decide {

std::optional<Seconds> BanPolicy::duration(Seconds base, uint32_t repeat) const {
  if (base.count() <= 0) {
    return std::nullopt;
  }
  // In floating point first: growth^repeat overflows any integer soon, and becomes infinity here, which is capped too.
  const double grown = static_cast<double>(base.count()) * std::pow(growth_.growth, static_cast<double>(repeat));
  if (grown >= static_cast<double>(growth_.longest.count())) {
    return growth_.longest;
  }
  return Seconds(static_cast<int64_t>(grown));
}

uint32_t BanPolicy::repeats(uint32_t bans, TimePoint last_end, TimePoint since) const {
  return since - last_end > growth_.forget ? 0 : bans;
}

}  // namespace ipguard::decide
