// [[source]] of every kind, and [[trap]].
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "config/config.h"
#include "config/trap.h"

namespace ipguard::config {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using Transport = ListenEndpoint::Transport;

Config parse_sources(const std::string& text, Diagnostics& diagnostics) {
  return parse_config(text, "t.toml", diagnostics);
}

Config parse_well(const std::string& text) {
  Diagnostics diagnostics;
  auto config = parse_sources(text, diagnostics);
  EXPECT_EQ(diagnostics.to_string(), "") << text;
  return config;
}

TEST(SourceKinds, StandardInput) {
  const auto config = parse_well("[[source]]\nname = \"pipe\"\npaths = \"-\"\n");
  ASSERT_EQ(config.sources.size(), 1U);
  EXPECT_EQ(config.sources[0].kind, SourceKind::standard_input);
  EXPECT_THAT(config.sources[0].paths, IsEmpty());  // or it would be looked for as a file
}

TEST(SourceKinds, Journal) {
  const auto config = parse_well(
      "[[source]]\nname = \"a\"\njournal = \"system\"\nunits = [\"ssh\", \"cron.timer\"]\nidentifiers = "
      "[\"sshd\"]\nfrom = "
      "\"start\"\n[[source]]\nname = \"b\"\njournal = \"/var/log/journal/remote\"\n");
  ASSERT_EQ(config.sources.size(), 2U);
  EXPECT_EQ(config.sources[0].kind, SourceKind::journal);
  EXPECT_EQ(config.sources[0].journal, "system");
  EXPECT_THAT(config.sources[0].units, ElementsAre("ssh.service", "cron.timer"));
  EXPECT_THAT(config.sources[0].identifiers, ElementsAre("sshd"));
  EXPECT_EQ(config.sources[1].journal, "/var/log/journal/remote");
}

TEST(SourceKinds, Listener) {
  const auto config = parse_well(
      "[[source]]\nname = \"s\"\nlisten = [\"udp 127.0.0.1:5514\", \"tcp [::1]:5514\", \"unix /run/s\", \"unix-stream "
      "/run/t\"]\n");
  const auto& source = config.sources.at(0);
  EXPECT_EQ(source.kind, SourceKind::listener);
  ASSERT_EQ(source.listen.size(), 4U);
  EXPECT_EQ(source.listen[0].transport, Transport::udp);
  EXPECT_EQ(source.listen[1].endpoint.to_string(), "[::1]:5514");
  EXPECT_EQ(source.listen[2].transport, Transport::unix_datagram);
  EXPECT_EQ(source.listen[3].path, "/run/t");
  EXPECT_EQ(source.listen[3].to_string(), "unix-stream /run/t");
  EXPECT_EQ(source.socket_mode, 0660U);
  EXPECT_THAT(source.senders, ElementsAre(*net::Prefix::parse("127.0.0.0/8"), *net::Prefix::parse("::1")));

  const auto other = parse_well(
      "[[source]]\nname = \"s\"\nlisten = \"udp 0.0.0.0:514\"\nsenders = \"192.0.2.0/24\"\nsocket_mode = \"0666\"\n");
  EXPECT_THAT(other.sources.at(0).senders, ElementsAre(*net::Prefix::parse("192.0.2.0/24")));
  EXPECT_EQ(other.sources.at(0).socket_mode, 0666U);
}

TEST(SourceKinds, Trap) {
  const auto config = parse_well(
      "[[source]]\nname = \"w\"\npaths = \"/w\"\n[[trap]]\nname = \"telnet\"\nports = 23\n[[trap]]\nname = "
      "\"rdp\"\nports = "
      "[3389, 3390]\nlisten = [\"192.0.2.1\"]\nweight = 2\nthreshold = 3\nwindow = \"1h\"\nban = \"permanent\"\n");
  ASSERT_EQ(config.traps.size(), 2U);
  EXPECT_THAT(config.traps[0].ports, ElementsAre(23));
  EXPECT_EQ(config.traps[0].listen.size(), 2U);
  const auto rule = rule_of(config.traps[1]);
  EXPECT_EQ(rule.id, "trap/rdp");
  EXPECT_EQ(rule.weight, 2U);
  EXPECT_EQ(rule.threshold, 3U);
  EXPECT_EQ(rule.window, Seconds{3600});
  EXPECT_EQ(rule.ban, Seconds{0});
  EXPECT_EQ(rule.scope, model::Scope::address);
  EXPECT_EQ(rule.route_addresses, 0U);
  EXPECT_EQ(rule.asn_routes, 0U);
  EXPECT_EQ(rule.country_asns, 0U);
  EXPECT_NE(rule.counter, rule_of(config.traps[0]).counter);
  auto alike = config.traps[1];
  alike.name = "other";
  alike.weight = 1;
  EXPECT_EQ(rule.counter, rule_of(alike).counter);
}

struct Wrong {
  const char* text;
  const char* message;
  const char* hint;
};

class SourceProblem : public ::testing::TestWithParam<Wrong> {};

TEST_P(SourceProblem, IsToldOf) {
  Diagnostics diagnostics;
  (void)parse_sources(std::string("[[source]]\nname = \"w\"\npaths = \"/w\"\n") + GetParam().text, diagnostics);
  EXPECT_THAT(diagnostics.to_string(), HasSubstr(GetParam().message));
  EXPECT_THAT(diagnostics.to_string(), HasSubstr(GetParam().hint));
  EXPECT_EQ(diagnostics.all().size(), 1U) << diagnostics.to_string();
}

INSTANTIATE_TEST_SUITE_P(
    Sources, SourceProblem,
    ::testing::Values(
        Wrong{"journal = \"system\"", "4:11: error: a source has either paths or journal or listen",
              "[[source]] of its own"},
        Wrong{"listen = \"udp 127.0.0.1:1\"", "a source has either paths or journal or listen", "'listen'"},
        Wrong{"units = []", "4:9: error: units: this is a key of a source with `journal`", "take it out"},
        Wrong{"senders = []", "senders: this is a key of a source with `listen`", "take it out"},
        Wrong{"socket_mode = \"0600\"", "socket_mode: this is a key of a source with `listen`", "take it out"},
        Wrong{"[[source]]\nname = \"p\"\npaths = [\"-\", \"/x\"]", "paths: \"-\" is standard input", "of its own"},
        Wrong{"[[source]]\nname = \"p\"\npaths = \"-\"\nfrom = \"start\"",
              "from: this is a key of files and the journal", "take it out"},
        Wrong{"[[source]]\nname = \"p\"\npaths = \"-\"\n[[source]]\nname = \"q\"\npaths = \"-\"",
              "two sources read standard input", "only one"},
        Wrong{"[[source]]\nname = \"j\"\njournal = \"sytem\"", "journal: 'sytem' is no journal", "write \"system\""},
        Wrong{"[[source]]\nname = \"p\"\npaths = [\"/x\", \"/w\"]",
              "6:16: warning: paths: '/w' is named by source 'w' already, at ", "take it out of one of the two"},
        Wrong{"[[source]]\nname = \"j\"\njournal = \"system\"\nfallback = [\"/w\"]",
              "7:13: warning: paths: '/w' is named by source 'w' already, at ", "take it out of one of the two"},
        Wrong{"[[source]]\nname = \"l\"\nlisten = \"127.0.0.1:514\"",
              "listen: '127.0.0.1:514' listens on nothing known", "udp 127.0.0.1:5514"},
        Wrong{"[[source]]\nname = \"l\"\nlisten = \"udp 127.0.0.1\"", "has no address with a port",
              "udp 127.0.0.1:5514"},
        Wrong{"[[source]]\nname = \"l\"\nlisten = \"tcp ::1:514\"", "has no address with a port", "tcp [::1]:5514"},
        Wrong{"[[source]]\nname = \"l\"\nlisten = \"udp 127.0.0.1:0\"", "has no address with a port", "udp"},
        Wrong{"[[source]]\nname = \"l\"\nlisten = \"unix syslog\"", "has no whole path", "unix /run/ipguard/syslog"},
        Wrong{"[[source]]\nname = \"l\"\nlisten = [\"unix /s\", \"unix /s\"]", "stands here twice", ""},
        Wrong{"[[source]]\nname = \"l\"\nlisten = []", "listen: the list is empty", ""},
        Wrong{"[[source]]\nname = \"l\"\nlisten = \"unix /s\"\nsocket_mode = \"660\"", "socket_mode: '660' is no mode",
              "\"0660\""},
        Wrong{"[[source]]\nname = \"l\"\nlisten = \"udp 0.0.0.0:514\"", "warning: listen: other hosts reach this",
              "senders = [\"192.0.2.0/24\"]"},
        Wrong{"[[source]]\nname = \"l\"\nlisten = \"udp 0.0.0.0:514\"\nsenders = \"0.0.0.0/0\"",
              "anybody can send lines, and have anybody banned", ""}));

INSTANTIATE_TEST_SUITE_P(
    Traps, SourceProblem,
    ::testing::Values(Wrong{"[[trap]]\nports = 23", "a trap needs a name", "add name"},
                      Wrong{"[[trap]]\nname = \"t\"", "a trap needs ports", "add ports"},
                      Wrong{"[[trap]]\nname = \"t\"\nports = []", "ports: the list is empty", ""},
                      Wrong{"[[trap]]\nname = \"t\"\nports = [0]", "ports: 0 is no port", "1 to 65535"},
                      Wrong{"[[trap]]\nname = \"t\"\nports = \"23\"", "ports: expected a port number", ""},
                      Wrong{"[[trap]]\nname = \"t\"\nports = [23, 23]", "ports: 23 is a trap already", "t.toml:6:10"},
                      Wrong{"[[trap]]\nname = \"t\"\nports = 23\n[[trap]]\nname = \"t\"\nports = 24",
                            "another trap is called 't'", "t.toml:5:8"},
                      Wrong{"[[trap]]\nname = \"t\"\nports = 23\nlisten = \"*\"", "listen: '*' is no address",
                            "\"0.0.0.0\""},
                      Wrong{"[[trap]]\nname = \"t\"\nports = 23\nlisten = [\"::\", \"::\"]", "stands here twice", ""},
                      Wrong{"[[trap]]\nname = \"t\"\nports = 23\nweight = 0", "weight: 0 is out of range", "from 1"},
                      Wrong{"[[trap]]\nname = \"t\"\nports = 23\nscope = \"route\"", "scope", ""}));

}  // namespace
}  // namespace ipguard::config
