#include "match/rule_compiler.h"

#include <algorithm>
#include <string>
#include <utility>

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

bool address_by_capture(const model::Rule& rule) { return rule.log == LogKind::syslog || rule.log == LogKind::message; }

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
    diagnostics.error(*place.location, "the address of such a line comes from its own column, not from a capture",
                      "take the name off the group: (?:…) instead of (?P<address>…)");
  } else {
    diagnostics.error(*place.location, "an address captured here is never used",
                      "only `message` captures the address; take the name off the group");
  }
}

void check_address(const Place& place, std::string_view pattern, const CompiledPattern& compiled,
                   config::Diagnostics& diagnostics) {
  const bool wanted = address_by_capture(*place.rule) && place.field == Field::message && !place.excludes;
  if (!wanted) {
    if (compiled.address_group > 0) {
      check_no_address(place, diagnostics);
    }
    return;
  }
  if (compiled.address_group == 0) {
    diagnostics.error(*place.location, "the pattern captures no address", "say where it stands: (?P<address>\\S+)");
    return;
  }
  const auto tree = parse_pattern(pattern);
  if (!tree) {
    diagnostics.error(*place.location, "the pattern is too involved to prove that the address cannot be forged",
                      "leave out \\pN classes and code points above U+00FF");
    return;
  }
  if (count_groups(*tree, "address") > 1) {
    diagnostics.error(*place.location, "the pattern captures the address more than once",
                      "write one pattern for each form of the line");
    return;
  }
  if (auto finding = check_address_capture(*tree)) {
    diagnostics.error(*place.location, std::move(finding->message), std::move(finding->hint));
  }
}

CompiledPattern compile_pattern(const Place& place, const std::string& pattern, config::Diagnostics& diagnostics) {
  CompiledPattern compiled;
  if (pattern.size() > longest_pattern) {
    diagnostics.error(*place.location, "the pattern is longer than 4096 bytes", "split it into several patterns");
    return compiled;
  }
  compiled.regex = compile_regex(pattern);
  if (!compiled.regex->ok()) {
    diagnostics.error(fragment_location(*place.location, pattern, compiled.regex->error_arg()), compiled.regex->error(),
                      std::string(syntax_hint(*compiled.regex)));
    return compiled;
  }
  if (matches_everything(*compiled.regex)) {
    diagnostics.error(*place.location, "the pattern matches every text, even an empty one", "say what has to be there");
    return compiled;
  }
  compiled.address_group = group_number(*compiled.regex, "address");
  compiled.user_group = place.excludes ? 0 : group_number(*compiled.regex, "user");
  if (compiled.address_group > most_groups || compiled.user_group > most_groups) {
    diagnostics.error(*place.location, "the address or user is not among the first 16 groups",
                      "write groups that are not read as (?:…)");
  }
  check_address(place, pattern, compiled, diagnostics);
  return compiled;
}

std::vector<Condition> compile_conditions(const model::Rule& rule, const std::vector<model::FieldPatterns>& lists,
                                          bool excludes, config::Diagnostics& diagnostics) {
  std::vector<Condition> conditions;
  for (const model::FieldPatterns& list : lists) {
    Condition condition{.field = list.field, .patterns = {}};
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
  compiled.captures_address = address_by_capture(rule);
  compiled.all_of = compile_conditions(rule, rule.all_of, false, diagnostics);
  compiled.none_of = compile_conditions(rule, rule.none_of, true, diagnostics);
  const bool has_message = std::ranges::any_of(rule.all_of, [](const model::FieldPatterns& list) {
    return list.field == Field::message && !list.patterns.empty();
  });
  if (compiled.captures_address && !has_message) {
    diagnostics.error(rule.location, "rule '" + rule.id + "' has no message pattern, so it never finds an address",
                      "add: message = '^… (?P<address>\\S+) …$'");
  }
  return compiled;
}

const model::Location& pattern_location(const model::Rule& rule, const model::FieldPatterns& patterns, size_t index) {
  return index < patterns.locations.size() ? patterns.locations[index] : rule.location;
}

}  // namespace ipguard::match
