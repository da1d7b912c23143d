// Event: what happened, for those who asked to be told ([[notify]]).
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/time.h"
#include "config/outlets.h"
#include "model/scope.h"

namespace ipguard::notify {

// An event's JSON is no longer than this: what lists prefixes is cut by whoever writes it.
inline constexpr size_t most_json_bytes = 16U << 10;

struct Event {
  config::EventKind kind = config::EventKind::problem;
  TimePoint time;
  std::optional<model::Scope> scope = {};  // of a problem: none
  std::string rule = {};                   // of a decision: its rule and issuer, which filters look at
  std::string issuer = {};
  std::string message = {};                                      // one sentence, safe for a terminal
  std::string json = {};                                         // all of it: an object on one line, without its end
  std::vector<std::pair<std::string, std::string>> fields = {};  // for the journal: "IPGUARD_TARGET" and the like
};

// syslog(3): a problem is a warning, a refusal a notice, everything else informational.
[[nodiscard]] int priority_of(config::EventKind kind);

}  // namespace ipguard::notify
