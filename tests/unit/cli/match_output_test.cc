#include "cli/match_output.h"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "config/rule_file.h"

namespace ipguard::cli {
namespace {

using Printed = nlohmann::json;

const TimePoint judged_at = from_civil(2026, 3, 1, 12, 0, 0);

constexpr std::string_view rules_text = R"([[rule]]
id = "x/probe"
title = "t"
class = "probe"
service = "http"
log = "access"
path = '^/a'
user_agent = 'evil'
status = ["4xx"]
threshold = 1
window = "1m"
ban = "1h"
scope = "address"

[[rule]]
id = "x/login"
title = "t"
class = "brute-force"
service = "sshd"
program = "sshd"
log = "syslog"
message = '^no (?P<user>.*) from (?P<address>\S+)$'
threshold = 1
window = "1m"
ban = "1h"
scope = "address"
)";

std::shared_ptr<const match::RuleSet> rules() {
  config::Diagnostics diagnostics;
  auto set = match::RuleSet::compile(config::parse_rules(rules_text, "test.toml", diagnostics), diagnostics);
  EXPECT_NE(set, nullptr) << diagnostics.to_string();
  return set;
}

struct Said {
  Printed json;
  std::string text;
};

Said say(std::string_view line) {
  const auto set = rules();
  match::Matcher matcher(set);
  Said said;
  matcher.match_line({.text = line}, {}, judged_at, [&](const model::RawLine&, const match::LineResult& result) {
    JsonWriter json;
    put_line(json, 7, result, *set);
    said.json = Printed::parse(json.take(), nullptr, false);
    said.text = hit_details(result, *set);
  });
  return said;
}

TEST(MatchOutputTest, ALineWithoutAHitHasAllItsKeys) {
  EXPECT_EQ(say("nothing").json, Printed::parse(R"({"line": 7, "format": null, "time": null, "address": null,
                                                 "user": null, "hits": []})"));
  EXPECT_EQ(say("nothing").text, "");
}

TEST(MatchOutputTest, FurtherPatternsFollow) {
  const auto said = say(R"(192.0.2.7 - - [25/Feb/2026:04:30:17 +0000] "GET /%61b HTTP/1.1" 404 143 "-" "very evil")");
  EXPECT_EQ(said.json["hits"], Printed::parse(R"([{
      "rule": "x/probe", "service": "http", "kind": "attack", "field": "path", "key": null, "begin": null, "end": null,
      "text": "/a", "address_from": "position", "captures": {},
      "also": [{"field": "user_agent", "key": null, "begin": 82, "end": 86, "text": "evil"}]}])"));
  EXPECT_EQ(said.text, "    x/probe: path \"/a\" (decoded) and user_agent \"evil\" (bytes 82-86)\n");
}

// Law 6, and JSON that can be read whatever the log holds.
TEST(MatchOutputTest, BytesOfTheLogStayHarmless) {
  const std::string line = "Feb 25 04:30:17 host sshd[7]: no a\"\\\x1b[31m\xff\xc3\xa9 from 192.0.2.7";
  const auto said = say(line);
  ASSERT_TRUE(said.json.is_object());
  EXPECT_EQ(said.json["user"], "a\"\\\x1b[31m\xef\xbf\xbd\xc3\xa9");
  EXPECT_EQ(said.json["hits"][0]["captures"]["user"]["text"], said.json["user"]);
  EXPECT_EQ(said.json["hits"][0]["captures"]["user"]["begin"], 33);
  EXPECT_EQ(said.json["hits"][0]["captures"]["user"]["end"], 44);
  EXPECT_NE(said.text.find("user \"a\"\\\\\\x1b[31m\\xff\xc3\xa9\" (bytes 33-44)"), std::string::npos) << said.text;
}

}  // namespace
}  // namespace ipguard::cli
