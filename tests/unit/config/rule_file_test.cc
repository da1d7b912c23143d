#include "config/rule_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "support/temp_folder.h"

namespace ipguard::config {
namespace {

using model::Field;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

constexpr std::string_view full = R"([defaults]
service = "http"
log = "access"
class = "probe"
threshold = 5
status = "4xx"
ladder = { addresses = 2 }

[[rule]]
id = "web/php-admin-probe"
title = "Looks for phpMyAdmin"
path = ['(?i)/pma$', '/mysqladmin']
not_user_agent = "^Monitor"
status = ["400", 404, "5xx"]
method = ["GET", "HEAD"]
threshold = 2
window = "20m"
ban = "4h"
scope = "route"
[rule.ladder]
routes = 0
[[rule.sample]]
line = '''192.0.2.7 - "GET /pma"'''
address = "192.0.2.7"
user = ""
[[rule.near_miss]]
line = "192.0.2.7 GET /"

[[rule]]
id = "sshd/failed-password/invalid"
log = "syslog"
service = "sshd"
program = ["sshd", "sshd-session"]
message = '^Failed \S+ for .* from (?P<address>\S+)$'
ban = "permanent"
status = 404
)";

TEST(RuleFile, ReadsARuleWithItsDefaults) {
  Diagnostics diagnostics;
  const auto rules = parse_rules(full, "r.toml", diagnostics);
  // The second rule's status is a mistake on purpose: the first one is returned all the same.
  EXPECT_EQ(diagnostics.error_count(), 1U) << diagnostics.to_string();
  ASSERT_EQ(rules.size(), 1U);
  const auto& rule = rules[0];
  EXPECT_EQ(rule.id, "web/php-admin-probe");
  EXPECT_EQ(rule.title, "Looks for phpMyAdmin");
  EXPECT_EQ(rule.attack_class, "probe");
  EXPECT_EQ(rule.service, "http");
  EXPECT_EQ(rule.log, model::LogKind::access);
  EXPECT_EQ(rule.kind, model::RuleKind::attack);
  ASSERT_EQ(rule.all_of.size(), 1U);
  EXPECT_EQ(rule.all_of[0].field, Field::path);
  EXPECT_THAT(rule.all_of[0].patterns, ElementsAre("(?i)/pma$", "/mysqladmin"));
  ASSERT_EQ(rule.none_of.size(), 1U);
  EXPECT_EQ(rule.none_of[0].field, Field::user_agent);
  EXPECT_THAT(rule.none_of[0].patterns, ElementsAre("^Monitor"));
  ASSERT_EQ(rule.statuses.size(), 102U);
  EXPECT_EQ(rule.statuses[0], 400);
  EXPECT_EQ(rule.statuses[1], 404);
  EXPECT_EQ(rule.statuses[2], 500);
  EXPECT_EQ(rule.statuses[101], 599);
  EXPECT_THAT(rule.methods, ElementsAre("GET", "HEAD"));
  EXPECT_EQ(rule.threshold, 2U);
  EXPECT_EQ(rule.window, Seconds{1200});
  EXPECT_EQ(rule.ban, Seconds{4 * 3600});
  EXPECT_EQ(rule.scope, model::Scope::route);
  EXPECT_EQ(rule.route_addresses, 2U);
  EXPECT_EQ(rule.asn_routes, 0U);
  ASSERT_EQ(rule.samples.size(), 1U);
  EXPECT_EQ(rule.samples[0].line, "192.0.2.7 - \"GET /pma\"");
  EXPECT_EQ(rule.samples[0].address, net::Address::parse("192.0.2.7"));
  EXPECT_EQ(rule.samples[0].user, "");
  ASSERT_EQ(rule.near_misses.size(), 1U);
  EXPECT_EQ(rule.near_misses[0].address, std::nullopt);
}

std::string place(const model::Location& location) { return location_text(location); }

TEST(RuleFile, FillsInEveryLocation) {
  Diagnostics diagnostics;
  const auto rules = parse_rules(full, "r.toml", diagnostics);
  ASSERT_EQ(rules.size(), 1U);
  EXPECT_EQ(place(rules[0].location), "r.toml:10:6");
  ASSERT_EQ(rules[0].all_of[0].locations.size(), 2U);
  EXPECT_EQ(place(rules[0].all_of[0].locations[0]), "r.toml:12:9");
  EXPECT_EQ(place(rules[0].all_of[0].locations[1]), "r.toml:12:22");
  EXPECT_EQ(place(rules[0].none_of[0].locations[0]), "r.toml:13:18");
  EXPECT_EQ(place(rules[0].samples[0].location), "r.toml:23:8");
  EXPECT_EQ(place(rules[0].near_misses[0].location), "r.toml:27:8");
}

// match/ reports at these locations later; the source line is still there.
TEST(RuleFile, LaterDiagnosticsShowTheSourceLine) {
  Diagnostics diagnostics;
  const auto rules = parse_rules(full, "r.toml", diagnostics);
  diagnostics.error(rules.at(0).all_of[0].locations[1], "no such pattern");
  EXPECT_EQ(diagnostics.all().back().source, "path = ['(?i)/pma$', '/mysqladmin']");
}

// Found by fuzzing: the second rule's error is the first one's, shown once, yet neither rule may come out.
TEST(RuleFile, RulesThatInheritAnErrorAreLeftOut) {
  for (const std::string defaults :
       {"service = 'a;b'\nlog = 'syslog'\nmessage = 'm'\n", "service = 's'\nlog = 'syslog'\npath = 'p'\n"}) {
    Diagnostics diagnostics;
    const auto rules =
        parse_rules("[defaults]\n" + defaults + "[[rule]]\nid = 'a/a'\n[[rule]]\nid = 'b/b'\n", "r.toml", diagnostics);
    EXPECT_THAT(rules, IsEmpty()) << defaults;
    EXPECT_GE(diagnostics.error_count(), 1U) << defaults;
  }
}

struct KindCase {
  const char* conditions;
  model::RuleKind kind;
};

TEST(RuleFile, TheKindFollowsFromTheConditions) {
  for (const auto& [conditions, kind] :
       {KindCase{"path = 'a'", model::RuleKind::attack}, KindCase{"status = 404", model::RuleKind::rate},
        KindCase{"method = 'GET'", model::RuleKind::rate}, KindCase{"not_path = 'a'", model::RuleKind::rate},
        KindCase{"path = 'a'\nstatus = 404", model::RuleKind::attack},
        KindCase{"path = 'a'\nkind = 'rate'", model::RuleKind::rate},
        KindCase{"method = 'TRACE'\nkind = 'attack'", model::RuleKind::attack}}) {
    Diagnostics diagnostics;
    const auto rules = parse_rules(std::string("[[rule]]\nid = 'a/b'\nservice = 's'\nlog = 'access'\n") + conditions,
                                   "r.toml", diagnostics);
    ASSERT_EQ(rules.size(), 1U) << diagnostics.to_string();
    EXPECT_EQ(rules[0].kind, kind) << conditions;
  }
}

TEST(RuleFile, KeepsTheOrderOfTheFile) {
  std::string text = "[defaults]\nservice = 's'\nlog = 'access'\nstatus = 404\n";
  for (const auto* id : {"z/z", "a/a", "m/m"}) {
    text += std::string("[[rule]]\nid = '") + id + "'\n";
  }
  Diagnostics diagnostics;
  const auto rules = parse_rules(text, "r.toml", diagnostics);
  ASSERT_EQ(rules.size(), 3U);
  EXPECT_EQ(rules[0].id + rules[1].id + rules[2].id, "z/za/am/m");
}

struct RuleProblemCase {
  const char* text;  // of a rule web/x with service and log = "access"
  const char* message;
  const char* hint;  // a part of it; "" = none
};

class RuleProblem : public testing::TestWithParam<RuleProblemCase> {};

TEST_P(RuleProblem, IsReportedAndTheRuleLeftOut) {
  const auto& param = GetParam();
  Diagnostics diagnostics;
  const auto rules =
      parse_rules(std::string("[defaults]\nservice = 's'\nlog = 'access'\n[[rule]]\nid = 'web/x'\n") + param.text,
                  "r.toml", diagnostics);
  ASSERT_EQ(diagnostics.all().size(), 1U) << diagnostics.to_string();
  const auto& found = diagnostics.all()[0];
  EXPECT_EQ(found.severity, Severity::error);
  EXPECT_EQ(found.message, param.message);
  EXPECT_GE(found.location.line, 5U);
  EXPECT_GT(found.location.column, 0U);
  EXPECT_FALSE(found.source.empty());
  if (std::string_view(param.hint).empty()) {
    EXPECT_EQ(found.hint, "");
  } else {
    EXPECT_THAT(found.hint, HasSubstr(param.hint));
  }
  if (!found.message.starts_with("unknown")) {
    EXPECT_THAT(rules, IsEmpty());
  }
}

INSTANTIATE_TEST_SUITE_P(
    Values, RuleProblem,
    testing::Values(
        RuleProblemCase{"", "the rule has no condition: it would hit every line", "every request is status"},
        RuleProblemCase{"log = 'syslog'\nprogram = 'sshd'", "the rule has no condition: it would hit every line",
                        "message"},
        RuleProblemCase{"path = 'a'\nthresold = 3", "unknown key 'thresold' in [[rule]]", "did you mean 'threshold'?"},
        RuleProblemCase{"path = 'a'\nsatus = 3", "unknown key 'satus' in [[rule]]", "did you mean 'status'?"},
        RuleProblemCase{"path = 'a'\n[rule.laddr]\nroutes = 1", "unknown table 'laddr' in [[rule]]",
                        "did you mean 'ladder'?"},
        RuleProblemCase{"path = 7", "path: expected a string or an array of strings, found integer", ""},
        RuleProblemCase{"path = []", "path: the list is empty", ""},
        RuleProblemCase{"path = ''\nstatus = 404", "path: the text is empty", ""},
        RuleProblemCase{"message = 'a'", "message: lines with log = \"access\" have no such field",
                        "target, path, query, protocol, referer, user_agent, user, vhost"},
        RuleProblemCase{"log = 'syslog'\nmessage = 'a'\npath = 'a'",
                        "path: lines with log = \"syslog\" have no such field", "their fields are message"},
        RuleProblemCase{"log = 'error'\nmessage = 'a'\nnot_user_agent = 'a'",
                        "not_user_agent: lines with log = \"error\" have no such field", "message, level"},
        RuleProblemCase{"log = 'error'\nmessage = 'a'\nstatus = 404",
                        "status: lines with log = \"error\" have no status", ""},
        RuleProblemCase{"log = 'syslog'\nmessage = 'a'\nmethod = 'GET'",
                        "method: lines with log = \"syslog\" have no method", ""},
        RuleProblemCase{"path = 'a'\nprogram = 'nginx'", "program: lines with log = \"access\" have no program", ""},
        RuleProblemCase{"path = 'a'\nmethod = '^GET |HEAD'", "method: '^GET |HEAD' is no method's name", "exactly"},
        RuleProblemCase{"path = 'a'\nstatus = 600", "status: '600' is no HTTP status", "100 to 599"},
        RuleProblemCase{"path = 'a'\nstatus = -404", "status: '-404' is no HTTP status", "100 to 599"},
        RuleProblemCase{"path = 'a'\nstatus = '6xx'", "status: '6xx' is no HTTP status", "\"4xx\""},
        RuleProblemCase{"path = 'a'\nstatus = 4.5",
                        "status: expected an HTTP status such as 404 or \"4xx\", found float", ""},
        RuleProblemCase{"path = 'a'\nstatus = []", "status: the list is empty", ""},
        RuleProblemCase{"path = 'a'\nthreshold = 0", "threshold: 0 is out of range", "from 1 to 10000"},
        RuleProblemCase{"path = 'a'\nthreshold = 10001", "threshold: 10001 is out of range", "from 1 to 10000"},
        RuleProblemCase{"path = 'a'\nwindow = 600", "window: expected a duration such as \"10m\", found integer", ""},
        RuleProblemCase{"path = 'a'\nwindow = '0s'", "window: '0s' is out of range", "log time"},
        RuleProblemCase{"path = 'a'\nban = 'forever'", "ban: 'forever' is no duration", "write for example"},
        RuleProblemCase{"path = 'a'\nban = '0s'", "ban: '0s' is out of range", "\"permanent\""},
        RuleProblemCase{"path = 'a'\nscope = 'network'", "scope: there is no 'network'",
                        "\"address\", \"route\", \"asn\" or \"country\""},
        RuleProblemCase{"path = 'a'\nlog = 'message'", "log: there is no 'message'", "\"syslog\""},
        RuleProblemCase{"path = 'a'\nkind = 'Attack'", "kind: there is no 'Attack'", "did you mean \"attack\"?"},
        RuleProblemCase{"path = 'a'\nclass = 'brute force'", "class: 'brute force' is no name", "letters"},
        RuleProblemCase{"path = 'a'\nladder = 3", "ladder: expected a table, found integer", ""},
        RuleProblemCase{"path = 'a'\nladder.addresses = -1", "addresses: -1 is out of range", "0 = never"},
        RuleProblemCase{"path = 'a'\n[rule.sample]\nline = 'x'", "sample: expected an array of tables, found table",
                        "write [[rule.sample]]"},
        RuleProblemCase{"path = 'a'\n[[rule.sample]]\naddress = '192.0.2.7'", "a sample needs its line", "line ="},
        RuleProblemCase{"path = 'a'\n[[rule.sample]]\nline = 'x'", "a sample needs the address that must come out",
                        "address ="},
        RuleProblemCase{"path = 'a'\n[[rule.sample]]\nline = 'x'\naddress = 'host'", "address: 'host' is no address",
                        "192.0.2.7"},
        RuleProblemCase{"path = 'a'\n[[rule.near_miss]]\nline = \"a\\nb\"",
                        "line: a sample is one line without its line feed", "close the quotes"},
        RuleProblemCase{"path = 'a'\n[[rule.near_miss]]\nline = ''", "line: the text is empty", ""},
        RuleProblemCase{"path = 'a'\n[[rule.near_miss]]\nline = 'x'\naddress = '192.0.2.7'",
                        "unknown key 'address' in [[rule.near_miss]]", "known here: before, line"},
        RuleProblemCase{
            "path = 'a'\n[[rule]]\nid = 'web/x'\npath = 'b'\n[[rule]]\nid = 'nopart'\npath = 'c'\nid = 'd/e'",
            "TOML syntax: key-value pair: cannot redefine existing string 'id'", "once"}));

TEST(RuleFile, BadIdsAreRefused) {
  const std::string long_id = "a/" + std::string(99, 'b');
  for (const std::string id : {"", "web", "web/", "/web", "web//x", "Web/x", "web/x y", "web/é", long_id.c_str()}) {
    Diagnostics diagnostics;
    EXPECT_THAT(
        parse_rules("[[rule]]\nid = '" + id + "'\nservice = 's'\nlog = 'access'\npath = 'a'\n", "r.toml", diagnostics),
        IsEmpty())
        << id;
    EXPECT_EQ(diagnostics.error_count(), 1U) << id;
    EXPECT_EQ(place(diagnostics.all()[0].location), "r.toml:2:6");
  }
}

TEST(RuleFile, TheSamePatternTwiceIsAWarning) {
  Diagnostics diagnostics;
  const auto rules = parse_rules("[[rule]]\nid = 'a/b'\nservice = 's'\nlog = 'access'\npath = ['x', 'y', 'x']\n",
                                 "r.toml", diagnostics);
  EXPECT_EQ(rules.size(), 1U);
  EXPECT_EQ(diagnostics.to_string(),
            "r.toml:5:19: warning: path: the same as before\n"
            "  5 | path = ['x', 'y', 'x']\n"
            "    |                   ^\n"
            "  hint: the first is at r.toml:5:9\n"
            "1 warning\n");
}

TEST(RuleFile, PatternsAreBounded) {
  const std::string head = "[[rule]]\nid = 'a/b'\nservice = 's'\nlog = 'access'\npath = ";
  Diagnostics diagnostics;
  (void)parse_rules(head + "'" + std::string(4096, 'a') + "'\n", "r.toml", diagnostics);
  EXPECT_EQ(diagnostics.to_string(), "");
  (void)parse_rules(head + "['" + std::string(4097, 'a') + "', 'b']\n", "r.toml", diagnostics);
  EXPECT_THAT(diagnostics.to_string(), HasSubstr("path: the pattern is longer than 4096 bytes"));
  std::string many = "[";
  for (int i = 0; i <= 1000; ++i) {
    many += "'p" + std::to_string(i) + "',";
  }
  (void)parse_rules(head + many + "]\n", "s.toml", diagnostics);
  EXPECT_THAT(diagnostics.to_string(), HasSubstr("path: more than 1000 patterns"));
}

class RuleFolder : public testing::Test {
 protected:
  void write(const std::string& name, const std::string& id) const {
    std::ofstream(folder_ / name) << "[[rule]]\nid = '" << id << "'\nservice = 's'\nlog = 'access'\nstatus = 404\n";
  }
  const TempFolder folder_;
};

TEST_F(RuleFolder, ReadsItsTomlFilesInOrderAndOnce) {
  write("b.toml", "b/b");
  write("a.toml", "a/a");
  write("c.toml.bak", "c/c");
  Diagnostics diagnostics;
  const auto rules = load_rules(
      {folder_.path(), folder_ / "b.toml", folder_ / "../" + std::filesystem::path(folder_.path()).filename().string()},
      diagnostics);
  EXPECT_EQ(diagnostics.to_string(), "");
  ASSERT_EQ(rules.size(), 2U);
  EXPECT_EQ(rules[0].id, "a/a");
  EXPECT_EQ(rules[1].id, "b/b");
  EXPECT_EQ(rules[1].location.file, folder_ / "b.toml");
}

TEST_F(RuleFolder, IdsAreUniqueOverAllFiles) {
  write("a.toml", "a/a");
  write("b.toml", "a/a");
  Diagnostics diagnostics;
  EXPECT_EQ(load_rules({folder_.path()}, diagnostics).size(), 1U);
  EXPECT_EQ(diagnostics.to_string(), folder_.path() +
                                         "/b.toml:2:6: error: id: another rule is called 'a/a' already\n"
                                         "  2 | id = 'a/a'\n"
                                         "    |      ^\n"
                                         "  hint: the first is at " +
                                         folder_ / "a.toml:2:6\n1 error\n");
}

TEST_F(RuleFolder, WithoutTomlFilesIsAnError) {
  Diagnostics diagnostics;
  EXPECT_THAT(load_rules({folder_.path()}, diagnostics), IsEmpty());
  EXPECT_EQ(diagnostics.to_string(), folder_.path() + ": error: no rules: the folder holds no *.toml\n1 error\n");
}

TEST_F(RuleFolder, MissingPathsAreErrorsAndTheOthersAreRead) {
  write("a.toml", "a/a");
  Diagnostics diagnostics;
  EXPECT_EQ(load_rules({folder_ / "missing", folder_ / "a.toml"}, diagnostics).size(), 1U);
  EXPECT_EQ(diagnostics.to_string(),
            folder_ / "missing: error: cannot read rules: No such file or directory\n1 error\n");

  Diagnostics placed;  // where the configuration names them
  const std::vector<model::Location> places = {{.file = "c.toml", .line = 4, .column = 10},
                                               {.file = "c.toml", .line = 4, .column = 19}};
  EXPECT_EQ(load_rules({folder_ / "missing", folder_ / "a.toml"}, placed, places).size(), 1U);
  EXPECT_EQ(placed.to_string(), "c.toml:4:10: error: paths: " + folder_.path() +
                                    "/missing: cannot read rules: No such file or directory\n1 error\n");
}

}  // namespace
}  // namespace ipguard::config
