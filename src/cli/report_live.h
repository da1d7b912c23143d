// What a running daemon has counted, asked over its control socket, as a report's document.
#pragma once

#include <cstddef>
#include <string>

#include "base/result.h"
#include "control/protocol.h"
#include "report/document.h"

namespace ipguard::cli {

struct LiveQuery {
  std::string socket;
  report::Dimension by = report::Dimension::address;
  size_t groups = 20;  // the daemon gives at most 10,000
  size_t top = 0;      // rows of every dimension, at most 2,000
  size_t decisions = 20;
};

[[nodiscard]] Result<report::Document> ask_live(const LiveQuery& query);

// The reply of the daemon's command `report` put together: an array of objects with the members of a document. Members
// that are missing are as in an empty document. Errc::corrupt if it is something else.
[[nodiscard]] Result<report::Document> read_live_reply(const control::Json& reply);

}  // namespace ipguard::cli
