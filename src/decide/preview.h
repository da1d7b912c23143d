// Preview: what a ban by hand would do.
#pragma once

#include <optional>
#include <string>

#include "base/time.h"
#include "decide/in_force.h"
#include "model/decision.h"

namespace ipguard::decide {

struct Preview {
  model::Decision decision;            // as it would begin; its prefixes are empty if it may not be banned at all
  InForce in_force;                    // what would block, after everything was cut out
  model::GoodCounts good;              // clients known in what was asked about …
  Seconds remember{0};                 // … and how far back
  std::optional<std::string> refusal;  // why it would be refused
  bool banned = false;                 // already: it would be renewed, if it is not the same
  size_t inside = 0;                   // active bans of addresses and networks within it
};

}  // namespace ipguard::decide
