#include "cli/report_live.h"

#include <algorithm>
#include <string_view>
#include <utility>

#include "base/text.h"
#include "config/config.h"
#include "control/client.h"

namespace ipguard::cli {
namespace {

using control::Json;
using report::Document;

std::string text_of(const Json& object, const char* key) {
  const auto value = object.find(key);
  return value == object.end() || !value->is_string() ? std::string() : value->get<std::string>();
}

std::optional<TimePoint> time_of(const Json& object, const char* key) { return parse_rfc3339(text_of(object, key)); }

// 0 where it is missing; throws for what is no whole number (to make one of any other is undefined).
uint64_t number_in(const Json& json) { return json.get_ref<const Json::number_unsigned_t&>(); }

uint64_t number_of(const Json& object, std::string_view key) {
  const auto value = object.find(key);
  return value == object.end() ? 0 : number_in(*value);
}

Seconds seconds_of(const Json& object, const char* key) {
  constexpr uint64_t most = 1ULL << 40U;
  return Seconds(static_cast<int64_t>(std::min(number_of(object, key), most)));
}

// Nothing where it is missing.
const Json& list_of(const Json& object, const char* key) {
  static const Json nothing = Json::array();
  const auto value = object.find(key);
  return value == object.end() ? nothing : *value;
}

report::GroupRow group_of(const Json& json) {
  return {.key = text_of(json, "key"),
          .label = text_of(json, "label"),
          .hits = number_of(json, "hits"),
          .error = number_of(json, "error"),
          .attacks = number_of(json, "attacks"),
          .addresses = number_of(json, "addresses"),
          .routes = number_of(json, "routes"),
          .asns = number_of(json, "asns"),
          .distinct_error = json.value("distinct_error", 0.0),
          .share = json.value("share", 0.0),
          .first = time_of(json, "first").value_or(TimePoint{}),
          .last = time_of(json, "last").value_or(TimePoint{}),
          .route = text_of(json, "route"),
          .asn = text_of(json, "asn"),
          .as_name = text_of(json, "as_name"),
          .country = text_of(json, "country"),
          .country_code = text_of(json, "country_code"),
          .addresses_error = json.value("addresses_error", 0.0),
          .routes_error = json.value("routes_error", 0.0),
          .asns_error = json.value("asns_error", 0.0)};
}

void read_groups(const Json& list, std::vector<report::GroupRow>& groups) {
  for (const auto& json : list) {
    groups.push_back(group_of(json));
  }
}

report::DecisionRow decision_of(const Json& json) {
  report::DecisionRow row{.target = model::Target::parse(text_of(json, "target")).value_or(model::Target{}),
                          .route = net::Prefix::parse(text_of(json, "route")).value_or(net::Prefix{}),
                          .asn = text_of(json, "asn"),
                          .as_name = text_of(json, "as_name"),
                          .country = text_of(json, "country"),
                          .country_code = text_of(json, "country_code"),
                          .rule = text_of(json, "rule"),
                          .reason = text_of(json, "reason"),
                          .issuer = text_of(json, "issuer"),
                          .since = time_of(json, "since").value_or(TimePoint{}),
                          .until = time_of(json, "until"),
                          .stopped = number_of(json, "stopped"),
                          .good_clients = number_of(json, "good_clients"),
                          .turned_away = number_of(json, "turned_away"),
                          .addresses_covered = number_of(json, "addresses_covered"),
                          .ipv6_64s_covered = number_of(json, "ipv6_64s_covered")};
  if (json.contains("dropped_packets")) {
    row.dropped = number_of(json, "dropped_packets");
  }
  for (const auto& client : list_of(json, "turned_away_clients")) {
    if (const auto parsed = net::Address::parse(client.get<std::string>())) {
      row.turned_away_clients.push_back(*parsed);
    }
  }
  if (const auto scope = model::scope_from(text_of(json, "scope"))) {
    row.target.scope = *scope;
  }
  for (const auto& prefix : list_of(json, "prefixes")) {
    if (const auto parsed = net::Prefix::parse(prefix.get<std::string>())) {
      row.prefixes.push_back(*parsed);
    }
  }
  return row;
}

report::BalanceRow balance_row(const Json& json, const char* name) {
  return {.name = text_of(json, name),
          .hits = number_of(json, "hits"),
          .decisions = number_of(json, "decisions"),
          .addresses_covered = number_of(json, "addresses_covered"),
          .ipv6_64s_covered = number_of(json, "ipv6_64s_covered"),
          .stopped = number_of(json, "stopped"),
          .good_clients = number_of(json, "good_clients"),
          .turned_away = number_of(json, "turned_away")};
}

void read_balance(const Json& json, report::BalanceResult& balance) {
  const Json& total = list_of(json, "total");
  balance.total = {.decisions = number_of(total, "decisions"),
                   .stopped = number_of(total, "stopped"),
                   .good_clients = number_of(total, "good_clients"),
                   .turned_away = number_of(total, "turned_away")};
  for (const auto& row : list_of(json, "rules")) {
    balance.rules.push_back(balance_row(row, "rule"));
  }
  for (const auto& row : list_of(json, "scopes")) {
    balance.scopes.push_back(balance_row(row, "scope"));
  }
}

void read_timeline(const Json& json, report::Timeline& timeline) {
  timeline.step = seconds_of(json, "step_seconds");
  timeline.begin = time_of(json, "begin").value_or(TimePoint{});
  timeline.classes = list_of(json, "classes").get<std::vector<std::string>>();
  for (const auto& step : list_of(json, "counts")) {
    auto& counts = timeline.counts.emplace_back();
    for (const auto& count : step) {
      counts.push_back(number_in(count));
    }
  }
}

std::array<uint64_t, model::scope_count> by_scope(const Json& json) {
  std::array<uint64_t, model::scope_count> numbers{};
  for (const auto scope : model::all_scopes) {
    numbers.at(static_cast<size_t>(scope)) = number_of(json, model::to_string(scope));
  }
  return numbers;
}

report::Running running_of(const Json& json) {
  report::Running running{.dry_run = text_of(json, "mode") == config::to_string(config::Mode::dry_run),
                          .started = time_of(json, "started").value_or(TimePoint{}),
                          .begin = time_of(json, "begin").value_or(TimePoint{}),
                          .period = seconds_of(json, "period_seconds"),
                          .too_old = number_of(json, "too_old"),
                          .over = number_of(json, "decisions_over"),
                          .given_up = number_of(json, "decisions_given_up"),
                          .lines = number_of(json, "lines"),
                          .hits = number_of(json, "hits"),
                          .bans = by_scope(json.value("bans", Json::object()))};
  if (json.contains("dropped_packets")) {
    running.dropped = by_scope(json["dropped_packets"]);
  }
  return running;
}

void read_basis(const Json& json, Document& document) {
  for (const auto& input : list_of(json, "inputs")) {
    document.inputs.push_back({.path = text_of(input, "path"),
                               .bytes = number_of(input, "bytes"),
                               .lines = number_of(input, "lines"),
                               .problems_known = false,
                               .overlong_lines = number_of(input, "overlong_lines")});
  }
  const Json& database = json.at("database");
  document.databases = list_of(database, "paths").get<std::vector<std::string>>();
  document.database_built = time_of(database, "built");
  document.database_description = text_of(database, "description");
  document.rules = number_of(json, "rules");
  const Json& memory = json.at("memory");
  document.memory_budget = number_of(memory, "budget_bytes");
  document.memory_used = number_of(memory, "used_bytes");
  for (const auto& name : list_of(memory, "approximate")) {
    if (const auto dimension = report::dimension_from(name.get<std::string>())) {
      document.approximate.push_back(*dimension);
    }
  }
}

void read_head(const Json& json, Document& document) {
  document.generated = time_of(json, "generated").value_or(TimePoint{});
  document.live = json.value("live", false);
  document.running = running_of(json.at("running"));
  document.lines = number_of(json, "lines");
  document.bytes = number_of(json, "bytes");
  document.lines_hit = number_of(json, "lines_hit");
  document.hits = number_of(json, "hits");
  document.attacks = number_of(json, "attacks");
  document.addresses = number_of(json, "addresses");
  document.addresses_error = json.value("addresses_error", 0.0);
  document.first = time_of(json, "first");
  document.last = time_of(json, "last");
  document.by = report::dimension_from(text_of(json, "by")).value_or(document.by);
  document.groups_total = number_of(json, "groups_total");
  read_basis(json, document);
  read_timeline(json.at("timeline"), document.timeline);
  read_balance(json.at("balance"), document.balance);
  for (const auto& line : list_of(json, "evidence")) {
    document.evidence.push_back({.time = time_of(line, "time").value_or(TimePoint{}),
                                 .rule = text_of(line, "rule"),
                                 .attack_class = text_of(line, "class"),
                                 .address = text_of(line, "address"),
                                 .source = text_of(line, "source"),
                                 .line = text_of(line, "line")});
  }
}

void read_part(const Json& part, Document& document) {
  if (part.contains("version")) {
    read_head(part, document);
  }
  read_groups(list_of(part, "groups"), document.groups);
  const Json& top = list_of(part, "top");
  for (const auto& [name, groups] : top.items()) {
    if (const auto dimension = report::dimension_from(name)) {
      read_groups(groups, document.top[static_cast<size_t>(*dimension)]);
    }
  }
  for (const auto& decision : list_of(part, "decisions")) {
    document.balance.decisions.push_back(decision_of(decision));
  }
}

}  // namespace

Result<Document> read_live_reply(const Json& reply) {
  Document document;
  try {
    for (const auto& part : reply) {
      read_part(part, document);
    }
  } catch (const Json::exception& error) {
    return fail(Errc::corrupt, "ipguardd's answer is none that this ipguardctl understands: " +
                                   printable(error.what(), 200) + "; are both of the same version?");
  }
  if (!document.running) {
    return fail(Errc::corrupt,
                "ipguardd's answer is none that this ipguardctl understands; are both of the same "
                "version?");
  }
  return document;
}

Result<Document> ask_live(const LiveQuery& query) {
  constexpr int patience = 60;  // seconds; it is made beside everything else that the daemon does
  const auto reply = control::call(query.socket,
                                   {.command = "report",
                                    .arguments = {{"by", report::to_string(query.by)},
                                                  {"groups", query.groups},
                                                  {"top", query.top},
                                                  {"decisions", query.decisions}}},
                                   patience);
  if (!reply) {
    return std::unexpected(reply.error());
  }
  return read_live_reply(*reply);
}

}  // namespace ipguard::cli
