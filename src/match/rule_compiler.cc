#include "match/rule_compiler.h"

#include <algorithm>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "match/pattern_lint.h"
#include "match/pattern_syntax.h"

namespace ipguard::match {
namespace {

using model::Field;
using model::LogKind;

constexpr int most_groups = 16;

// Where a pattern stands in its rule.
struct Place {
  const model::Rule* rule;
  Field field;
  bool excludes;  // in none_of
  const model::Location* location;
};

AddressSource address_source(const model::Rule& rule) {
  if (rule.log == LogKind::access || rule.log == LogKind::error) {
    return AddressSource::event;
  }
  return rule.address_keys.empty() ? AddressSource::capture : AddressSource::record;
}

bool address_by_capture(const model::Rule& rule) { return address_source(rule) == AddressSource::capture; }

// Messages and the values of records hold what a program wrote about its client.
bool may_capture(const Place& place) {
  return !place.excludes && (place.field == Field::message || place.field == Field::record);
}

// Moved to the place of RE2's complaint: `fragment` is what it quotes. The pattern begins behind an opening quote.
model::Location fragment_location(const model::Location& location, std::string_view pattern,
                                  std::string_view fragment) {
  model::Location result = location;
  const size_t position = pattern.find(fragment);
  if (location.column > 0 && !fragment.empty() && position != std::string_view::npos) {
    result.column += 1 + static_cast<uint32_t>(position);
  }
  return result;
}

std::string_view syntax_hint(const re2::RE2& regex) {
  switch (regex.error_code()) {
    case re2::RE2::ErrorBadPerlOp:
      return "look-around is not available: every pattern has to run in linear time; use a not_… key to exclude";
    case re2::RE2::ErrorBadEscape:
      return "back references are not available; in a TOML literal string ('…') a backslash is written once";
    case re2::RE2::ErrorBadNamedCapture:
      return "a group is named by (?P<name>…), each name once; write one pattern for each form of the line";
    case re2::RE2::ErrorMissingParen:
    case re2::RE2::ErrorUnexpectedParen:
      return "a parenthesis that is part of the text is written \\( or \\)";
    case re2::RE2::ErrorPatternTooLarge:
    case re2::RE2::ErrorRepeatSize:
      return "repeat counts are limited: use + or * instead, or split the pattern";
    default:
      return "patterns have RE2's syntax: https://github.com/google/re2/wiki/Syntax";
  }
}

// A pattern without any demand; `^$` and `^-?$` match the empty text and are useful ("no user agent").
bool matches_everything(const re2::RE2& regex) {
  const auto matches = [&regex](re2::StringPiece text) {
    return regex.Match(text, 0, text.size(), re2::RE2::UNANCHORED, nullptr, 0);
  };
  return matches("") && matches("\x01") && matches("\x01\x02\x03");
}

int group_number(const re2::RE2& regex, const std::string& name) {
  const auto found = regex.NamedCapturingGroups().find(name);
  return found == regex.NamedCapturingGroups().end() ? 0 : found->second;
}

void check_no_address(const Place& place, config::Diagnostics& diagnostics) {
  if (!address_by_capture(*place.rule)) {
    diagnostics.error(*place.location,
                      "the address of such a line comes from its own column or key, not from a capture",
                      "take the name off the group: (?:…) instead of (?P<address>…)");
  } else {
    diagnostics.error(*place.location, "an address captured here is never used",
                      "only `message` and `where` capture the address; take the name off the group");
  }
}

// The patterns that the rule forbids in the text at `place`.
std::vector<std::string> excluded_there(const Place& place) {
  std::vector<std::string> result;
  for (const model::FieldPatterns& condition : place.rule->none_of) {
    if (condition.field == place.field && place.field == Field::message) {
      result.insert(result.end(), condition.patterns.begin(), condition.patterns.end());
    }
  }
  return result;
}

// Law 1 for the capture `name`.
void check_forgeable(const Place& place, const std::optional<PatternNode>& tree, std::string_view name,
                     config::Diagnostics& diagnostics) {
  if (!tree) {
    diagnostics.error(*place.location,
                      "the pattern is too involved to prove that the " + std::string(name) + " cannot be forged",
                      "leave out \\pN classes and code points above U+00FF");
    return;
  }
  if (count_groups(*tree, name) > 1) {
    diagnostics.error(*place.location, "the pattern captures the " + std::string(name) + " more than once",
                      "write one pattern for each form of the line");
    return;
  }
  if (auto finding = check_capture(*tree, name, excluded_there(place))) {
    diagnostics.error(*place.location, std::move(finding->message), std::move(finding->hint));
  }
}

bool begins_with_anchor(std::string_view pattern) { return pattern.starts_with('^') || (pattern.starts_with("(?i)^")); }

void check_captures(const Place& place, std::string_view pattern, const std::optional<PatternNode>& tree,
                    const CompiledPattern& compiled, config::Diagnostics& diagnostics) {
  if (compiled.address_group > 0 && !(may_capture(place) && address_by_capture(*place.rule))) {
    check_no_address(place, diagnostics);
    return;
  }
  if (compiled.session_group > 0 && !may_capture(place)) {
    diagnostics.error(*place.location, "a session captured here is never used",
                      "only `message` and `where` capture the session; take the name off the group");
    return;
  }
  if (compiled.address_group > 0) {
    check_forgeable(place, tree, "address", diagnostics);
  }
  if (compiled.session_group > 0) {
    check_forgeable(place, tree, "session", diagnostics);
  }
  const bool message = place.field == Field::message && !place.excludes;
  if (message && place.rule->log == LogKind::app && !begins_with_anchor(pattern)) {
    diagnostics.error(*place.location, "the pattern may begin anywhere in a line that any program may have written",
                      "a rule with log = \"app\" begins its message patterns with ^");
  }
  const bool in_session = place.rule->session_by_pid || compiled.session_group > 0;
  if (message && address_by_capture(*place.rule) && compiled.address_group == 0 && !in_session) {
    diagnostics.error(*place.location, "the pattern captures no address",
                      "say where it stands: (?P<address>\\S+); or where another line of the session has it: session = "
                      "\"pid\" or (?P<session>…)");
  }
}

void number_groups(const Place& place, CompiledPattern& compiled, config::Diagnostics& diagnostics) {
  if (place.excludes) {
    compiled.address_group = group_number(compiled.regex.get(), "address");
    return;
  }
  for (const auto& [name, group] :
       {std::pair("address", &CompiledPattern::address_group), std::pair("user", &CompiledPattern::user_group),
        std::pair("session", &CompiledPattern::session_group), std::pair("value", &CompiledPattern::value_group)}) {
    compiled.*group = group_number(compiled.regex.get(), name);
    compiled.last_group = std::max(compiled.last_group, compiled.*group);
  }
  if (compiled.last_group > most_groups) {
    diagnostics.error(*place.location, "a named group is not among the first 16 groups",
                      "write groups that are not read as (?:…)");
  }
}

CompiledPattern compile_pattern(const Place& place, const std::string& pattern, config::Diagnostics& diagnostics) {
  CompiledPattern compiled;
  if (pattern.size() > longest_pattern) {
    diagnostics.error(*place.location, "the pattern is longer than 4096 bytes", "split it into several patterns");
    return compiled;
  }
  compiled.regex = Regex(pattern);
  const re2::RE2& regex = compiled.regex.get();
  if (!regex.ok()) {
    diagnostics.error(fragment_location(*place.location, pattern, regex.error_arg()), regex.error(),
                      std::string(syntax_hint(regex)));
    return compiled;
  }
  if (matches_everything(regex)) {
    diagnostics.error(*place.location, "the pattern matches every text, even an empty one", "say what has to be there");
    return compiled;
  }
  const auto tree = parse_pattern(pattern);
  compiled.edges = tree ? PatternEdges(*tree) : PatternEdges();
  number_groups(place, compiled, diagnostics);
  check_captures(place, pattern, tree, compiled, diagnostics);
  compiled.regex.release();
  return compiled;
}

bool captures(const std::vector<Condition>& conditions, int CompiledPattern::* group) {
  return std::ranges::any_of(conditions, [group](const Condition& condition) {
    return std::ranges::any_of(condition.patterns,
                               [group](const CompiledPattern& pattern) { return pattern.*group > 0; });
  });
}

// What only the rule as a whole can answer.
void check_whole(const CompiledRule& compiled, config::Diagnostics& diagnostics) {
  const model::Rule& rule = *compiled.rule;
  // Of message patterns each one has been asked for its address.
  const bool asked = std::ranges::any_of(compiled.all_of, [](const Condition& condition) {
    return condition.field == Field::message && !condition.patterns.empty();
  });
  if (compiled.address_from == AddressSource::capture && !compiled.in_session && !asked &&
      !captures(compiled.all_of, &CompiledPattern::address_group)) {
    diagnostics.error(rule.location, "rule '" + rule.id + "' never finds an address",
                      rule.log == LogKind::fields ? "add: address_key = \"…\", the name of the value that holds it"
                                                  : "add: message = '^… (?P<address>\\S+) …$'");
  }
  const bool counts_capture = rule.distinct && rule.distinct->of == model::DistinctValue::Of::capture;
  if (counts_capture && !captures(compiled.all_of, &CompiledPattern::value_group)) {
    diagnostics.error(rule.location, "rule '" + rule.id + "' counts values that no pattern captures",
                      "say which: (?P<value>\\d+)");
  }
  if (rule.kind == model::RuleKind::session && !compiled.in_session) {
    diagnostics.error(rule.location, "rule '" + rule.id + "' tells an address, but not of which session",
                      "add: session = \"pid\", or a group (?P<session>…)");
  }
}

std::vector<Condition> compile_conditions(const model::Rule& rule, const std::vector<model::FieldPatterns>& lists,
                                          bool excludes, config::Diagnostics& diagnostics) {
  std::vector<Condition> conditions;
  for (const model::FieldPatterns& list : lists) {
    Condition condition{.field = list.field, .key = list.key, .patterns = {}};
    for (size_t i = 0; i < list.patterns.size(); ++i) {
      const Place place{
          .rule = &rule, .field = list.field, .excludes = excludes, .location = &pattern_location(rule, list, i)};
      condition.patterns.push_back(compile_pattern(place, list.patterns[i], diagnostics));
    }
    conditions.push_back(std::move(condition));
  }
  return conditions;
}

}  // namespace

CompiledRule compile_rule(const model::Rule& rule, config::Diagnostics& diagnostics) {
  CompiledRule compiled;
  compiled.rule = &rule;
  compiled.address_from = address_source(rule);
  compiled.all_of = compile_conditions(rule, rule.all_of, false, diagnostics);
  compiled.none_of = compile_conditions(rule, rule.none_of, true, diagnostics);
  compiled.in_session = rule.session_by_pid || captures(compiled.all_of, &CompiledPattern::session_group);
  check_whole(compiled, diagnostics);
  return compiled;
}

const model::Location& pattern_location(const model::Rule& rule, const model::FieldPatterns& patterns, size_t index) {
  return index < patterns.locations.size() ? patterns.locations[index] : rule.location;
}

}  // namespace ipguard::match
