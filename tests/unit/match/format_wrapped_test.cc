// Lines within lines: container runtimes, syslog, and what pretends to be one.
#include "format_fixture.h"

namespace ipguard::match {
namespace {

using model::Field;
using model::LogKind;
using namespace std::string_view_literals;

class WrappedFormats : public FormatTest {};

TEST_F(WrappedFormats, AccessAndErrorLines) {
  const struct {
    std::string_view line;
    std::string_view format;
    std::string_view address;
    LogKind kind;
    std::string_view time;
  } cases[] = {
      {R"(Feb 25 04:30:17 host nginx: 192.0.2.7 - - [25/Feb/2020:04:30:18 +0000] "GET / HTTP/1.1" 200 1 "-" "ua")",
       "combined", "192.0.2.7", LogKind::access, "2020-02-25T04:30:18Z"},
      {R"(2020-02-25T04:30:17Z host httpd/backend[9]: h.example 192.0.2.7 - - [25/Feb/2020:04:30:18 +0000] "GET / HTTP/1.1" 200 1)",
       "vhost-combined", "192.0.2.7", LogKind::access, "2020-02-25T04:30:18Z"},
      {R"(2020-02-25T04:30:17Z host haproxy[7]: 192.0.2.7:1 [25/Feb/2020:04:30:18.127] in~ be/srv 1/0 200 739 - - --NN 0/0 0/0 "GET /x HTTP/1.1")",
       "haproxy", "192.0.2.7", LogKind::access, "2020-02-25T04:30:18.127000Z"},
      {R"(2020-02-25T04:30:17Z host caddy[7]: {"request":{"remote_ip":"192.0.2.7","method":"GET","uri":"/"},"status":200})",
       "json", "192.0.2.7", LogKind::access, "2020-02-25T04:30:17Z"},
      {"2020-02-25T04:30:17Z host nginx: 2020/02/25 04:30:18 [error] 1#1: *1 x, client: 192.0.2.7, server: h",
       "nginx-error", "192.0.2.7", LogKind::error, "2020-02-25T04:30:18Z"},
      {"2020-02-25T04:30:17Z host apache2[18154]: [authz_core:error] [pid 9:tid 14] [client 192.0.2.7:48154] AH01630: "
       "m",
       "apache-error", "192.0.2.7", LogKind::error, "2020-02-25T04:30:17Z"},
      // containers
      {R"(2020-02-25T04:30:17.413656027Z stdout F 192.0.2.7 - - [25/Feb/2020:04:30:18 +0000] "GET / HTTP/1.1" 200 13)",
       "combined", "192.0.2.7", LogKind::access, "2020-02-25T04:30:18Z"},
      {R"(2020-02-25T04:30:17+01:00 stderr F {"downstream_remote_address":"192.0.2.7:4","method":"GET","path":"/","response_code":404})",
       "json", "192.0.2.7", LogKind::access, "2020-02-25T03:30:17Z"},
      {R"({"log":"192.0.2.7 - - [25/Feb/2020:04:30:18 +0000] \"GET / HTTP/1.1\" 200 13 \"-\" \"ua\"\n","stream":"stdout","time":"2020-02-25T04:30:17Z"})",
       "combined", "192.0.2.7", LogKind::access, "2020-02-25T04:30:18Z"},
      {R"({"log":"Feb 25 04:30:18 host nginx: 192.0.2.7 - - [25/Feb/2020:04:30:19 +0000] \"GET / HTTP/1.1\" 200 13\r\n","stream":"stdout","time":"2020-02-25T04:30:17Z"})",
       "combined", "192.0.2.7", LogKind::access, "2020-02-25T04:30:19Z"},
      {R"({"log":"{\"remote_addr\":\"192.0.2.7\",\"request\":\"GET / HTTP/1.1\",\"status\":404}\n","stream":"stdout","time":"2020-02-25T04:30:17Z","attrs":{"tag":"x"}})",
       "json", "192.0.2.7", LogKind::access, "2020-02-25T04:30:17Z"},
      {R"(web_1  | 192.0.2.7 - - [25/Feb/2020:04:30:18 +0000] "GET / HTTP/1.1" 200 13)", "combined", "192.0.2.7",
       LogKind::access, "2020-02-25T04:30:18Z"},
      // a forwarded journal
      {R"({"timestamp":1582605017,"container":{"name":"c"},"type":"log.journald","message":"f.0 nginx: 192.0.2.7 - - [25/Feb/2020:04:30:18 +0000] \"GET / HTTP/1.1\" 502 1535"})",
       "combined", "192.0.2.7", LogKind::access, "2020-02-25T04:30:18Z"},
  };
  for (const auto& test : cases) {
    ASSERT_NE(recognise_line(test.line), "none") << test.line;
    EXPECT_EQ(event_.format, test.format) << test.line;
    EXPECT_EQ(address(), test.address) << test.line;
    EXPECT_EQ(event_.kind, test.kind) << test.line;
    EXPECT_EQ(time(), test.time) << test.line;
  }
}

TEST_F(WrappedFormats, OtherLines) {
  ASSERT_EQ(recognise_line("2020-02-25T04:30:17Z stdout F Login failed"), "container");
  EXPECT_EQ(event_.kind, LogKind::app);
  EXPECT_EQ(field(Field::body), "Login failed");
  EXPECT_EQ(time(), "2020-02-25T04:30:17Z");
  ASSERT_EQ(
      recognise_line(R"({"log":"[2020-02-25 04:30:18] \"x\"\n","stream":"stderr","time":"2020-02-25T04:30:17Z"})"),
      "json");
  EXPECT_EQ(event_.format, "app");
  EXPECT_EQ(field(Field::body), "\"x\"");
  ASSERT_EQ(recognise_line(R"({"log":"{\"ip\":\"192.0.2.7\"}\n","stream":"stderr","time":"2020-02-25T04:30:17Z"})"),
            "json");
  EXPECT_EQ(event_.kind, LogKind::fields);
  EXPECT_EQ(record(), "ip=192.0.2.7\n");
  EXPECT_EQ(time(), "2020-02-25T04:30:17Z");
  // a server's message that is no access or error line
  ASSERT_EQ(recognise_line("2020-02-25T04:30:17Z host nginx[1]: started"), "syslog");
  EXPECT_EQ(event_.kind, LogKind::syslog);
  EXPECT_EQ(field(Field::message), "started");
  // journal
  ASSERT_TRUE(
      parse_as("message", "host nginx[2]: 2020/02/25 04:30:18 [error] 1#1: *1 x, client: 192.0.2.7, server: h"));
  EXPECT_EQ(event_.kind, LogKind::error);
  EXPECT_EQ(address(), "192.0.2.7");
  EXPECT_EQ(field(Field::program), "nginx");
}

TEST_F(WrappedFormats, PartsOfLines) {
  EXPECT_EQ(recognise_line("2020-02-25T04:30:17Z stdout P Login failed for x from 192.0.2.7"), "none");
  EXPECT_EQ(recognise_line(R"({"log":"Login failed for x from 192.0.2.7","stream":"a","time":"2020-02-25T04:30:17Z"})"),
            "none");
  ASSERT_EQ(
      recognise_line(
          R"(2020-02-25T04:30:17Z stdout P 192.0.2.7 - - [25/Feb/2020:04:30:18 +0000] "GET /x HTTP/1.1" 200 13 "r)"),
      "vhost-combined");
  EXPECT_EQ(field(Field::path), "/x");
  EXPECT_EQ(address(), "192.0.2.7");
}

TEST_F(WrappedFormats, NotDeeperThanTwo) {
  std::string line = R"(192.0.2.7 - - [25/Feb/2020:04:30:18 +0000] "GET / HTTP/1.1" 200 13)";
  for (int depth = 1; depth <= 4; ++depth) {
    line.insert(0, "2020-02-25T04:30:17Z stdout F ");
    static_cast<void>(recognise_line(line));
    EXPECT_EQ(address(), depth <= most_wrappers ? "192.0.2.7" : "none") << depth;
  }
}

// Host headers where the virtual-host column stands first: whatever they pretend, the client is the true one or nobody.
TEST_F(WrappedFormats, HostHeadersThatLookLikeWrappers) {
  const auto tail = R"( 192.0.2.7 - - [25/Feb/2020:04:30:17 +0000] "GET / HTTP/1.1" 400 1 "-" "ua")"sv;
  for (const std::string_view host :
       {"Feb 25 04:30:17 h nginx[1]:"sv, "Feb 25 04:30:17 h nginx[1]: 192.0.2.66 - -"sv,
        "Feb 25 04:30:17 h nginx[1]: h 192.0.2.66 - -"sv, "2020-02-25T04:30:17Z stdout F"sv,
        "2020-02-25T04:30:17Z stdout F 192.0.2.66 - -"sv,
        "2020-02-25T04:30:17Z stdout F 192.0.2.66:1 [25/Feb/2020:04:30:18.127] in/1: x"sv,
        "Feb 25 04:30:17 h nginx[1]: 2020/02/25 04:30:18 [error] 1#1: *1 x, client: 192.0.2.66, server: h"sv,
        "Feb 25 04:30:17 h httpd[1]: [authz_core:error] [pid 1] [client 192.0.2.66:1] AH1: m"sv,
        "Feb 25 04:30:17 h sshd[1]: Failed password for root from 192.0.2.66 port 1 ssh2"sv,
        "2020-02-25T04:30:17Z stdout F Feb 25 04:30:17 h nginx[1]: 192.0.2.66 - -"sv, "web | 192.0.2.66 - -"sv}) {
    const std::string line = std::string(host) + std::string(tail);
    for (const auto* hint : {static_cast<const LogFormat*>(nullptr), find_format("vhost-combined"),
                             find_format("combined"), find_format("nginx-error")}) {
      const auto name = recognise_line(line, false, hint);
      EXPECT_TRUE(name == "vhost-combined" || name == "combined") << line;
      EXPECT_EQ(event_.kind, LogKind::access) << line;
      EXPECT_TRUE(address() == "none" || address() == "192.0.2.7") << line << ": " << address();
    }
  }
}

TEST_F(WrappedFormats, ApacheErrorsInSyslogNeedMoreThanALevel) {
  EXPECT_EQ(recognise_line("Feb 25 04:30:17 h httpd[22034]: [error] [client 192.0.2.7] user x not found: /basic"),
            "syslog");
  EXPECT_EQ(event_.format, "apache-error");
  EXPECT_EQ(event_.kind, LogKind::error);
  EXPECT_EQ(address(), "192.0.2.7");
  EXPECT_EQ(field(Field::level), "error");
  EXPECT_EQ(field(Field::message), "user x not found: /basic");
  for (const std::string_view line : {"Feb 25 04:30:17 h httpd[22034]: [error] user x not found: /basic"sv,
                                      "Feb 25 04:30:17 h app[22034]: [error] [client 192.0.2.7] user x not found"sv}) {
    EXPECT_EQ(recognise_line(line), "syslog") << line;
    EXPECT_EQ(event_.kind, LogKind::syslog) << line;
  }
}

TEST_F(WrappedFormats, OtherProgramsAreNotServers) {
  ASSERT_EQ(
      recognise_line("2020-02-25T04:30:17Z host nginxer[1]: 2020/02/25 04:30:18 [error] 1#1: *1 x, client: 192.0.2.66"),
      "syslog");
  EXPECT_EQ(event_.kind, LogKind::syslog);
  EXPECT_EQ(address(), "none");
  ASSERT_EQ(recognise_line("2020-02-25T04:30:17Z host sshd[1]: [a:error] [pid 1] [client 192.0.2.66:1] x"), "syslog");
  EXPECT_EQ(address(), "none");
}

}  // namespace
}  // namespace ipguard::match
