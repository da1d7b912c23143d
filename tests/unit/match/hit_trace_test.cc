#include "match/hit_trace.h"

#include <gtest/gtest.h>

#include "rule_helpers.h"

namespace ipguard::match::test {
namespace {

// Everything about one hit as text: "field[key]=text@begin-end", "name:text@begin-end", "from …".
std::string where(std::string_view text, const std::optional<TextSpan>& span, std::string_view line) {
  if (!span) {
    return std::string(text) + "@-";
  }
  EXPECT_EQ(line.substr(span->begin, span->end - span->begin), text) << "the span is not where the text stands";
  return std::string(text) + '@' + std::to_string(span->begin) + '-' + std::to_string(span->end);
}

std::string describe(const RuleSet& rules, const model::Event& event, const model::Hit& hit) {
  const auto found = trace(rules, event, hit);
  std::string text =
      hit.rule->id + (found.own_line ? "" : " earlier") + " from " + std::string(to_string(found.address_from));
  for (const auto& pattern : found.patterns) {
    text += ' ' + std::string(model::to_string(pattern.field)) +
            (pattern.key.empty() ? "" : '[' + std::string(pattern.key) + ']') + '=' +
            where(pattern.text, pattern.span, hit.line.text);
  }
  for (const auto& capture : found.captures) {
    text += ' ' + std::string(capture.name) + ':' + where(capture.text, capture.span, hit.line.text);
  }
  return text;
}

// Of the last of `lines`, which follow each other in one log.
std::vector<std::string> traces_of(const std::shared_ptr<const RuleSet>& rules, const std::vector<std::string>& lines) {
  Matcher matcher(rules);
  std::vector<std::string> traces;
  for (const auto& line : lines) {
    traces.clear();
    matcher.match_line({.text = line}, {.format = "auto", .accept_message = true}, noon,
                       [&](const model::RawLine&, const LineResult& result) {
                         for (const auto& hit : result.hits) {
                           traces.push_back(describe(*rules, result.event, hit));
                         }
                       });
  }
  return traces;
}

using Traces = std::vector<std::string>;

TEST(HitTraceTest, APatternStandsWhereItMatchedAndNotWhereTheFieldBegins) {
  const auto rules = compiled({path_rule("x/a", "setup\\.php$")});
  EXPECT_EQ(traces_of(rules, {access_line("/phpMyAdmin/setup.php")}), Traces{"x/a from position path=setup.php@60-69"});
}

TEST(HitTraceTest, WhatWasDecodedStandsNowhereInTheLine) {
  const auto rules = compiled({path_rule("x/a", "etc/passwd")});
  EXPECT_EQ(traces_of(rules, {access_line("/x/%2e%2e/%65tc/passwd")}), Traces{"x/a from position path=etc/passwd@-"});
}

TEST(HitTraceTest, EachConditionIsToldInOrderAndOfSeveralPatternsTheFirstThatIsFound) {
  const auto rules =
      compiled({rule("x/a", LogKind::access,
                     {patterns(Field::path, {"nowhere", "^/a", "^/ab"}), patterns(Field::user_agent, {"curl/\\d"})})});
  EXPECT_EQ(traces_of(rules, {access_line("/abc")}), Traces{"x/a from position path=/a@48-50 user_agent=curl/8@76-82"});
}

TEST(HitTraceTest, ARuleWithoutPatternsHasNone) {
  auto status_only = rule("x/a", LogKind::access, {});
  status_only.statuses = {404};
  EXPECT_EQ(traces_of(compiled({status_only}), {access_line("/abc")}), Traces{"x/a from position"});
}

TEST(HitTraceTest, CapturesAreToldWithTheirPlaces) {
  const auto rules = compiled({message_rule("x/a", "^Failed for (?P<user>\\S+) from (?P<address>\\S+)$")});
  EXPECT_EQ(
      traces_of(rules, {"Feb 25 04:30:17 host sshd[7]: Failed for root from 192.0.2.7"}),
      Traces{"x/a from capture message=Failed for root from 192.0.2.7@30-60 address:192.0.2.7@51-60 user:root@41-45"});
}

constexpr std::string_view record_rule = R"(
[[rule]]
id = "x/a"
title = "t"
class = "probe"
service = "app"
log = "fields"
address_key = "remote"
user_key = "who"
where = { msg = '^login failed' }
threshold = 1
window = "1m"
ban = "1h"
scope = "address"
)";

TEST(HitTraceTest, OfARecordTheKeysAreNamed) {
  EXPECT_EQ(traces_of(from_toml(record_rule), {R"({"msg":"login failed!","remote":"192.0.2.7","who":"al\u0069ce"})"}),
            Traces{"x/a from key record[msg]=login failed@8-20 address:192.0.2.7@33-42 user:alice@-"});
}

TEST(HitTraceTest, ASessionsAddressStandsInAnotherLine) {
  auto who = message_rule("x/who", "^Connection from (?P<address>\\S+)$");
  who.kind = model::RuleKind::session;
  who.session_by_pid = true;
  auto bad = message_rule("x/bad", "^bad thing$");
  bad.session_by_pid = true;
  const auto rules = compiled({who, bad});
  const std::string connection = "Feb 25 04:30:17 host sshd[7]: Connection from 192.0.2.7";
  const std::string thing = "Feb 25 04:30:18 host sshd[7]: bad thing";
  EXPECT_EQ(traces_of(rules, {connection, thing}), Traces{"x/bad from session message=bad thing@30-39"});
  EXPECT_EQ(traces_of(rules, {thing, connection}), Traces{"x/bad earlier from session"});
}

}  // namespace
}  // namespace ipguard::match::test
