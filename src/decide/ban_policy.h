// BanPolicy: how long a ban lasts.
#pragma once

#include <cstdint>
#include <optional>

#include "base/time.h"
#include "config/config.h"

namespace ipguard::decide {

class BanPolicy {
 public:
  explicit BanPolicy(const config::BanGrowth& growth) : growth_(growth) {}

  // base × growth^repeat, never longer than `longest`; nullopt = permanent, for a base of zero.
  [[nodiscard]] std::optional<Seconds> duration(Seconds base, uint32_t repeat) const;
  // How many of the target's `bans` earlier bans, the last of which ended at `last_end`, count for one that begins at
  // `since`: one less for each `decay` that it kept quiet, none after more than `forget`.
  [[nodiscard]] uint32_t repeats(uint32_t bans, TimePoint last_end, TimePoint since) const;

 private:
  config::BanGrowth growth_;
};

}  // namespace ipguard::decide
