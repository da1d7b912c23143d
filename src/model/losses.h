// Losses: what of a source is known to have been written and was never read, or was perhaps read twice.
#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string>

#include "base/time.h"

namespace ipguard::model {

// The numbers of SourceStatus of these names.
struct Losses {
  uint64_t bytes = 0;
  uint64_t of_unknown_size = 0;
  uint64_t messages = 0;
  uint64_t reread_bytes = 0;
  // No loss that is known: contents of files that were truncated while they were followed, of which no copy was found.
  // What was written to them after the last look, if anything, is gone.
  uint64_t truncations = 0;

  [[nodiscard]] bool any() const { return *this != Losses{}; }
  // Besides what truncations may have taken.
  [[nodiscard]] bool any_known() const {
    Losses known = *this;
    known.truncations = 0;
    return known.any();
  }
  Losses& operator+=(const Losses& more) {
    bytes += more.bytes;
    of_unknown_size += more.of_unknown_size;
    messages += more.messages;
    reread_bytes += more.reread_bytes;
    truncations += more.truncations;
    return *this;
  }
  // What came since they were `before`; zero where they are fewer.
  [[nodiscard]] Losses growth_since(const Losses& before) const {
    const auto growth = [](uint64_t then, uint64_t now) { return now - std::min(then, now); };
    return {.bytes = growth(before.bytes, bytes),
            .of_unknown_size = growth(before.of_unknown_size, of_unknown_size),
            .messages = growth(before.messages, messages),
            .reread_bytes = growth(before.reread_bytes, reread_bytes),
            .truncations = growth(before.truncations, truncations)};
  }
  friend bool operator==(const Losses&, const Losses&) = default;
};

// All that a [[source]] has lost since it was first followed, over all restarts.
struct SourceLosses {
  std::string source;  // its name
  Losses losses = {};
  TimePoint since = {};                // counted from then on
  std::optional<TimePoint> last = {};  // when a known loss came last; nullopt: never

  friend bool operator==(const SourceLosses&, const SourceLosses&) = default;
};

}  // namespace ipguard::model
