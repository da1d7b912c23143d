// ReportRun: from the logs to the report's document.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "cli/report_filter.h"
#include "cli/report_inputs.h"
#include "config/config.h"
#include "enrich/route_table.h"
#include "match/rule_set.h"
#include "report/document.h"

namespace ipguard::cli {

// A configuration, and which rules take part under it.
struct ReportPolicy {
  config::Config config;
  std::vector<bool> rules;  // by place in the rule set
};

// Everything that is known before the first line is read.
struct ReportPlan {
  std::shared_ptr<const match::RuleSet> rules;  // of both policies
  ReportPolicy policy;
  std::optional<ReportPolicy> before;  // without the settings that are tried out
  std::vector<std::string> settings;
  std::shared_ptr<const enrich::RouteTable> routes;
  std::shared_ptr<const match::SourceReadings> readings;  // the inputs' options point there
  std::vector<ReportInput> inputs;
  ReportFilter filter;
  std::vector<std::pair<std::string, std::string>> filter_words;
  report::Dimension by = report::Dimension::address;
  size_t groups = 20;        // at most so many rows …
  size_t top_rows = 20;      // … and of each other list …
  size_t network_rows = 20;  // … of addresses and routes
  size_t decisions = 20;
  size_t memory = 0;  // bytes for the counts
  // Visitors of inputs that are larger together are sampled: some 300,000 lines of an access log.
  uint64_t visits_wholly = 64U << 20U;
  unsigned threads = 1;
  size_t chunk_bytes = 1U << 18U;
  TimePoint generated;
  bool show_progress = true;
};

// Reads everything. What is wrong with inputs stands in the document.
[[nodiscard]] report::Document run_report(ReportPlan plan);

}  // namespace ipguard::cli
