#include "config/config.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>

namespace ipguard::config {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

const std::string one_source = "[[source]]\nname = \"web\"\npaths = \"/var/log/web.log\"\n";

Config parse(const std::string& text, Diagnostics& diagnostics) {
  return parse_config(one_source + text, "t.toml", diagnostics);
}

TEST(Config, ReadsTheKeysOfTheInterface) {
  Diagnostics diagnostics;
  const auto config = parse_config(R"(
[database]
paths = ["/a.mmdb", "/b.mmdb"]
[[source]]
name = "web"
paths = ["/var/log/nginx/*access.log"]
format = "combined"
from = "start"
max_line = "16KiB"
[[source]]
name = "auth"
paths = "/var/log/auth.log"
[rules]
paths = ["/rules"]
[state]
path = "/state"
[control]
socket = "/run/x.sock"
[enforce]
mode = "dry-run"
hook = "prerouting"
priority = -150
keep_on_stop = false
[allow]
prefixes = ["192.0.2.0/24", "2001:db8::1"]
asns = [64500, "AS64501", "64502"]
countries = ["ch", "DE"]
[ladder.route]
addresses = 0
window = "1h30m"
ban = "permanent"
budget_addresses = 4096
budget_ipv6_64s = 65536
budget_good_clients = 7
budget_visitors = 8
one_in = 0
[ladder.asn]
routes = 7
window = "2d"
ban = "5d"
budget_addresses = 4294967296
budget_ipv6_64s = 9223372036854775807
one_in = 256
[ladder.country]
asns = 4
window = "3d"
ban = "2d"
budget_addresses = 256
budget_good_clients = 1
[collateral]
remember = "30d"
clients = 2000
leave_out = 0
[ban]
growth = 3
longest = "30d"
decay = "0"
forget = "60d"
[protect]
ssh_ports = [22, 2222]
widest_ipv4 = 16
widest_ipv6 = 32
[report]
period = "7d"
memory = "64MiB"
[limits]
offenders = 5000
evidence_lines = 9
evidence_bytes = 100
[log]
level = "debug"
)",
                                   "t.toml", diagnostics);
  EXPECT_EQ(diagnostics.to_string(), "");
  EXPECT_EQ(config.path, "t.toml");
  EXPECT_THAT(config.database_paths, ElementsAre("/a.mmdb", "/b.mmdb"));
  ASSERT_EQ(config.sources.size(), 2U);
  const auto& web = config.sources[0];
  EXPECT_EQ(web.name, "web");
  EXPECT_THAT(web.paths, ElementsAre("/var/log/nginx/*access.log"));
  EXPECT_EQ(web.format, "combined");
  EXPECT_EQ(web.from, StartPosition::start);
  EXPECT_EQ(web.max_line, 16384U);
  EXPECT_EQ(web.location.line, 4U);
  EXPECT_EQ(web.format_location.line, 7U);
  EXPECT_EQ(web.format_location.column, 10U);
  EXPECT_EQ(config.sources[1].format_location.line, 10U);
  EXPECT_THAT(config.sources[1].paths, ElementsAre("/var/log/auth.log"));
  EXPECT_THAT(config.rule_paths, ElementsAre("/rules"));
  EXPECT_EQ(config.state_path, "/state");
  EXPECT_EQ(config.control_socket, "/run/x.sock");
  EXPECT_EQ(config.enforce.mode, Mode::dry_run);
  EXPECT_EQ(config.enforce.hook, Hook::prerouting);
  EXPECT_EQ(config.enforce.priority, -150);
  EXPECT_FALSE(config.enforce.keep_on_stop);
  EXPECT_THAT(config.allow.prefixes,
              ElementsAre(*net::Prefix::parse("192.0.2.0/24"), *net::Prefix::parse("2001:db8::1/128")));
  EXPECT_THAT(config.allow.asns, ElementsAre(net::Asn{64500}, net::Asn{64501}, net::Asn{64502}));
  EXPECT_THAT(config.allow.countries, ElementsAre(*model::Country::parse("CH"), *model::Country::parse("DE")));
  EXPECT_EQ(config.route_ladder.addresses, 0U);
  EXPECT_EQ(config.route_ladder.window, Seconds{5400});
  EXPECT_EQ(config.route_ladder.ban, Seconds{0});
  EXPECT_EQ(config.route_ladder.budget.addresses, 4096U);
  EXPECT_EQ(config.route_ladder.budget.ipv6_64s, 65'536U);
  EXPECT_EQ(config.route_ladder.budget.good_clients, 7U);
  EXPECT_EQ(config.route_ladder.budget.visitors, 8U);
  EXPECT_EQ(config.route_ladder.one_in, 0U);
  EXPECT_EQ(config.asn_ladder.one_in, 256U);
  EXPECT_EQ(config.country_ladder.asns, 4U);
  EXPECT_EQ(config.country_ladder.window, Seconds{3 * 86400});
  EXPECT_EQ(config.country_ladder.ban, Seconds{2 * 86400});
  EXPECT_EQ(config.country_ladder.budget.addresses, 256U);
  EXPECT_EQ(config.country_ladder.budget.good_clients, 1U);
  EXPECT_EQ(config.collateral.remember, Seconds{30 * 86400});
  EXPECT_EQ(config.collateral.clients, 2000U);
  EXPECT_EQ(config.collateral.leave_out, 0U);
  EXPECT_EQ(config.ban.decay, Seconds{0});
  EXPECT_EQ(config.asn_ladder.routes, 7U);
  EXPECT_EQ(config.asn_ladder.budget.ipv6_64s, (1ULL << 63) - 1);
  EXPECT_EQ(config.asn_ladder.window, Seconds{2 * 86400});
  EXPECT_EQ(config.asn_ladder.ban, Seconds{5 * 86400});
  EXPECT_EQ(config.asn_ladder.budget.addresses, 1ULL << 32);
  EXPECT_DOUBLE_EQ(config.ban.growth, 3.0);
  EXPECT_EQ(config.ban.longest, Seconds{30 * 86400});
  EXPECT_EQ(config.ban.forget, Seconds{60 * 86400});
  EXPECT_THAT(config.protect.ssh_ports, ElementsAre(22, 2222));
  EXPECT_EQ(config.protect.widest_ipv4, 16);
  EXPECT_EQ(config.protect.widest_ipv6, 32);
  EXPECT_EQ(config.limits.offenders, 5000U);
  EXPECT_EQ(config.limits.evidence_lines, 9U);
  EXPECT_EQ(config.limits.evidence_bytes, 100U);
  EXPECT_EQ(config.report.period, Seconds{7 * 86'400});
  EXPECT_EQ(config.report.memory, 64U << 20U);
  EXPECT_EQ(config.log_level, LogLevel::debug);
}

TEST(Config, WhoSwitchesAProtectionOffIsTold) {
  Diagnostics diagnostics;
  const auto config = parse_config(
      "[[source]]\nname = \"x\"\npaths = [\"/x\"]\n[protect]\nown_addresses = false\ngateways = false\nresolvers = "
      "false\n"
      "ssh_sessions = false\n",
      "t.toml", diagnostics);
  EXPECT_FALSE(diagnostics.has_errors());
  EXPECT_FALSE(config.protect.own_addresses || config.protect.gateways || config.protect.resolvers ||
               config.protect.ssh_sessions);
  std::vector<std::string> told;
  for (const auto& diagnostic : diagnostics.all()) {
    told.push_back(std::to_string(diagnostic.location.line) + " [protect] " + diagnostic.message);
  }
  EXPECT_THAT(told,
              ElementsAre("5 [protect] own_addresses is off: this machine's own addresses can be banned",
                          "6 [protect] gateways is off: a ban of the default gateway can cut this machine off",
                          "7 [protect] resolvers is off: a ban of the name servers can leave this machine "
                          "without names",
                          "8 [protect] ssh_sessions is off: a ban can lock out the people who are logged in now"));
  const auto sentences = unprotected(config.protect);
  ASSERT_EQ(sentences.size(), 4U);
  for (size_t i = 0; i < told.size(); ++i) {
    EXPECT_EQ(told[i].substr(2), sentences[i]) << "status says the same";
  }
  EXPECT_TRUE(unprotected({}).empty());
}

TEST(Config, RemembersWhereListsAndLaddersWereWritten) {
  Diagnostics diagnostics;
  const auto written =
      parse_config("[allow]\nasns = [64500]\ncountries = [\"CH\"]\n[ladder.asn]\nroutes = 3\n", "t.toml", diagnostics);
  EXPECT_EQ(written.allow.asns_location.line, 2U);
  EXPECT_EQ(written.allow.countries_location.line, 3U);
  EXPECT_EQ(written.asn_ladder.routes_location.line, 5U);
  EXPECT_EQ(parse_config("", "t.toml", diagnostics).asn_ladder.routes_location.line, 0U);
}

TEST(Config, AnEmptyTextReadsTheDefaultSources) {
  Diagnostics diagnostics;
  const auto config = parse_config("", "t.toml", diagnostics);
  EXPECT_EQ(config.database_paths, Config{}.database_paths);
  EXPECT_EQ(config.sources.size(), default_sources().size());
  EXPECT_TRUE(is_default(config.sources.at(0)));
  EXPECT_EQ(diagnostics.to_string(), "");
}

TEST(Config, NoSourceAtAllHasToBeWritten) {
  Diagnostics diagnostics;
  EXPECT_TRUE(parse_config("source = []", "t.toml", diagnostics).sources.empty());
  EXPECT_THAT(diagnostics.to_string(), HasSubstr("warning: no [[source]]: no log is followed"));
  EXPECT_FALSE(diagnostics.has_errors());
}

TEST(Config, TheJournal) {
  Diagnostics diagnostics;
  const auto config = parse_config(
      "[[source]]\nname = \"a\"\njournal = \"system\"\nunits = [\"ssh@*.service\"]\nidentifiers = [\"sshd\"]\n"
      "fallback = [\"/var/log/auth.log\"]\nfrom = \"start\"\n",
      "t.toml", diagnostics);
  EXPECT_EQ(diagnostics.to_string(), "");
  const auto& source = config.sources.at(0);
  EXPECT_EQ(source.kind, SourceKind::journal);
  EXPECT_EQ(source.units.at(0), "ssh@*.service");
  EXPECT_EQ(source.fallback.at(0), "/var/log/auth.log");
  EXPECT_FALSE(is_default(source));
  Diagnostics wrong;
  (void)parse_config(
      "[[source]]\nname = \"a\"\njournal = \"system\"\nformat = \"combined\"\nfallback = [\"x\"]\n"
      "[[source]]\nname = \"b\"\npaths = [\"/x\"]\nfallback = [\"/y\"]\n",
      "t.toml", wrong);
  EXPECT_THAT(wrong.to_string(), HasSubstr("the journal's lines are always syslog's"));
  EXPECT_THAT(wrong.to_string(), HasSubstr("not from the root"));
  EXPECT_THAT(wrong.to_string(), HasSubstr("a key of a source with `journal`"));
}

TEST(Config, Whois) {
  Diagnostics diagnostics;
  const auto config = parse(
      "[whois]\nlisten = \"[::1]:8043\"\nconnections = 7\nclient_connections = 3\nown_knowledge = true\n", diagnostics);
  EXPECT_EQ(config.whois.listen, "[::1]:8043");
  EXPECT_EQ(config.whois.connections, 7U);
  EXPECT_EQ(config.whois.client_connections, 3U);
  EXPECT_TRUE(config.whois.own_knowledge);
  EXPECT_TRUE(diagnostics.to_string().empty());
  EXPECT_EQ(parse("", diagnostics).whois.listen, "");
}

TEST(Config, DefaultLadderBansGiveWayToAShorterLongest) {
  Diagnostics diagnostics;
  const auto config = parse("[ban]\nlongest = \"1h\"\n", diagnostics);
  EXPECT_EQ(diagnostics.to_string(), "");
  EXPECT_EQ(config.route_ladder.ban, Seconds{3600});
  EXPECT_EQ(config.asn_ladder.ban, Seconds{3600});
}

TEST(Config, AMissingFileIsOneError) {
  Diagnostics diagnostics;
  (void)load_config("/nonexistent/ipguard.toml", diagnostics);
  EXPECT_EQ(diagnostics.to_string(),
            "/nonexistent/ipguard.toml: error: cannot read configuration: No such file or directory\n1 error\n");
}

TEST(Config, AFolderAndAnEndlessFileAreRefused) {
  for (const std::string path : {"/", "/dev/zero"}) {
    Diagnostics diagnostics;
    (void)load_config(path, diagnostics);
    EXPECT_EQ(diagnostics.error_count(), 1U) << path;
    EXPECT_THAT(diagnostics.to_string(), HasSubstr("cannot read configuration: ")) << path;
  }
}

TEST(Config, ATooLargeTextIsRefused) {
  Diagnostics diagnostics;
  (void)parse_config(std::string((4U << 20) + 1, '\n'), "t.toml", diagnostics);
  EXPECT_EQ(diagnostics.to_string(), "t.toml: error: the file is larger than 4 MiB\n1 error\n");
}

struct ProblemCase {
  const char* text;
  const char* place;  // "line:column" below the three lines of one_source
  const char* message;
  const char* hint;  // a part of it; "" = none
};

class ConfigProblem : public testing::TestWithParam<ProblemCase> {};

TEST_P(ConfigProblem, IsReportedAtItsPlace) {
  const auto& param = GetParam();
  Diagnostics diagnostics;
  (void)parse(param.text, diagnostics);
  ASSERT_EQ(diagnostics.all().size(), 1U) << diagnostics.to_string();
  const auto& found = diagnostics.all()[0];
  EXPECT_EQ(found.severity, Severity::error);
  EXPECT_EQ(std::to_string(found.location.line - 3) + ':' + std::to_string(found.location.column), param.place);
  EXPECT_EQ(found.message, param.message);
  if (std::string_view(param.hint).empty()) {
    EXPECT_EQ(found.hint, "");
  } else {
    EXPECT_THAT(found.hint, HasSubstr(param.hint));
  }
  EXPECT_FALSE(found.source.empty());
}

INSTANTIATE_TEST_SUITE_P(
    Values, ConfigProblem,
    testing::Values(
        ProblemCase{"[ladder.route]\nwindow = 600", "2:10",
                    "window: expected a duration such as \"10m\", found integer", ""},
        ProblemCase{"[ladder.route]\nwindow = \"0s\"", "2:10", "window: '0s' is out of range",
                    "write a duration from 1s to 52w"},
        ProblemCase{"[ladder.asn]\nwindow = \"soon\"", "2:10", "window: 'soon' is no duration", "write for example"},
        ProblemCase{"[ladder.asn]\nban = \"0\"", "2:7", "ban: '0' is out of range", "or \"permanent\""},
        ProblemCase{"[ladder.asn]\nban = 5", "2:7",
                    "ban: expected a duration such as \"4h\" or \"permanent\", found integer", ""},
        ProblemCase{"[ladder.asn]\nban = \"8d\"", "2:7", "ban: '8d' is longer than longest = \"1w\" in [ban]", "raise"},
        ProblemCase{"[ladder.asn]\nroutes = -1", "2:10", "routes: -1 is out of range", "from 0 to 1000000; 0 = never"},
        ProblemCase{"[ladder.asn]\nroutes = 3.0", "2:10", "routes: expected an integer, found float", ""},
        ProblemCase{"[ladder]\nrout = {}", "2:1", "unknown table 'rout' in [ladder]", "did you mean 'route'?"},
        ProblemCase{"[ban]\ngrowth = nan", "2:10", "growth: nan is out of range", "write a number from 1.0 to 100.0"},
        ProblemCase{"[ban]\ngrowth = 0.5", "2:10", "growth: 0.5 is out of range", "write a number from 1.0 to 100.0"},
        ProblemCase{"[ban]\ngrowth = \"2\"", "2:10", "growth: expected a number, found string", ""},
        ProblemCase{"[ban]\nforget = \"11y\"", "2:10", "forget: '11y' is no duration", "write for example"},
        ProblemCase{"[enforce]\nmode = true", "2:8", "mode: expected a string, found boolean", ""},
        ProblemCase{"[enforce]\nmode = \"dryrun\"", "2:8", "mode: there is no 'dryrun'", "did you mean \"dry-run\"?"},
        ProblemCase{"[enforce]\nmode = \"off\"", "2:8", "mode: there is no 'off'", "write \"enforce\" or \"dry-run\""},
        ProblemCase{"[enforce]\nkeep_on_stop = 1", "2:16", "keep_on_stop: expected true or false, found integer", ""},
        ProblemCase{"[enforce]\npriority = 501", "2:12", "priority: 501 is out of range", "from -500 to 500"},
        ProblemCase{"[enforce]\nlevel = \"info\"", "2:1", "unknown key 'level' in [enforce]", "it belongs in [log]"},
        ProblemCase{"[enforce]\nxyzzy = 1", "2:1", "unknown key 'xyzzy' in [enforce]",
                    "known here: action, element_counters, end_connections, hook"},
        ProblemCase{"[enforced]\nmode = \"enforce\"", "1:2", "unknown table 'enforced'", "did you mean 'enforce'?"},
        ProblemCase{"[[log]]\nlevel = \"info\"", "1:1", "log: expected a table, found array",
                    "write [log] with single brackets"},
        ProblemCase{"[allow]\nprefixes = [\"192.0.2.7/24\"]", "2:13",
                    "prefixes: '192.0.2.7/24' has host bits set; the prefix is 192.0.2.0/24", ""},
        ProblemCase{"[allow]\nprefixes = [7]", "2:13", "prefixes: expected a string, found integer", ""},
        ProblemCase{"[allow]\nprefixes = 7", "2:12",
                    "prefixes: expected a string or an array of strings, found integer", ""},
        ProblemCase{"[allow]\nasns = [\"AS0\"]", "2:9", "asns: 'AS0' is no AS number", "from 1 to 4294967295"},
        ProblemCase{"[allow]\nasns = [4294967296]", "2:9", "asns: '4294967296' is no AS number", "write 64500"},
        ProblemCase{"[allow]\nasns = [2020-01-01]", "2:9",
                    "asns: expected an AS number such as 64500 or \"AS64500\", found date or time", ""},
        ProblemCase{"[allow]\ncountries = [\"Swiss\"]", "2:14", "countries: 'Swiss' is no country code",
                    "such as \"CH\""},
        ProblemCase{"[control]\nsocket = \"\"", "2:10", "socket: the text is empty", ""},
        ProblemCase{"[state]\npath = \"/a\\u0000b\"", "2:8", "path: the text holds a control character", ""},
        ProblemCase{"[database]\npaths = []", "2:9", "paths: the list is empty", ""},
        ProblemCase{"[protect]\nssh_ports = [0]", "2:14", "ssh_ports: 0 is no port", "1 to 65535"},
        ProblemCase{"[protect]\nssh_ports = [\"ssh\"]", "2:14", "ssh_ports: expected a port number, found string", ""},
        ProblemCase{"[protect]\nwidest_ipv4 = 7", "2:15", "widest_ipv4: 7 is out of range", "from 8 to 32"},
        ProblemCase{"[protect]\nwidest_ipv6 = 18", "2:15", "widest_ipv6: 18 is out of range", "from 19 to 128"},
        ProblemCase{"[limits]\noffenders = 9223372036854775807", "2:13",
                    "offenders: 9223372036854775807 is out of range", "from 1000 to 10000000"},
        ProblemCase{"[whois]\nlisten = \"127.0.0.1\"", "2:10", "listen: '127.0.0.1' is no address with a port", "8043"},
        ProblemCase{"[whois]\nlisten = \"::1:8043\"", "2:10", "listen: '::1:8043' is no address with a port", "[::1]"},
        ProblemCase{"[whois]\nlisten = \"127.0.0.1:0\"", "2:10", "listen: '127.0.0.1:0' is no address with a port",
                    "8043"},
        ProblemCase{"[[source]]\nname = \"b\"", "1:1", "a source needs paths (or journal, or listen)", "add paths"},
        ProblemCase{"[[source]]\npaths = \"/b\"", "1:1", "a source needs a name", "add name"},
        ProblemCase{"[[source]]\nname = \"web\"\npaths = \"/b\"", "2:8", "name: another source is called 'web' already",
                    "the first is at t.toml:2:8"},
        ProblemCase{"[[source]]\nname = \"w b\"\npaths = \"/b\"", "2:8", "name: 'w b' is no name", "64 letters"},
        ProblemCase{"max_line = 100", "1:12", "max_line: 100 is out of range", "write a size from 1KiB to 16MiB"},
        ProblemCase{"max_line = \"64kB\"", "1:12", "max_line: '64kB' is no size", "\"64KiB\""},
        ProblemCase{"max_line = -1", "1:12", "max_line: -1 is out of range", "1KiB"},
        ProblemCase{"max_line = true", "1:12", "max_line: expected a size such as \"64KiB\", found boolean", ""},
        ProblemCase{"from = \"begin\"", "1:8", "from: there is no 'begin'", "write \"end\" or \"start\""},
        ProblemCase{"x = [", "1:6", "TOML syntax: array: encountered end-of-file", ""},
        ProblemCase{"name = \"again\"", "1:8", "TOML syntax: key-value pair: cannot redefine existing string 'name'",
                    "every key"}));

TEST(Config, SocketPathsThatNoSocketCanHaveAreRefused) {
  Diagnostics diagnostics;
  (void)parse("[control]\nsocket = \"/" + std::string(106, 'a') + "\"\n", diagnostics);
  EXPECT_EQ(diagnostics.to_string(), "");
  (void)parse("[control]\nsocket = \"/" + std::string(107, 'a') + "\"\n", diagnostics);
  EXPECT_THAT(diagnostics.to_string(), HasSubstr("socket: the path is longer than 107 bytes"));
}

// toml++ 3.3 does not bound the depth of dotted keys; destroying such a table overflowed the stack.
TEST(Config, DeepKeysDoNotExhaustTheStack) {
  std::string dotted = "a";
  for (int i = 0; i < 1'000'000; ++i) {
    dotted += ".a";
  }
  for (const auto& text : {dotted + " = 1\n", "[" + dotted + "]\n", "x = {" + dotted + " = 1}\n"}) {
    Diagnostics diagnostics;
    (void)parse_config(text, "t.toml", diagnostics);
    EXPECT_THAT(diagnostics.to_string(), HasSubstr("a key with more than 8 dots"));
  }
}

TEST(Config, DotsInTextsAndCommentsAreNoDeepKeys) {
  Diagnostics diagnostics;
  (void)parse(R"(# a.b.c.d.e.f.g.h.i.j.k.l.m
[database]
paths = ["/a.b.c.d.e.f.g.h.i.j.k", '/a.b.c.d.e.f.g.h.i.j.k', """/a.b.c.d."e".f.g.h.i.j.k""""", '''/a.b.c.d.e.f.g.h.i'.j''']
)",
              diagnostics);
  EXPECT_EQ(diagnostics.to_string(), "");
}

}  // namespace
}  // namespace ipguard::config
