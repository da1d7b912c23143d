// Explanation: everything there is to say about an address.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/time.h"
#include "decide/decision_change.h"
#include "model/decision.h"
#include "model/route.h"
#include "net/address.h"

namespace ipguard::decide {

// One rule's count for an address, for explain.
struct Counting {
  std::string rule;
  uint32_t hits = 0;   // within the window
  uint32_t count = 0;  // what they count together
  uint32_t threshold = 0;
  Seconds window{0};
  std::vector<model::EvidenceLine> lines;
};

// Why an address is banned, or why not.
struct Explanation {
  net::Address address;
  model::Route route;
  std::vector<model::Decision> decisions;   // active ones that block the address, narrowest scope first
  std::vector<model::Decision> covered_by;  // active ones around it that it is cut out of
  std::vector<std::string> protections;     // allowlist and protected-set reasons; never blocked if there is any
  std::vector<Counting> counting;           // what counts against it now
  uint32_t route_offenders = 0;             // distinct offenders of its route within the ladder's window …
  uint32_t route_threshold = 0;             // … and how many ban the route (0 = never)
  uint32_t asn_routes = 0;                  // banned routes of its AS within the window …
  uint32_t asn_threshold = 0;
  uint32_t country_asns = 0;  // banned AS of its country within the window …
  uint32_t country_threshold = 0;
  std::optional<std::string> good;    // why it is left out of wide bans
  std::vector<DecisionChange> ended;  // earlier decisions on the address itself, newest first, bounded
  std::vector<std::string> refusals;  // decisions considered and refused (budget, protection), newest first
};

}  // namespace ipguard::decide
