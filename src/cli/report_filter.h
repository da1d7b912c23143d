// What a report is about: conditions on hits.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "model/country.h"
#include "model/event.h"
#include "model/hit.h"
#include "net/address.h"
#include "net/asn.h"
#include "net/prefix.h"
#include "report/document.h"

namespace ipguard::cli {

// FIELD=TEXT: the event's field holds the text; address=PREFIX: the hit's address lies in it.
struct FieldCondition {
  std::optional<model::Field> field = {};  // nullopt = address
  std::string text = {};
  net::Prefix prefix = {};
};

// Of several values of one kind any has to fit, of several kinds all; conditions on fields all.
struct ReportFilter {
  std::vector<net::Asn> asns;
  std::vector<model::Country> countries;
  std::vector<std::string> rules;  // ids; "web/" = all that begin so
  std::optional<TimePoint> since;
  std::optional<TimePoint> until;  // not included
  std::vector<FieldCondition> where;

  // Whether a hit of the line fits `where`.
  [[nodiscard]] bool fits_hit(const model::Event& event, const model::Hit& hit) const;
  // Whether conditions on addresses leave anything of these; conditions on fields say nothing about prefixes.
  [[nodiscard]] bool fits_prefixes(std::span<const net::Prefix> prefixes) const;
  [[nodiscard]] bool fits_rule(std::string_view id) const;
  [[nodiscard]] bool fits_time(TimePoint time) const { return (!since || time >= *since) && (!until || time < *until); }
  // Whether a decision is one of those that are asked for.
  [[nodiscard]] bool fits_decision(const report::DecisionRow& row) const;
  // Whether there is any condition.
  [[nodiscard]] bool any() const {
    return !asns.empty() || !countries.empty() || !rules.empty() || since || until || !where.empty();
  }
  [[nodiscard]] bool fits_owner(uint32_t asn, uint16_t country) const;
};

// As they were written on the command line.
struct FilterOptions {
  std::vector<std::string> asns = {};
  std::vector<std::string> countries = {};
  std::vector<std::string> rules = {};
  std::optional<std::string> since = {};
  std::optional<std::string> until = {};
  std::vector<std::string> where = {};

  // {"asn": "AS64500, AS64501"}, …, for the report's head.
  [[nodiscard]] std::vector<std::pair<std::string, std::string>> described() const;
};

// Errc::usage at the first value that is none. Times: RFC 3339, also without seconds, without a zone (UTC) or without a
// time ("2026-02-25", midnight in UTC); or a span before `now` ("24h").
[[nodiscard]] Result<ReportFilter> parse_filter(const FilterOptions& options, TimePoint now);

}  // namespace ipguard::cli
