// The daemon's metrics as text: what /metrics answers.
#pragma once

#include <string>
#include <vector>

#include "base/time.h"
#include "daemon/guard.h"
#include "http/exposition.h"
#include "http/server.h"
#include "model/status.h"
#include "notify/notifier.h"
#include "whois/server.h"

namespace ipguard::daemon {

// Where the numbers come from. Labels are bounded by the configuration: rules, sources, databases, [[notify]] tables.
struct MetricsInput {
  const Guard& guard;
  std::vector<model::SourceStatus> sources;
  std::vector<notify::SinkStatus> sinks;
  const http::Server* http = nullptr;    // null: not served
  const whois::Server* whois = nullptr;  // null: not served
  TimePoint started;
};

// Asks the kernel for its counters of dropped packets, once.
[[nodiscard]] std::string metrics_text(const MetricsInput& input, http::Exposition format);

}  // namespace ipguard::daemon
