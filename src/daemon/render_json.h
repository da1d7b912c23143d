// The daemon's answers as JSON: what `ipguardctl … --json` prints and what its tables are made from.
#pragma once

#include "control/protocol.h"
#include "decide/engine.h"
#include "model/decision.h"
#include "model/status.h"

namespace ipguard::daemon {

using control::Json;

// {"scope","target","prefixes","asn","as_name","country_code","rule","reason","issuer","since","until", …}; null for
// what is not known, `until` null = permanent. `with_evidence` adds the lines.
[[nodiscard]] Json to_json(const model::Decision& decision, bool with_evidence);
// The same of an active decision: prefixes and what they cover are what is in force, and `cut_out` tells of the rest.
[[nodiscard]] Json to_json(const decide::Engine& engine, const model::Decision& decision, bool with_evidence);
// As a decision that has not begun, with {"banned","refusal","inside","good_clients_known","remember_seconds"}.
[[nodiscard]] Json to_json(const decide::Preview& preview);
[[nodiscard]] Json to_json(const model::Route& route);
[[nodiscard]] Json to_json(const model::SourceStatus& source);
[[nodiscard]] Json to_json(const decide::DecisionChange& ended);
[[nodiscard]] Json to_json(const decide::Engine& engine, const decide::Explanation& explanation);

}  // namespace ipguard::daemon
