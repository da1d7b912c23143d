#include "config/rule_reader.h"

#include <algorithm>
#include <array>
#include <utility>

#include "base/ascii.h"
#include "base/text.h"
#include "net/address.h"

namespace ipguard::config {
namespace {

constexpr std::array<std::string_view, 5> log_names = {"access", "error", "syslog", "app", "fields"};
constexpr std::array<std::string_view, 1> session_names = {"pid"};
constexpr size_t max_id = 100;
constexpr Range ladder_range{.min = 0, .max = 1'000'000, .remark = "0 = never"};

// [a-z0-9-]+(/[a-z0-9-]+)+
bool is_rule_id(std::string_view id) {
  const auto parts = split(id, '/');
  return id.size() <= max_id && parts.size() >= 2 && std::ranges::all_of(parts, [](std::string_view part) {
           return !part.empty() &&
                  std::ranges::all_of(part, [](char c) { return is_lower(c) || is_digit(c) || c == '-'; });
         });
}

// "mitre:T1110.001", "cve:CVE-2021-41773", "wordpress"
void read_tags(TableReader& table, model::Rule& rule) {
  if (table.find("tags") == nullptr) {
    return;
  }
  rule.tags.clear();
  for (const auto& tag : table.texts("tags", true)) {
    if (tag.text.find_first_of(" \t,\"") != std::string::npos || tag.text.size() > max_id) {
      table.context().error(tag.place, "tags: " + in_quotes(tag.text) + " is no tag",
                            "write one word, such as \"mitre:T1110\" or \"cve:CVE-2021-41773\"");
      continue;
    }
    rule.tags.push_back(tag.text);
  }
}

// What the threshold counts: a field, the user tried, a capture, or (of a record) any value by its name.
void read_distinct(TableReader& table, model::Rule& rule) {
  using Of = model::DistinctValue::Of;
  const auto name = table.text("distinct");
  if (!name) {
    return;
  }
  const auto field = model::field_from(*name);
  if (*name == "value") {
    rule.distinct = {.of = Of::capture, .field = {}, .key = {}};
  } else if (*name == "user") {
    rule.distinct = {.of = Of::user, .field = {}, .key = {}};
  } else if (field && *field != model::Field::record) {
    rule.distinct = {.of = Of::field, .field = *field, .key = {}};
  } else {
    rule.distinct = {.of = Of::record, .field = {}, .key = *name};
  }
}

void check_distinct(const RuleDraft& draft, const Place& place, ReadContext& context) {
  const auto& distinct = draft.rule.distinct;
  if (distinct && distinct->of == model::DistinctValue::Of::record && draft.rule.log != model::LogKind::fields) {
    context.error(place, "distinct: there is no field " + in_quotes(distinct->key, 40),
                  "write \"path\", \"user\" or another field, or \"value\" for what the capture (?P<value>…) holds");
  }
}

// The keys that [defaults] and [[rule]] share.
void read_shared(TableReader& table, std::string_view ladder_name, RuleDraft& draft) {
  auto& rule = draft.rule;
  keep(rule.title, table.text("title"));
  keep(rule.attack_class, table.label("class"));
  keep(rule.service, table.label("service"));
  draft.has_service |= table.find("service") != nullptr;
  if (table.find("log") != nullptr) {
    const auto log = table.choice("log", log_names);
    keep(rule.log, log ? model::log_kind_from(log_names[*log]) : std::nullopt);
    draft.has_log = true;
    draft.log_is_valid = log.has_value();
  }
  keep(rule.kind, table.choice("kind", model::rule_kind_names));
  draft.has_kind |= table.find("kind") != nullptr;
  keep(rule.enabled, table.flag("enabled"));
  read_tags(table, rule);
  keep(rule.threshold, table.integer("threshold", {.min = 1, .max = 10000, .remark = "it counts hits of one address"}));
  keep(rule.weight, table.integer("weight", {.min = 1, .max = 1000, .remark = "it is what a hit counts"}));
  keep(rule.counter, table.label("counter"));
  read_distinct(table, rule);
  if (table.find("session") != nullptr) {
    rule.session_by_pid = table.choice("session", session_names).has_value();
  }
  keep(rule.window,
       table.duration("window", {.max = Seconds{52LL * 7 * 24 * 3600}, .remark = "it is a span of log time"}));
  keep(rule.ban, table.ban_time("ban"));
  keep(rule.scope, table.choice("scope", model::scope_names));
  read_conditions(table, draft);

  TableReader ladder(table.table("ladder"), ladder_name, table.context());
  keep(rule.route_addresses, ladder.integer("addresses", ladder_range));
  keep(rule.asn_routes, ladder.integer("routes", ladder_range));
  keep(rule.country_asns, ladder.integer("asns", ladder_range));
  ladder.finish();
}

// The line of a sample or near miss; nullopt (reported) if it is none.
std::optional<model::RuleSample> read_line(TableReader& table) {
  auto& context = table.context();
  const auto* value = table.find("line");
  if (value == nullptr) {
    context.error(table.value().place, "a sample needs its line", "add line = '''…''' as the log has it");
    return std::nullopt;
  }
  auto line = table.any_text("line");
  if (!line) {
    return std::nullopt;
  }
  if (line->empty() || line->find('\n') != std::string::npos) {
    table.error(*value, "line", line->empty() ? "the text is empty" : "a sample is one line without its line feed",
                line->empty() ? "" : "close the quotes on the line on which they open");
    return std::nullopt;
  }
  std::vector<std::string> before;
  for (const auto& text : table.texts("before")) {
    before.push_back(text.text);
  }
  return model::RuleSample{.line = *std::move(line),
                           .before = std::move(before),
                           .address = std::nullopt,
                           .user = std::nullopt,
                           .location = context.location(value->place)};
}

void read_samples(TableReader& table, model::Rule& rule) {
  auto& context = table.context();
  for (const auto* value : table.tables("sample")) {
    TableReader reader(*value, "[[rule.sample]]", context);
    auto sample = read_line(reader);
    const auto address = reader.text("address");
    auto user = reader.any_text("user");
    const auto* written = reader.find("address");
    if (written == nullptr) {
      context.error(value->place, "a sample needs the address that must come out", "add address = \"192.0.2.7\"");
    }
    const auto parsed = address ? net::Address::parse(*address) : std::nullopt;
    if (address && !parsed) {
      reader.error(*written, "address", in_quotes(*address) + " is no address",
                   "write for example \"192.0.2.7\" or \"2001:db8::7\"");
    }
    if (sample && parsed) {
      sample->address = parsed;
      sample->user = std::move(user);
      rule.samples.push_back(*std::move(sample));
    }
    reader.finish();
  }
  for (const auto* value : table.tables("near_miss")) {
    TableReader reader(*value, "[[rule.near_miss]]", context);
    if (auto sample = read_line(reader)) {
      rule.near_misses.push_back(*std::move(sample));
    }
    reader.finish();
  }
}

void read_id(TableReader& table, RuleIds& ids, model::Rule& rule) {
  auto& context = table.context();
  const auto* value = table.find("id");
  rule.location = context.location(table.place_of("id"));
  if (value == nullptr) {
    context.error(table.value().place, "a rule needs an id", "add id = \"service/what-it-finds\"");
    return;
  }
  const auto id = table.text("id");
  if (!id) {
    return;
  }
  if (!is_rule_id(*id)) {
    table.error(*value, "id", in_quotes(*id) + " is no rule id",
                "write at least two parts of a-z, 0-9 and '-' with a slash between, such as \"sshd/failed-password\"");
    return;
  }
  const auto [first, fresh] = ids.try_emplace(*id, rule.location);
  if (!fresh) {
    table.error(*value, "id", "another rule is called '" + *id + "' already",
                "the first is at " + location_text(first->second));
    return;
  }
  rule.id = *id;
}

// What only the rule as a whole, with its defaults, can answer.
void check_rule(RuleDraft& draft, const Place& place, ReadContext& context) {
  if (!draft.has_service) {
    context.error(place, "the rule names no service", "add service = \"http\", to the rule or to [defaults]");
  }
  if (!draft.has_log) {
    context.error(place, "the rule does not say which log it reads",
                  "add log = \"access\", \"error\", \"syslog\", \"app\" or \"fields\", to the rule or to [defaults]");
  }
  if (draft.log_is_valid) {
    check_conditions(draft, place, context);
    check_distinct(draft, place, context);
  }
  if (!draft.has_kind) {
    draft.rule.kind = draft.rule.all_of.empty() ? model::RuleKind::rate : model::RuleKind::attack;
  }
}

}  // namespace

void read_rules(const Value& root, RuleIds& ids, std::vector<model::Rule>& rules, ReadContext& context) {
  TableReader table(root, "", context);
  RuleDraft defaults;
  TableReader defaults_table(table.table("defaults"), "[defaults]", context);
  read_shared(defaults_table, "[defaults.ladder]", defaults);
  defaults_table.finish();
  const bool defaults_are_sound = context.error_count() == 0;

  for (const auto* value : table.tables("rule")) {
    const size_t errors = context.error_count();
    TableReader reader(*value, "[[rule]]", context);
    RuleDraft draft = defaults;
    read_id(reader, ids, draft.rule);
    read_shared(reader, "[rule.ladder]", draft);
    read_samples(reader, draft.rule);
    check_rule(draft, {.line = draft.rule.location.line, .column = draft.rule.location.column}, context);
    reader.finish();
    if (defaults_are_sound && context.error_count() == errors) {
      rules.push_back(std::move(draft.rule));
    }
  }
  table.finish();
  context.report_unknown();
}

}  // namespace ipguard::config
