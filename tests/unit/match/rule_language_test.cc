// What rule files can say, from TOML to the hit.
#include <gtest/gtest.h>

#include "match/rule_set.h"
#include "rule_helpers.h"

namespace ipguard::match {
namespace {

using namespace test;
using Hits = std::vector<std::string>;

const LineOptions mixed{.format = "auto", .accept_message = true};

// Both ways of judging have to agree; what they say.
Hits judged(const std::shared_ptr<const RuleSet>& set, const std::string& lines) {
  Matcher as_block(set);
  Matcher as_lines(set);
  const auto found = scan(as_block, lines, mixed);
  EXPECT_EQ(found, judge_lines(as_lines, lines, mixed));
  Hits hits;
  for (const auto& line : found) {
    hits.insert(hits.end(), line.hits.begin(), line.hits.end());
  }
  return hits;
}

TEST(RuleLanguage, LiteralListsFoldCaseUnlessToldOtherwise) {
  const auto set = from_toml(R"toml(
[defaults]
service = "http"
log = "access"
[[rule]]
id = "web/is"
path = { is = ["/Secret.txt"] }
[[rule]]
id = "web/begins"
path = { begins = ["/cgi-bin/"], ends = [".php.bak"] }
[[rule]]
id = "web/agents"
user_agent = { contains = ["zgrab", "c++(client)"], case = "exact", regex = '^masscan/\d' }
)toml");
  EXPECT_EQ(judged(set, access_line("/secret.TXT")), Hits{"web/is 192.0.2.7 "});
  EXPECT_EQ(judged(set, access_line("/secret.txt2")), Hits{});
  EXPECT_EQ(judged(set, access_line("/CGI-BIN/x")), Hits{"web/begins 192.0.2.7 "});
  EXPECT_EQ(judged(set, access_line("/a/cgi-bin/x")), Hits{});
  EXPECT_EQ(judged(set, access_line("/index.php.bak")), Hits{"web/begins 192.0.2.7 "});
  EXPECT_EQ(judged(set, access_line("/", "200", "x zgrab/0.x")), Hits{"web/agents 192.0.2.7 "});
  EXPECT_EQ(judged(set, access_line("/", "200", "x Zgrab/0.x")), Hits{});
  EXPECT_EQ(judged(set, access_line("/", "200", "c++(client)")), Hits{"web/agents 192.0.2.7 "});
  EXPECT_EQ(judged(set, access_line("/", "200", "masscan/1.3")), Hits{"web/agents 192.0.2.7 "});
}

TEST(RuleLanguage, NumbersAndNegations) {
  const auto set = from_toml(R"toml(
[defaults]
service = "http"
log = "access"
[[rule]]
id = "web/small"
path = "^/login$"
bytes = { min = 100, max = 200 }
not_status = [302, "5xx"]
not_method = ["GET"]
)toml");
  EXPECT_EQ(judged(set, access_line("/login", "200", "curl/8", "POST")), Hits{"web/small 192.0.2.7 "});
  EXPECT_EQ(judged(set, access_line("/login", "200", "curl/8", "GET")), Hits{});
  EXPECT_EQ(judged(set, access_line("/login", "302", "curl/8", "POST")), Hits{});
  EXPECT_EQ(judged(set, access_line("/login", "503", "curl/8", "POST")), Hits{});
  EXPECT_EQ(judged(set, R"(192.0.2.7 - - [25/Feb/2026:04:30:17 +0000] "POST /login HTTP/1.1" 200 201 "-" "curl")"),
            Hits{});
  EXPECT_EQ(judged(set, R"(192.0.2.7 - - [25/Feb/2026:04:30:17 +0000] "POST /login HTTP/1.1" 200 - "-" "curl")"),
            Hits{});
}

constexpr std::string_view session_rules = R"toml(
[defaults]
service = "sshd"
log = "syslog"
program = "sshd"
session = "pid"
[[rule]]
id = "sshd/connection"
kind = "session"
message = '^Connection from (?P<address>\S+) port \d+'
[[rule]]
id = "sshd/too-many"
message = '^Disconnecting: Too many authentication failures'
[[rule]]
id = "sshd/failed"
message = '^Failed password for (?P<user>.*) from (?P<address>\S+) port \d+ ssh2$'
)toml";

TEST(RuleLanguage, TheSessionTellsTheAddress) {
  const auto set = from_toml(session_rules);
  const std::string head = "Feb 25 04:30:17 host sshd[77]: ";
  const std::string other = "Feb 25 04:30:17 host sshd[78]: ";
  EXPECT_EQ(judged(set, head + "Connection from 192.0.2.9 port 4711\n" + head +
                            "Disconnecting: Too many authentication failures for root\n" + other +
                            "Disconnecting: Too many authentication failures for root\n"),
            Hits{"sshd/too-many 192.0.2.9 "});
  // Another rule's hit tells it as well, and a later line does.
  EXPECT_EQ(judged(set, head + "Disconnecting: Too many authentication failures for root\n" + head +
                            "Failed password for root from 192.0.2.9 port 22 ssh2\n" + head +
                            "Disconnecting: Too many authentication failures for root\n"),
            (Hits{"sshd/too-many 192.0.2.9 ", "sshd/failed 192.0.2.9 root", "sshd/too-many 192.0.2.9 "}));
  EXPECT_EQ(judged(set, "Disconnecting: Too many authentication failures for root\n"), Hits{}) << "no process id";
}

// A listener's source has many hosts' messages.
TEST(RuleLanguage, EachHostHasItsOwnSessions) {
  const auto set = from_toml(session_rules);
  const std::string too_many = "Disconnecting: Too many authentication failures for root\n";
  for (const auto& [one, other] :
       {std::pair{"Feb 25 04:30:17 one sshd[77]: ", "Feb 25 04:30:17 other sshd[77]: "},
        std::pair{"<38>1 2020-02-25T04:30:17Z one sshd 77 - - ", "<38>1 2020-02-25T04:30:17Z other sshd 77 - - "}}) {
    EXPECT_EQ(
        judged(set, std::string(one) + "Connection from 192.0.2.9 port 4711\n" + other + too_many + one + too_many),
        Hits{"sshd/too-many 192.0.2.9 "});
  }
}

TEST(RuleLanguage, AnOldSessionIsForgotten) {
  const auto set = from_toml(session_rules);
  EXPECT_EQ(judged(set,
                   "Feb 25 04:30:17 host sshd[77]: Connection from 192.0.2.9 port 4711\n"
                   "Feb 25 05:30:18 host sshd[77]: Disconnecting: Too many authentication failures for root\n"),
            Hits{});
}

TEST(RuleLanguage, SessionsByCapture) {
  const auto set = from_toml(R"toml(
[defaults]
service = "slapd"
log = "syslog"
program = "slapd"
[[rule]]
id = "slapd/accept"
kind = "session"
message = '^conn=(?P<session>\d+) fd=\d+ ACCEPT from IP=(?P<address>\S+) '
[[rule]]
id = "slapd/invalid-credentials"
message = '^conn=(?P<session>\d+) op=\d+ RESULT tag=97 err=49 '
)toml");
  const std::string head = "Feb 25 04:30:17 host slapd[5]: ";
  EXPECT_EQ(judged(set, head + "conn=10 fd=1 ACCEPT from IP=192.0.2.9:5555 (IP=0.0.0.0:389)\n" + head +
                            "conn=100 op=0 RESULT tag=97 err=49 text=\n" + head +
                            "conn=10 op=0 RESULT tag=97 err=49 text=\n"),
            Hits{"slapd/invalid-credentials 192.0.2.9 "});
}

TEST(RuleLanguage, SessionsAreBounded) {
  const auto set = from_toml(session_rules);
  Matcher matcher(set);
  const auto opening = [](int pid) {
    return "Feb 25 04:30:17 host sshd[" + std::to_string(pid) + "]: Connection from 192.0.2.9 port 1\n";
  };
  const auto closing = [](int pid) {
    return "Feb 25 04:30:17 host sshd[" + std::to_string(pid) + "]: Disconnecting: Too many authentication failures\n";
  };
  for (int pid = 1; pid <= 4097; ++pid) {
    scan(matcher, opening(pid), mixed);
  }
  EXPECT_TRUE(scan(matcher, closing(1), mixed).empty()) << "the one least recently seen went";
  EXPECT_EQ(scan(matcher, closing(3), mixed).size(), 1U);
}

TEST(RuleLanguage, RecordsNameTheirValues) {
  const auto set = from_toml(R"toml(
[defaults]
service = "app"
log = "fields"
[[rule]]
id = "app/login"
address_key = ["peer", "remote_addr"]
user_key = "who.name"
[rule.where]
msg = '^Login failed$'
level = ["error", "warn"]
[rule.where_not]
who.internal = "^true$"
)toml");
  const std::string hit = "app/login 192.0.2.9 bob";
  EXPECT_EQ(judged(set, R"({"msg":"Login failed","level":"warn","remote_addr":"192.0.2.9:1234","who":{"name":"bob"}})"),
            Hits{hit});
  EXPECT_EQ(
      judged(
          set,
          R"({"msg":"Login \u0066ailed","level":"warn","peer":"192.0.2.9","remote_addr":"203.0.113.1","who":{"name":"bob"}})"),
      Hits{hit});
  EXPECT_EQ(judged(set, R"(level=error msg="Login failed" remote_addr=192.0.2.9 who.name=bob)"), Hits{hit});
  EXPECT_EQ(judged(set, R"({"msg":"Login failed","level":"info","remote_addr":"192.0.2.9"})"), Hits{});
  EXPECT_EQ(judged(set, R"({"msg":"Login failed","level":"warn","remote_addr":"192.0.2.9","who":{"internal":true}})"),
            Hits{});
  EXPECT_EQ(
      judged(set, R"({"msg":"Login failed","level":"warn","remote_addr":"192.0.2.9","remote_addr":"203.0.113.1"})"),
      Hits{})
      << "a value that is there twice is nobody's address";
  EXPECT_EQ(
      judged(set, R"({"msg":"Login failed\",\"remote_addr\":\"203.0.113.1","level":"warn","remote_addr":"192.0.2.9"})"),
      Hits{});
}

TEST(RuleLanguage, ApplicationsLogWithAndWithoutSyslog) {
  const auto set = from_toml(R"toml(
[[rule]]
id = "vault/login"
service = "vault"
log = "app"
program = ["vault"]
message = '^\[ERROR\] wrong password\. IP: (?P<address>[^ ]+)\. User: (?P<user>.*)$'
)toml");
  const Hits hit{"vault/login 192.0.2.9 bob"};
  const std::string message = "[ERROR] wrong password. IP: 192.0.2.9. User: bob";
  EXPECT_EQ(judged(set, "[2024-08-31 02:11:22.129]" + message), hit);
  EXPECT_EQ(judged(set, message), hit);
  EXPECT_EQ(judged(set, "Feb 25 04:30:17 host vault[5]: " + message), hit);
  EXPECT_EQ(judged(set, "Feb 25 04:30:17 host other[5]: " + message), Hits{});
}

TEST(RuleLanguage, AnAbbreviatedMessageCountsAsOftenAsItSays) {
  const auto set = from_toml(R"toml(
[[rule]]
id = "sshd/failed"
service = "sshd"
log = "syslog"
message = '^message repeated \d+ times: \[ Failed password for (?P<user>.*) from (?P<address>\S+) port \d+ ssh2\]$'
)toml");
  const std::string tail = " times: [ Failed password for root from 192.0.2.9 port 22 ssh2]";
  for (const auto& [count, expected] : {std::pair("5", 5U), std::pair("999999999", 10'000U)}) {
    Matcher matcher(set);
    const std::string text = std::string("Feb 25 04:30:17 host sshd[7]: message repeated ") + count + tail;
    uint32_t repeat = 0;
    matcher.match_line({.text = text}, mixed, noon, [&](const model::RawLine&, const LineResult& result) {
      for (const auto& hit : result.hits) {
        repeat = hit.repeat;
      }
    });
    EXPECT_EQ(repeat, expected);
  }
}

TEST(RuleLanguage, RefusesWhatCannotHold) {
  const struct {
    std::string_view name;
    std::string_view rule;
    std::string_view problem;
  } cases[] = {
      {"app pattern without ^", "log = \"app\"\nmessage = 'x from (?P<address>\\S+)$'", "may begin anywhere"},
      {"session that can be chosen",
       "log = \"syslog\"\nmessage = 'user .* session (?P<session>\\d+) of (?P<address>\\S+)$'",
       "an attacker may choose the session"},
      {"no address and no session", "log = \"syslog\"\nmessage = '^failed'", "captures no address"},
      {"session rule without a session", "log = \"syslog\"\nkind = \"session\"\nmessage = '^from (?P<address>\\S+)$'",
       "but not of which session"},
      {"fields rule without address", "log = \"fields\"\nwhere = { msg = \"failed\" }", "never finds an address"},
      {"where in an access rule", "log = \"access\"\nwhere = { msg = \"failed\" }", "have no named values"},
      {"status in a fields rule", "log = \"fields\"\nstatus = 404\naddress_key = \"ip\"", "have no status"},
      {"distinct of nothing", "log = \"access\"\npath = \"/x\"\ndistinct = \"pth\"", "there is no field 'pth'"},
      {"value that is not captured", "log = \"access\"\npath = \"/x\"\ndistinct = \"value\"", "no pattern captures"},
      {"list outside of the folder", "log = \"access\"\npath = { is_from = \"../x.txt\" }", "leads out of"},
      {"list that is not there", "log = \"access\"\npath = { is_from = \"no-such-list.txt\" }", "no-such-list.txt"},
      {"empty table", "log = \"access\"\npath = { }", "the table is empty"},
      {"bytes the wrong way round", "log = \"access\"\npath = \"/x\"\nbytes = { min = 2, max = 1 }", "min is greater"},
      {"tag of two words", "log = \"access\"\npath = \"/x\"\ntags = [\"a b\"]", "is no tag"},
  };
  for (const auto& c : cases) {
    const std::string text = "[[rule]]\nid = \"a/b\"\nservice = \"s\"\n" + std::string(c.rule) + "\n";
    EXPECT_NE(problems_of(text).find(c.problem), std::string::npos) << c.name << ":\n" << problems_of(text);
  }
}

TEST(RuleLanguage, SharedCountersHaveToAgree) {
  const std::string text =
      "[defaults]\nservice = \"s\"\nlog = \"access\"\ncounter = \"both\"\n[[rule]]\nid = \"a/b\"\npath = \"/x\"\n"
      "threshold = 3\n[[rule]]\nid = \"a/c\"\npath = \"/y\"\nthreshold = 4\n";
  EXPECT_NE(problems_of(text).find("share the counter 'both'"), std::string::npos) << problems_of(text);
}

}  // namespace
}  // namespace ipguard::match
