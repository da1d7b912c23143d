// Rules written short, for tests of match/.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "config/diagnostic.h"
#include "config/rule_file.h"
#include "match/rule_set.h"

namespace ipguard::match::test {

using model::Field;
using model::LogKind;

inline const TimePoint noon = from_civil(2026, 3, 1, 12, 0, 0);

inline model::FieldPatterns patterns(Field field, std::vector<std::string> texts) {
  model::FieldPatterns result{.field = field, .key = {}, .patterns = std::move(texts), .locations = {}};
  for (size_t i = 0; i < result.patterns.size(); ++i) {
    result.locations.push_back({.file = "test.toml", .line = static_cast<uint32_t>(10 + i), .column = 12});
  }
  return result;
}

inline model::Rule rule(std::string id, LogKind log, std::vector<model::FieldPatterns> all_of) {
  model::Rule result;
  result.id = std::move(id);
  result.log = log;
  result.all_of = std::move(all_of);
  result.location = {.file = "test.toml", .line = 1, .column = 1};
  return result;
}

inline model::Rule path_rule(std::string id, std::string pattern) {
  return rule(std::move(id), LogKind::access, {patterns(Field::path, {std::move(pattern)})});
}

inline model::Rule message_rule(std::string id, std::string pattern) {
  return rule(std::move(id), LogKind::syslog, {patterns(Field::message, {std::move(pattern)})});
}

// The rules compiled; the test fails, with what is wrong, if they are refused.
inline std::shared_ptr<const RuleSet> compiled(std::vector<model::Rule> rules) {
  config::Diagnostics diagnostics;
  auto set = RuleSet::compile(std::move(rules), diagnostics);
  EXPECT_NE(set, nullptr) << diagnostics.to_string();
  return set;
}

// Rules as a rule file has them.
inline std::shared_ptr<const RuleSet> from_toml(std::string_view text) {
  config::Diagnostics diagnostics;
  auto set = RuleSet::compile(config::parse_rules(text, "test.toml", diagnostics), diagnostics);
  EXPECT_FALSE(diagnostics.has_errors()) << diagnostics.to_string();
  return set;
}

// What is wrong with them, one problem a line.
inline std::string problems_of(std::string_view text) {
  config::Diagnostics diagnostics;
  auto rules = config::parse_rules(text, "test.toml", diagnostics);
  if (!diagnostics.has_errors()) {
    static_cast<void>(RuleSet::compile(std::move(rules), diagnostics));
  }
  return diagnostics.to_string();
}

// A line of a common access log.
inline std::string access_line(std::string_view target, std::string_view status = "404",
                               std::string_view agent = "curl/8", std::string_view method = "GET") {
  std::string line = "192.0.2.7 - - [25/Feb/2026:04:30:17 +0000] \"";
  line.append(method).append(" ").append(target).append(" HTTP/1.1\" ").append(status);
  return line.append(" 143 \"-\" \"").append(agent).append("\"");
}

// What was said about one line, for comparing.
struct LineSummary {
  uint64_t offset = 0;
  std::string text;
  std::vector<std::string> hits;  // "id address user"

  friend bool operator==(const LineSummary&, const LineSummary&) = default;
};

inline void PrintTo(const LineSummary& line, std::ostream* out) {
  *out << line.offset << ": " << line.text << " →";
  for (const std::string& hit : line.hits) {
    *out << " [" << hit << "]";
  }
}

inline LineSummary summarise(const model::RawLine& line, const LineResult& result) {
  LineSummary summary{.offset = line.offset, .text = std::string(line.text), .hits = {}};
  for (const model::Hit& hit : result.hits) {
    summary.hits.push_back(hit.rule->id + " " + hit.address.to_string() + " " + std::string(hit.user));
  }
  return summary;
}

// Lines with hits, as the block scanner finds them.
inline std::vector<LineSummary> scan(Matcher& matcher, std::string_view block, const LineOptions& options = {}) {
  std::vector<LineSummary> lines;
  matcher.scan_block(block, 0, 0, options, noon, [&](const model::RawLine& line, const LineResult& result) {
    lines.push_back(summarise(line, result));
  });
  return lines;
}

// The same, line by line by the reference.
inline std::vector<LineSummary> judge_lines(Matcher& matcher, std::string_view block, const LineOptions& options = {}) {
  std::vector<LineSummary> lines;
  for (size_t begin = 0; begin < block.size();) {
    const size_t end = std::min(block.find('\n', begin), block.size());
    std::string_view text = block.substr(begin, end - begin);
    text.remove_suffix(text.ends_with('\r') ? 1 : 0);
    matcher.match_line({.text = text, .offset = begin}, options, noon,
                       [&](const model::RawLine& line, const LineResult& result) {
                         if (!result.hits.empty()) {
                           lines.push_back(summarise(line, result));
                         }
                       });
    begin = end + 1;
  }
  return lines;
}

// "id address user" of one line by the reference.
inline std::vector<std::string> hits_of(const std::shared_ptr<const RuleSet>& set, std::string_view line,
                                        const LineOptions& options = {}, bool truncated = false) {
  Matcher matcher(set);
  std::vector<std::string> hits;
  matcher.match_line({.text = line, .truncated = truncated}, options, noon,
                     [&](const model::RawLine& raw, const LineResult& result) { hits = summarise(raw, result).hits; });
  return hits;
}

}  // namespace ipguard::match::test
