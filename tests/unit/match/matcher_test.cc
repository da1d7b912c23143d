// How rules are judged, line by line.
#include <gtest/gtest.h>

#include "match/rule_set.h"
#include "rule_helpers.h"

namespace ipguard::match {
namespace {

using namespace test;
using Hits = std::vector<std::string>;

constexpr const char* failed_password =
    R"(^Failed \S+ for (?:invalid user )?(?P<user>.*) from (?P<address>\S+) port \d+(?: ssh2)?$)";

TEST(Matcher, AccessRulesNeedEveryCondition) {
  model::Rule probe = path_rule("web/probe", "(?i)^/(?:phpmyadmin|pma)/");
  probe.statuses = {403, 404};
  probe.methods = {"GET", "POST"};
  probe.all_of.push_back(patterns(Field::user_agent, {"ZmEu", "^curl/"}));
  probe.none_of = {patterns(Field::query, {"^friend="}), patterns(Field::referer, {"^http://own"})};
  const auto set = compiled({probe});
  const Hits hit = {"web/probe 192.0.2.7 "};
  EXPECT_EQ(hits_of(set, access_line("/PMA/index.php")), hit);
  EXPECT_EQ(hits_of(set, access_line("/pma/?x=1", "403", "x ZmEu x", "POST")), hit);
  EXPECT_EQ(hits_of(set, access_line("/pma/", "200")), Hits{});
  EXPECT_EQ(hits_of(set, access_line("/pma/", "404", "Mozilla")), Hits{});
  EXPECT_EQ(hits_of(set, access_line("/pma/", "404", "curl/8", "HEAD")), Hits{});
  EXPECT_EQ(hits_of(set, access_line("/pma/?friend=1")), Hits{});
  EXPECT_EQ(hits_of(set, access_line("/x/pma/")), Hits{});
}

TEST(Matcher, SeesThroughEncodings) {
  const auto set = compiled({path_rule("web/probe", "(?i)^/phpmyadmin/")});
  for (const char* target : {"/phpmyadmin/", "/%70hpMyAdmin/", "/%2570hpmyadmin/", "//phpmyadmin//x", "/./phpmyadmin/",
                             R"(/\x70hpmyadmin/)", "/%c1%b0hpmyadmin/", "http://example.org/phpmyadmin/x?y"}) {
    const std::string line = access_line(target);
    EXPECT_EQ(hits_of(set, line), (Hits{"web/probe 192.0.2.7 "})) << target;
    Matcher matcher(set);
    EXPECT_EQ(scan(matcher, line + "\n").size(), 1U) << target;
  }
}

TEST(Matcher, SyslogAddressComesFromTheCapture) {
  model::Rule rule = message_rule("sshd/failed-password", failed_password);
  rule.programs = {"sshd", "sshd-session"};
  const auto set = compiled({rule});
  const std::string head = "Feb 25 04:30:17 host sshd[77]: ";
  EXPECT_EQ(hits_of(set, head + "Failed password for root from 192.0.2.9 port 4711 ssh2"),
            (Hits{"sshd/failed-password 192.0.2.9 root"}));
  // CVE-2007-4321 and its like: what looks like an address in the user name is a name.
  EXPECT_EQ(
      hits_of(
          set,
          head + "Failed password for invalid user x from 203.0.113.1 port 22 ssh2 from 2001:db8::9 port 4711 ssh2"),
      (Hits{"sshd/failed-password 2001:db8::9 x from 203.0.113.1 port 22 ssh2"}));
  EXPECT_EQ(hits_of(set, head + "Failed password for root from evil.example.org port 4711 ssh2"), Hits{});
  EXPECT_EQ(hits_of(set, "Feb 25 04:30:17 host dropbear[77]: Failed password for root from 192.0.2.9 port 4711 ssh2"),
            Hits{});
}

TEST(Matcher, BareMessagesAreTriedOnlyWhenAllowed) {
  model::Rule rule = message_rule("sshd/failed-password", failed_password);
  rule.programs = {"sshd"};
  model::Rule error = test::rule("nginx/error", LogKind::error, {patterns(Field::message, {"Failed password"})});
  const auto set = compiled({rule, error});
  const std::string message = "Failed password for root from 192.0.2.9 port 4711 ssh2";
  const Hits hit = {"sshd/failed-password 192.0.2.9 root"};
  EXPECT_EQ(hits_of(set, message), Hits{});
  EXPECT_EQ(hits_of(set, message, {.format = "auto", .accept_message = true}), hit);
  EXPECT_EQ(hits_of(set, message, {.format = "message"}), hit);
  EXPECT_EQ(hits_of(set, message, {.format = "syslog"}), Hits{});
  EXPECT_EQ(hits_of(set, message, {.format = "nonsense", .accept_message = true}), Hits{});
}

TEST(Matcher, ErrorRulesUseTheFormatsAddress) {
  const auto set = compiled(
      {test::rule("nginx/auth", LogKind::error, {patterns(Field::message, {R"(^user ".*" was not found in)"})})});
  EXPECT_EQ(hits_of(set, R"(2026/02/25 04:30:17 [error] 7#7: *9 user "root" was not found in "/etc/nginx/users", )"
                         R"(client: 198.51.100.4, server: _, request: "GET / HTTP/1.1", host: "h")"),
            (Hits{"nginx/auth 198.51.100.4 "}));
  EXPECT_EQ(hits_of(set, R"(2026/02/25 04:30:17 [error] 7#7: user "root" was not found in "/etc/nginx/users")"),
            Hits{});
}

TEST(Matcher, WhereATruncatedLineBreaksOffIsNoEnd) {
  const auto set =
      compiled({message_rule("end", failed_password), message_rule("front", R"(^refused (?P<address>\S+))"),
                test::rule("agent", LogKind::access, {patterns(Field::path, {"/evil$"})})});
  const std::string head = "Feb 25 04:30:17 host sshd[77]: ";
  // The user name was long enough for the line to break off just behind what the attacker wants to be its end.
  const std::string forged = head + "Failed password for x from 203.0.113.1 port 22 ssh2";
  EXPECT_EQ(hits_of(set, forged).size(), 1U);
  EXPECT_EQ(hits_of(set, forged, {}, true), Hits{});
  EXPECT_EQ(hits_of(set, head + "refused 192.0.2.1", {}, true), Hits{});  // of 192.0.2.10 to .199, perhaps
  EXPECT_EQ(hits_of(set, "refused 192.0.2.1", {.format = "message"}, true), Hits{});
  EXPECT_EQ(hits_of(set, access_line("/evil").substr(0, 60), {}, true), Hits{});
  EXPECT_EQ(hits_of(set, access_line("/evil") + " and mo", {}, true), (Hits{"agent 192.0.2.7 "}));
}

TEST(Matcher, EveryLineIsReportedWhenJudgedSingly) {
  const auto set = compiled({path_rule("web/probe", "^/evil")});
  Matcher matcher(set);
  int calls = 0;
  const auto callback = [&](const model::RawLine&, const LineResult& result) {
    ++calls;
    EXPECT_TRUE(result.hits.empty());
  };
  matcher.match_line({.text = access_line("/good")}, {}, noon, callback);
  matcher.match_line({.text = "neither fish nor fowl"}, {}, noon, callback);
  EXPECT_EQ(calls, 2);
  EXPECT_EQ(matcher.counters().lines, 2U);
}

TEST(Matcher, TimeIsTheLinesOwn) {
  const auto set = compiled({path_rule("web/probe", "^/evil"), message_rule("m", R"(^refused (?P<address>\S+))")});
  Matcher matcher(set);
  std::vector<TimePoint> times;
  const auto callback = [&](const model::RawLine&, const LineResult& result) {
    ASSERT_EQ(result.hits.size(), 1U);
    times.push_back(result.hits[0].time);
    EXPECT_EQ(result.event.address, result.hits[0].address);
  };
  matcher.match_line({.text = access_line("/evil")}, {}, noon, callback);
  matcher.match_line({.text = "refused 192.0.2.1"}, {.format = "message"}, noon, callback);
  EXPECT_EQ(times, (std::vector<TimePoint>{from_civil(2026, 2, 25, 4, 30, 17), noon}));
}

TEST(Matcher, ACaptureThatIsNoAddressGivesWayToALaterPattern) {
  model::Rule both = message_rule("both", R"(^refused from (?P<address>[^\s,]+))");
  both.all_of[0] = patterns(Field::message,
                            {R"(^refused from (?P<address>[^\s,]+))", R"(^refused from host \[(?P<address>[^\]]+)\])"});
  Matcher matcher(compiled({both}));
  const auto block = std::string("Feb 25 04:30:17 h d[1]: refused from 192.0.2.7, x\n") +
                     "Feb 25 04:30:17 h d[1]: refused from host [192.0.2.8], x\n" +
                     "Feb 25 04:30:17 h d[1]: refused from host [name], x\n";
  const auto found = scan(matcher, block);
  EXPECT_EQ(found, judge_lines(matcher, block));
  ASSERT_EQ(found.size(), 2U);
  EXPECT_EQ(found[0].hits, (std::vector<std::string>{"both 192.0.2.7 "}));
  EXPECT_EQ(found[1].hits, (std::vector<std::string>{"both 192.0.2.8 "}));
}

TEST(Matcher, BlanksBehindAMessageAreNoPartOfIt) {
  Matcher matcher(compiled({message_rule("end", R"(^refused (?P<address>\S+) port \d+$)")}));
  EXPECT_EQ(scan(matcher, "Feb 25 04:30:17 h d[1]: refused 192.0.2.7 port 1  \n").size(), 1U);
  EXPECT_EQ(scan(matcher, "Feb 25 04:30:17 h d[1]: refused 192.0.2.7 port 1 x\n").size(), 0U);
  EXPECT_EQ(scan(matcher, "Feb 25 04:30:17 h d[1]:   \n").size(), 0U);
}

}  // namespace
}  // namespace ipguard::match
