// DecisionChange: a decision began or ended; for the store, the log and notifications.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/time.h"
#include "model/decision.h"

namespace ipguard::decide {

enum class Ending : uint8_t { expired, lifted, refused };
[[nodiscard]] std::string_view to_string(Ending ending);

// A decision that began or ended, in order.
struct DecisionChange {
  model::Decision decision;
  std::optional<Ending> ending;  // nullopt: it began (or was renewed)
  TimePoint at;
  std::string note = {};  // why it ended, where there is more to say than that its time was over
};

}  // namespace ipguard::decide
