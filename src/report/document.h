// A report as plain values: what is shown as a table, as JSON, as CSV and as a page. The JSON's shape is told in
// ipguardctl(8).
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/time.h"
#include "model/decision.h"
#include "model/scope.h"
#include "net/prefix.h"

namespace ipguard::report {

// What hits are grouped by.
enum class Dimension : uint8_t { address, route, asn, country, attack_class, rule, path, user_agent, user, hour };
inline constexpr size_t dimension_count = 10;
inline constexpr std::array<Dimension, dimension_count> all_dimensions = {
    Dimension::address, Dimension::route, Dimension::asn,        Dimension::country, Dimension::attack_class,
    Dimension::rule,    Dimension::path,  Dimension::user_agent, Dimension::user,    Dimension::hour};

// "address", "class", "user-agent", …
[[nodiscard]] std::string_view to_string(Dimension dimension);
[[nodiscard]] std::optional<Dimension> dimension_from(std::string_view name);

// Texts are as logged or as the database has them: to be escaped when shown.
struct GroupRow {
  std::string key = {};
  std::string label = {};  // the AS's or country's name, the rule's title; empty = none
  uint64_t hits = 0;
  uint64_t error = 0;    // by so many may `hits` and `attacks` be too high; then what follows is of a part of them only
  uint64_t attacks = 0;  // hits of rules of kind attack
  uint64_t addresses = 0;
  uint64_t routes = 0;
  uint64_t asns = 0;
  double distinct_error = 0;  // the largest relative standard error of these three; 0 = exact
  double share = 0;           // of all hits, 0 to 1
  TimePoint first = {};
  TimePoint last = {};
  // Of addresses and routes.
  std::string route = {};
  std::string asn = {};
  std::string as_name = {};
  std::string country = {};
  std::string country_code = {};
  // Of each of the three.
  double addresses_error = 0;
  double routes_error = 0;
  double asns_error = 0;
};

// What would have been decided, and what came of it.
struct DecisionRow {
  model::Target target = {};
  net::Prefix route = {};
  std::string asn = {};
  std::string as_name = {};
  std::string country = {};
  std::string country_code = {};
  std::string rule = {};
  std::string reason = {};
  std::string issuer = {};
  TimePoint since = {};
  std::optional<TimePoint> until = {};
  uint64_t stopped = 0;       // later lines with hits from its prefixes while it would have been in force
  uint64_t good_clients = 0;  // known when it began, inside of it
  uint64_t turned_away = 0;   // clients that proved good while it would have been in force …
  std::vector<net::Address> turned_away_clients = {};  // … the first few of them
  std::vector<net::Prefix> prefixes = {};
  uint64_t addresses_covered = 0;
  uint64_t ipv6_64s_covered = 0;
  std::optional<uint64_t> dropped = {};  // packets, where the kernel counts them for each ban
};

struct BalanceRow {
  std::string name = {};  // rule id or scope
  uint64_t hits = 0;
  uint64_t decisions = 0;
  uint64_t addresses_covered = 0;  // of IPv4, decisions added up
  uint64_t ipv6_64s_covered = 0;   // the same of IPv6, in /64s
  uint64_t stopped = 0;            // lines with hits, each once for all decisions of the row
  uint64_t good_clients = 0;       // different clients, of very many an estimate; likewise
  uint64_t turned_away = 0;
};

struct BalanceTotal {
  uint64_t decisions = 0;
  uint64_t stopped = 0;       // lines with hits that any decision would have stopped, each counted once
  uint64_t good_clients = 0;  // different clients, whichever decisions met them
  uint64_t turned_away = 0;   // likewise
};

// `decisions`: at most so many as asked for, in order of their beginning; `total` counts all.
struct BalanceResult {
  BalanceTotal total;
  std::vector<DecisionRow> decisions;
  uint64_t fitting = 0;          // decisions that were asked for
  uint64_t fitting_stopped = 0;  // lines with hits that any of these would have stopped, each counted once; 0 if live
  std::vector<BalanceRow> rules;
  std::vector<BalanceRow> scopes;
};

struct Timeline {
  Seconds step{0};
  TimePoint begin;
  std::vector<std::string> classes;
  std::vector<std::vector<uint64_t>> counts;  // by step, then by class
};

struct EvidenceRow {
  TimePoint time = {};
  std::string rule = {};
  std::string attack_class = {};
  std::string address = {};
  std::string source = {};
  std::string line = {};
};

struct InputRow {
  std::string path = {};
  uint64_t bytes = 0;  // unpacked
  uint64_t lines = 0;
  std::string format = {};  // empty = none was recognised
  std::optional<TimePoint> first = {};
  std::optional<TimePoint> last = {};
  uint64_t unread_lines = 0;
  uint64_t first_unread_line = 0;  // from 1; 0 = none
  // Whether unread lines, and those out of order or ahead, were counted for this input; else they are 0 and nobody
  // knows.
  bool problems_known = true;
  uint64_t overlong_lines = 0;  // longer than the limit: only their beginnings were judged
  // Of the lines that were looked at: those that were written some minutes or more before one above them, and by how
  // much at most.
  uint64_t out_of_order = 0;
  Seconds furthest_back{0};
  // Of the same, those stamped further ahead of the report's time than clocks differ (model::most_clock_ahead): taken
  // as written when the line before them was.
  uint64_t ahead = 0;
  std::string error = {};
};

struct WhatIf {
  std::vector<std::string> settings;
  BalanceTotal before;
  BalanceTotal after;
};

// What a report about a running daemon says besides.
struct Running {
  bool dry_run = false;
  TimePoint started = {};
  // What is counted: from here on, or from the start on, if that is later.
  TimePoint begin = {};
  Seconds period{0};      // as configured
  uint64_t too_old = 0;   // hits of lines that were older when they were read: not counted
  uint64_t over = 0;      // decisions that were over before that when they were made: not counted
  uint64_t given_up = 0;  // decisions in force that there was no room for: what they stop is not counted
  uint64_t lines = 0;     // since the start
  uint64_t hits = 0;      // since the start
  std::array<uint64_t, model::scope_count> bans = {};                    // in force now
  std::optional<std::array<uint64_t, model::scope_count>> dropped = {};  // packets, where the kernel counts them
};

struct Document {
  TimePoint generated;
  bool live = false;
  std::optional<Running> running;
  std::vector<InputRow> inputs;
  std::vector<std::string> databases;
  std::string database_description;  // of the first one: names its sources
  std::optional<TimePoint> database_built;
  uint64_t rules = 0;
  std::vector<std::pair<std::string, std::string>> filters;
  std::vector<std::string> settings;
  uint64_t lines = 0;
  uint64_t bytes = 0;
  uint64_t lines_hit = 0;  // that have a hit of those that are counted: of rules in force, and that fit the filters
  double visits_looked_at = 1;  // share of the visitors without a user name, for good clients: 0 to 1
  uint64_t hits = 0;
  uint64_t attacks = 0;  // of them of rules of kind attack
  uint64_t addresses = 0;
  double addresses_error = 0;  // relative standard error; 0 = exact
  std::optional<TimePoint> first;
  std::optional<TimePoint> last;
  uint64_t memory_budget = 0;
  uint64_t memory_used = 0;
  std::vector<Dimension> approximate;
  Dimension by = Dimension::address;
  uint64_t groups_total = 0;
  std::vector<GroupRow> groups;
  std::array<std::vector<GroupRow>, dimension_count> top;
  Timeline timeline;
  BalanceResult balance;
  std::optional<WhatIf> what_if;
  std::vector<EvidenceRow> evidence;

  // Whether no figure that is shown is an estimate.
  [[nodiscard]] bool exact() const;
  // The next of the databases, in order.
  void add_database(const std::string& path, uint64_t build_epoch, const std::string& description);
};

}  // namespace ipguard::report
