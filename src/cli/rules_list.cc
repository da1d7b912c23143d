#include "cli/rules_list.h"

#include "base/text.h"
#include "cli/table.h"
#include "control/client.h"

namespace ipguard::cli {
namespace {

const Json* find(const RuleCounts& counts, const model::Rule& rule) {
  const auto found = counts.find(rule.id);
  return found == counts.end() ? nullptr : &found->second;
}

// The rules of the daemon's traps, which stand in its configuration.
std::vector<model::Rule> traps_in(const RuleCounts& counts) {
  std::vector<model::Rule> traps;
  for (auto entry = counts.lower_bound("trap/"); entry != counts.end() && entry->first.starts_with("trap/"); ++entry) {
    const Json& said = entry->second;
    if (!said.contains("window_seconds")) {
      continue;  // an older daemon's
    }
    auto& rule = traps.emplace_back();
    rule.id = entry->first;
    rule.title = said.value("title", "");
    rule.attack_class = "trap";
    rule.service = "trap";
    rule.threshold = said.value("threshold", 1U);
    rule.weight = said.value("weight", 1U);
    rule.window = Seconds{said.value("window_seconds", 0L)};
    rule.ban = Seconds{said.value("ban_seconds", 0L)};
  }
  return traps;
}

// A trap hears connections: it has no log and no samples.
bool is_trap(const model::Rule& rule) { return rule.service == "trap" && rule.id.starts_with("trap/"); }

Json distinct_json(const model::Rule& rule) {
  using Of = model::DistinctValue::Of;
  if (!rule.distinct) {
    return nullptr;
  }
  switch (rule.distinct->of) {
    case Of::field:
      return model::to_string(rule.distinct->field);
    case Of::user:
      return "user";
    case Of::capture:
      return "value";
    case Of::record:
      return rule.distinct->key;
  }
  return nullptr;
}

Json rule_json(const model::Rule& rule, const Json* counts) {
  const auto count = [&](const char* key) { return counts == nullptr ? Json(nullptr) : counts->value(key, Json()); };
  return {{"id", rule.id},
          {"title", rule.title},
          {"class", rule.attack_class},
          {"tags", rule.tags},
          {"service", rule.service},
          {"log", is_trap(rule) ? Json(nullptr) : Json(model::to_string(rule.log))},
          {"kind", is_trap(rule) ? "trap" : model::to_string(rule.kind)},
          {"enabled", rule.enabled},
          {"threshold", rule.threshold},
          {"distinct", distinct_json(rule)},
          {"weight", rule.weight},
          {"window_seconds", rule.window.count()},
          {"ban_seconds", rule.ban.count() == 0 ? Json(nullptr) : Json(rule.ban.count())},
          {"scope", model::to_string(rule.scope)},
          {"samples", rule.samples.size()},
          {"near_misses", rule.near_misses.size()},
          {"hits", count("hits")},
          {"offences", count("offences")},
          {"last_hit", count("last_hit")},
          {"file", is_trap(rule) ? Json(nullptr) : Json(rule.location.file)},
          {"line", is_trap(rule) ? Json(nullptr) : Json(rule.location.line)}};
}

// "5 in 10m", "8 path in 1m": different values of a field, "5 in 10m, ×2": each hit counts twice.
std::string threshold_text(const model::Rule& rule) {
  if (!model::is_evidence(rule.kind)) {
    return "-";
  }
  std::string text = group_digits(rule.threshold);
  if (rule.distinct) {
    constexpr size_t short_enough = 10;  // a record's key can be anything; --json has it
    const auto name = distinct_json(rule).get<std::string>();
    text += name.size() <= short_enough ? ' ' + printable(name) : " values";
  }
  text += " in " + format_duration(rule.window);
  return rule.weight == 1 ? text : text + ", x" + group_digits(rule.weight);
}

std::string about_text(const model::Rule& rule) {
  std::string text =
      printable(rule.title) + (rule.title.empty() ? "[" : " [") + printable(rule.attack_class, 40) +
      (is_trap(rule) ? "" : (rule.attack_class.empty() ? "" : ", ") + std::string(model::to_string(rule.log)) + " log");
  for (const auto& tag : rule.tags) {
    text += ", " + printable(tag, 80);
  }
  return text + ']';
}

std::string ban_text(const model::Rule& rule) {
  if (!model::is_evidence(rule.kind)) {
    return "-";
  }
  return rule.ban.count() == 0 ? "permanent" : format_duration(rule.ban);
}

std::vector<std::string> row_of(const model::Rule& rule, const Json* counts) {
  const auto number = [&](const char* key) {
    return counts == nullptr ? std::string("-") : group_digits(counts->value(key, uint64_t{0}));
  };
  return {rule.id + (rule.enabled ? "" : " (off)"),
          is_trap(rule) ? "trap" : std::string(model::to_string(rule.kind)),
          threshold_text(rule),
          ban_text(rule),
          !model::is_evidence(rule.kind) ? "-" : std::string(model::to_string(rule.scope)),
          is_trap(rule) ? "-" : std::to_string(rule.samples.size()) + '+' + std::to_string(rule.near_misses.size()),
          number("hits"),
          about_text(rule)};
}

}  // namespace

std::optional<RuleCounts> ask_counts(const std::string& socket) {
  constexpr int patience_seconds = 3;
  auto reply = control::call(socket, {.command = "rules", .arguments = Json::object()}, patience_seconds);
  if (!reply || !reply->is_array()) {
    return std::nullopt;
  }
  RuleCounts counts;
  for (auto& entry : *reply) {
    if (entry.is_object()) {
      auto id = entry.value("rule", "");
      counts.insert_or_assign(std::move(id), std::move(entry));
    }
  }
  return counts;
}

Json rule_list_json(const match::RuleSet& rules, const RuleCounts& counts) {
  Json list = Json::array();
  for (const auto& rule : rules.rules()) {
    list.push_back(rule_json(rule, find(counts, rule)));
  }
  for (const auto& trap : traps_in(counts)) {
    list.push_back(rule_json(trap, find(counts, trap)));
  }
  return list;
}

std::string rule_list_text(const match::RuleSet& rules, const RuleCounts& counts, std::optional<size_t> width) {
  // SAMPLES: lines that the rule hits + near misses.
  Table table({"RULE", "KIND", "COUNT", "BAN", "SCOPE", "SAMPLES", "HITS", "ABOUT"});
  for (const auto& rule : rules.rules()) {
    table.add(row_of(rule, find(counts, rule)));
  }
  for (const auto& trap : traps_in(counts)) {
    table.add(row_of(trap, find(counts, trap)));
  }
  return table.to_string(width);
}

}  // namespace ipguard::cli
