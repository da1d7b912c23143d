// DecisionChange: a decision began or ended; for the store, the log and notifications.
#pragma once

#include <optional>
#include <string>

#include "base/time.h"
#include "model/decision.h"
#include "model/ending.h"

namespace ipguard::decide {

// A decision that began or ended, in order.
struct DecisionChange {
  model::Decision decision;
  std::optional<model::Ending> ending;  // nullopt: it began (or was renewed)
  TimePoint at;
  std::string note = {};  // why it ended, where there is more to say than that its time was over
};

}  // namespace ipguard::decide
