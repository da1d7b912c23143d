#include "decide/ban_policy.h"

#include <algorithm>
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
  if (since - last_end > growth_.forget) {
    return 0;
  }
  if (growth_.decay.count() <= 0 || since <= last_end) {
    return bans;
  }
  const auto made_up = static_cast<uint64_t>((since - last_end) / growth_.decay);
  return bans - static_cast<uint32_t>(std::min<uint64_t>(bans, made_up));
}

}  // namespace ipguard::decide
