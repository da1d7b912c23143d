#include "report/document_json.h"

#include <string_view>

#include "base/json_writer.h"
#include "base/version.h"
#include "config/config.h"

namespace ipguard::report {
namespace {

void put_time(JsonWriter& json, std::string_view name, const std::optional<TimePoint>& time) {
  if (time) {
    json.text(name, format_rfc3339(*time));
  } else {
    json.null(name);
  }
}

void put_if_any(JsonWriter& json, std::string_view name, std::string_view value) {
  if (!value.empty()) {
    json.text(name, value);
  }
}

void put_if_known(JsonWriter& json, std::string_view name, bool known, uint64_t number) {
  if (known) {
    json.number(name, number);
  } else {
    json.null(name);
  }
}

void put_inputs(JsonWriter& json, const Document& document) {
  json.open('[', "inputs");
  for (const auto& input : document.inputs) {
    json.open('{');
    json.text("path", input.path);
    json.number("bytes", input.bytes);
    json.number("lines", input.lines);
    json.text_or_null("format", input.format);
    put_time(json, "first", input.first);
    put_time(json, "last", input.last);
    const bool known = input.problems_known;
    put_if_known(json, "unread_lines", known, input.unread_lines);
    put_if_known(json, "first_unread_line", input.first_unread_line > 0, input.first_unread_line);
    json.number("overlong_lines", input.overlong_lines);
    put_if_known(json, "out_of_order", known, input.out_of_order);
    put_if_known(json, "furthest_back_seconds", known, static_cast<uint64_t>(input.furthest_back.count()));
    put_if_known(json, "ahead", known, input.ahead);
    json.text_or_null("error", input.error);
    json.close('}');
  }
  json.close(']');
}

void put_by_scope(JsonWriter& json, std::string_view name, const std::array<uint64_t, model::scope_count>& numbers) {
  json.open('{', name);
  for (const auto scope : model::all_scopes) {
    json.number(model::to_string(scope), numbers.at(static_cast<size_t>(scope)));
  }
  json.close('}');
}

void put_running(JsonWriter& json, const Running& running) {
  json.open('{', "running");
  json.text("mode", config::to_string(config::mode_of(running.dry_run)));
  put_time(json, "started", running.started);
  put_time(json, "begin", running.begin);
  json.number("period_seconds", static_cast<uint64_t>(running.period.count()));
  json.number("too_old", running.too_old);
  json.number("decisions_over", running.over);
  json.number("decisions_given_up", running.given_up);
  json.number("lines", running.lines);
  json.number("hits", running.hits);
  put_by_scope(json, "bans", running.bans);
  if (running.dropped) {
    put_by_scope(json, "dropped_packets", *running.dropped);
  }
  json.close('}');
}

void put_basis(JsonWriter& json, const Document& document) {
  json.open('{', "database");
  json.open('[', "paths");
  for (const auto& path : document.databases) {
    json.text({}, path);
  }
  json.close(']');
  put_time(json, "built", document.database_built);
  json.text_or_null("description", document.database_description);
  json.close('}');
  json.number("rules", document.rules);
  json.open('{', "filters");
  for (const auto& [name, value] : document.filters) {
    json.text(name, value);
  }
  json.close('}');
  json.open('[', "settings");
  for (const auto& setting : document.settings) {
    json.text({}, setting);
  }
  json.close(']');
}

void put_totals(JsonWriter& json, const Document& document) {
  json.number("lines", document.lines);
  json.number("bytes", document.bytes);
  json.number("lines_hit", document.lines_hit);
  json.fraction("visits_looked_at", document.visits_looked_at);
  json.number("hits", document.hits);
  json.number("attacks", document.attacks);
  json.number("addresses", document.addresses);
  if (document.addresses_error > 0) {
    json.fraction("addresses_error", document.addresses_error);
  }
  put_time(json, "first", document.first);
  put_time(json, "last", document.last);
  json.flag("exact", document.exact());
  json.open('{', "memory");
  json.number("budget_bytes", document.memory_budget);
  json.number("used_bytes", document.memory_used);
  json.open('[', "approximate");
  for (const Dimension dimension : document.approximate) {
    json.text({}, to_string(dimension));
  }
  json.close(']');
  json.close('}');
}

void put_groups(JsonWriter& json, std::string_view name, std::span<const GroupRow> groups) {
  json.open('[', name);
  for (const auto& group : groups) {
    json.open('{');
    json.text("key", group.key);
    put_if_any(json, "label", group.label);
    json.number("hits", group.hits);
    if (group.error > 0) {
      json.number("error", group.error);
    }
    json.number("attacks", group.attacks);
    json.number("addresses", group.addresses);
    json.number("routes", group.routes);
    json.number("asns", group.asns);
    if (group.distinct_error > 0) {
      json.fraction("distinct_error", group.distinct_error);
      json.fraction("addresses_error", group.addresses_error);
      json.fraction("routes_error", group.routes_error);
      json.fraction("asns_error", group.asns_error);
    }
    json.fraction("share", group.share);
    put_time(json, "first", group.first);
    put_time(json, "last", group.last);
    put_if_any(json, "route", group.route);
    put_if_any(json, "asn", group.asn);
    put_if_any(json, "as_name", group.as_name);
    put_if_any(json, "country", group.country);
    put_if_any(json, "country_code", group.country_code);
    json.close('}');
  }
  json.close(']');
}

void put_timeline(JsonWriter& json, const Timeline& timeline) {
  json.open('{', "timeline");
  json.number("step_seconds", static_cast<uint64_t>(timeline.step.count()));
  put_time(json, "begin", timeline.counts.empty() ? std::nullopt : std::optional(timeline.begin));
  json.open('[', "classes");
  for (const auto& attack_class : timeline.classes) {
    json.text({}, attack_class);
  }
  json.close(']');
  json.open('[', "counts");
  for (const auto& step : timeline.counts) {
    json.open('[');
    for (const uint64_t count : step) {
      json.number({}, count);
    }
    json.close(']');
  }
  json.close(']');
  json.close('}');
}

void put_decision(JsonWriter& json, const DecisionRow& decision) {
  json.open('{');
  json.text("target", decision.target.to_string());
  json.text("scope", model::to_string(decision.target.scope));
  json.printed("route", decision.route);
  json.text_or_null("asn", decision.asn);
  json.text_or_null("as_name", decision.as_name);
  json.text_or_null("country", decision.country);
  json.text_or_null("country_code", decision.country_code);
  json.text_or_null("rule", decision.rule);
  json.text("reason", decision.reason);
  json.text("issuer", decision.issuer);
  put_time(json, "at", decision.since);
  put_time(json, "since", decision.since);
  put_time(json, "until", decision.until);
  json.number("stopped", decision.stopped);
  json.number("good_clients", decision.good_clients);
  json.number("turned_away", decision.turned_away);
  if (!decision.turned_away_clients.empty()) {
    json.open('[', "turned_away_clients");
    for (const auto& client : decision.turned_away_clients) {
      json.text({}, client.to_string());
    }
    json.close(']');
  }
  json.number("addresses_covered", decision.addresses_covered);
  json.number("ipv6_64s_covered", decision.ipv6_64s_covered);
  if (decision.dropped) {
    json.number("dropped_packets", *decision.dropped);
  }
  json.open('[', "prefixes");
  for (const auto& prefix : decision.prefixes) {
    json.printed({}, prefix);
  }
  json.close(']');
  json.close('}');
}

void put_decisions(JsonWriter& json, std::span<const DecisionRow> decisions) {
  json.open('[', "decisions");
  for (const auto& decision : decisions) {
    put_decision(json, decision);
  }
  json.close(']');
}

void put_balance_rows(JsonWriter& json, std::string_view name, std::string_view key,
                      const std::vector<BalanceRow>& rows) {
  json.open('[', name);
  for (const auto& row : rows) {
    json.open('{');
    json.text(key, row.name);
    if (key == "rule") {
      json.number("hits", row.hits);
    }
    json.number("decisions", row.decisions);
    json.number("addresses_covered", row.addresses_covered);
    json.number("ipv6_64s_covered", row.ipv6_64s_covered);
    json.number("stopped", row.stopped);
    json.number("good_clients", row.good_clients);
    json.number("turned_away", row.turned_away);
    json.close('}');
  }
  json.close(']');
}

void put_total(JsonWriter& json, std::string_view name, const BalanceTotal& total) {
  json.open('{', name);
  json.number("decisions", total.decisions);
  json.number("stopped", total.stopped);
  json.number("good_clients", total.good_clients);
  json.number("turned_away", total.turned_away);
  json.close('}');
}

void put_balance(JsonWriter& json, const BalanceResult& balance) {
  json.open('{', "balance");
  put_total(json, "total", balance.total);
  put_balance_rows(json, "rules", "rule", balance.rules);
  put_balance_rows(json, "scopes", "scope", balance.scopes);
  json.close('}');
}

void put_what_if(JsonWriter& json, const Document& document) {
  if (!document.what_if) {
    json.null("what_if");
    return;
  }
  json.open('{', "what_if");
  json.open('[', "settings");
  for (const auto& setting : document.what_if->settings) {
    json.text({}, setting);
  }
  json.close(']');
  put_total(json, "before", document.what_if->before);
  put_total(json, "after", document.what_if->after);
  json.close('}');
}

void put_evidence(JsonWriter& json, const Document& document) {
  json.open('[', "evidence");
  for (const auto& line : document.evidence) {
    json.open('{');
    put_time(json, "time", line.time);
    json.text("rule", line.rule);
    json.text("class", line.attack_class);
    json.text("address", line.address);
    json.text("source", line.source);
    json.text("line", line.line);
    json.close('}');
  }
  json.close(']');
}

void put_basics(JsonWriter& json, const Document& document) {
  json.number("version", 1);
  put_time(json, "generated", document.generated);
  json.text("ipguard", version());
  json.flag("live", document.live);
  if (document.running) {
    put_running(json, *document.running);
  }
  put_inputs(json, document);
  put_basis(json, document);
  put_totals(json, document);
  json.text("by", to_string(document.by));
  json.number("groups_total", document.groups_total);
}

void put_top(JsonWriter& json, const Document& document) {
  json.open('{', "top");
  for (const Dimension dimension : all_dimensions) {
    put_groups(json, to_string(dimension), document.top[static_cast<size_t>(dimension)]);
  }
  json.close('}');
}

// With the lists of groups and decisions or without.
std::string written(const Document& document, bool with_lists) {
  JsonWriter json;
  json.open('{');
  put_basics(json, document);
  if (with_lists) {
    put_groups(json, "groups", document.groups);
    put_top(json, document);
  }
  put_timeline(json, document.timeline);
  json.number("decisions_total", document.balance.total.decisions);
  if (!document.filters.empty()) {
    json.number("decisions_fitting", document.balance.fitting);
    json.number("decisions_fitting_stopped", document.balance.fitting_stopped);
  }
  if (with_lists) {
    put_decisions(json, document.balance.decisions);
  }
  put_balance(json, document.balance);
  put_what_if(json, document);
  put_evidence(json, document);
  json.close('}');
  if (with_lists) {
    json.end_line();
  }
  return json.take();
}

}  // namespace

std::string document_json(const Document& document) { return written(document, true); }

std::string head_json(const Document& document) { return written(document, false); }

std::string groups_json(std::span<const GroupRow> groups, std::optional<Dimension> top) {
  JsonWriter json;
  json.open('{');
  if (top) {
    json.open('{', "top");
  }
  put_groups(json, top ? to_string(*top) : "groups", groups);
  if (top) {
    json.close('}');
  }
  json.close('}');
  return json.take();
}

std::string decisions_json(std::span<const DecisionRow> decisions) {
  JsonWriter json;
  json.open('{');
  put_decisions(json, decisions);
  json.close('}');
  return json.take();
}

}  // namespace ipguard::report
