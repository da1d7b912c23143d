// "nginx-error" and "apache-error".
#include "format_fixture.h"

namespace ipguard::match {
namespace {

using model::Field;
using namespace std::string_view_literals;

class ErrorFormats : public FormatTest {};

TEST_F(ErrorFormats, NginxFields) {
  ASSERT_EQ(
      recognise_line(R"(2020/02/25 04:30:17 [error] 2865#7: *66647 user "xyz" was not found in "/etc/htpasswd", )"
                     R"(client: 192.0.2.7, server: www.example.org, request: "GET /a%2fb?c HTTP/1.1", host: "h")"),
      "nginx-error");
  EXPECT_EQ(event_.kind, model::LogKind::error);
  EXPECT_TRUE(event_.time.has_value());
  EXPECT_EQ(address(), "192.0.2.7");
  EXPECT_EQ(field(Field::level), "error");
  EXPECT_EQ(field(Field::pid), "2865");
  EXPECT_EQ(field(Field::message), R"(user "xyz" was not found in "/etc/htpasswd")");
  EXPECT_EQ(field(Field::vhost), "www.example.org");
  EXPECT_EQ(field(Field::method), "GET");
  EXPECT_EQ(field(Field::target), "/a%2fb?c");
  EXPECT_EQ(field(Field::path), "/a/b");
  EXPECT_EQ(field(Field::query), "c");
}

TEST_F(ErrorFormats, NginxAddresses) {
  constexpr auto prefix = "2020/02/25 04:30:17 [error] 2865#2865: *66647 "sv;
  const struct {
    std::string_view rest;
    std::string_view address;
  } cases[] = {
      {R"(access forbidden by rule, client: 2001:db8::7, server: s, request: "GET / HTTP/1.1", host: "h")",
       "2001:db8::7"},
      {R"(SSL_do_handshake() failed (SSL: error:1408F0C6) while SSL handshaking, client: 192.0.2.7, server: 0.0.0.0:443)",
       "192.0.2.7"},
      {R"(peer closed connection, client: 192.0.2.7)", "192.0.2.7"},
      {R"(open() "/var/www/x" failed (2: No such file or directory), client: 192.0.2.7, server: , request: "GET /x HTTP/1.1")",
       "192.0.2.7"},
      // nginx escapes nothing: a forged client in a path, a user name, the request, the referrer
      {R"(open() "/var/www/x, client: 192.0.2.66, server: a" failed (2: No such file or directory), client: 192.0.2.7, server: s, request: "GET /x HTTP/1.1")",
       "none"},
      {R"(user "x": password mismatch, client: 192.0.2.66, server: a, request: "GET / HTTP/1.1", host: "h"": password mismatch, client: 192.0.2.7, server: s)",
       "none"},
      {R"(user "x": password mismatch, client: 192.0.2.7, server: s, request: "GET / HTTP/1.1", host: "h", referrer: "a, client: 192.0.2.66, server: b")",
       "none"},
      // … but where the message has no words of the client's, the first one is nginx's own
      {R"(access forbidden by rule, client: 192.0.2.7, server: s, request: "GET / HTTP/1.1", host: "h", referrer: "a, client: 192.0.2.66, server: b")",
       "192.0.2.7"},
      {R"(limiting requests, excess: 1.852 by zone "one", client: 192.0.2.7, server: s, request: "GET /, client: 192.0.2.66, HTTP/1.1")",
       "192.0.2.7"},
      {R"(something, client: host.example.net, server: s)", "none"},
      {R"(something, client: 192.0.2.7 , server: s)", "none"},
      {R"(something, client: 192.0.2.7, upstream: s)", "none"},
      {R"(something, client: unix:, server: s)", "none"},
      {R"(something without a client)", "none"},
      {"", "none"},
  };
  for (const auto& test : cases) {
    const std::string line = std::string(prefix) + std::string(test.rest);
    EXPECT_EQ(recognise_line(line), "nginx-error") << line;
    EXPECT_EQ(address(), test.address) << line;
  }
}

TEST_F(ErrorFormats, NginxLinesThatMayLackTheirTrueClient) {
  // not of a connection
  ASSERT_EQ(recognise_line("2020/02/25 04:30:17 [notice] 1#1: start, client: 192.0.2.66, server: s"), "nginx-error");
  EXPECT_EQ(address(), "none");
  // cut by nginx at NGX_MAX_ERROR_STR: what stands behind 2047 bytes is missing
  std::string line = R"(2020/02/25 04:30:17 [error] 1#1: *1 open() "/x, client: 192.0.2.66, server: s, request: ")";
  line.resize(2046, 'a');
  ASSERT_EQ(recognise_line(line), "nginx-error");
  EXPECT_EQ(address(), "192.0.2.66");
  line += 'a';
  ASSERT_EQ(recognise_line(line), "nginx-error");
  EXPECT_EQ(address(), "none");
  // cut by the reader
  ASSERT_EQ(recognise_line("2020/02/25 04:30:17 [error] 1#1: *1 x, client: 192.0.2.66, server: s", true),
            "nginx-error");
  EXPECT_EQ(address(), "none");
  EXPECT_EQ(field(Field::message), "");
}

TEST_F(ErrorFormats, NginxRequestOnlyWhereItsEndIsSure) {
  constexpr auto head = R"(2020/02/25 04:30:17 [error] 1#1: *1 x, client: 192.0.2.7, server: s, request: ")"sv;
  const struct {
    std::string_view request;
    std::string_view path;
  } cases[] = {
      {R"(GET /a HTTP/1.1", host: "h")", "/a"},
      {R"(GET /a"b HTTP/1.1", host: "h")", ""},
      {R"(GET /a)", ""},
      {"\x16\x03\x01\"", ""},
      {R"(GET /\x41 HTTP/1.1")", "/x41"},  // nothing is escaped here: a backslash is the client's
  };
  for (const auto& test : cases) {
    const std::string line = std::string(head) + std::string(test.request);
    ASSERT_EQ(recognise_line(line), "nginx-error");
    EXPECT_EQ(address(), "192.0.2.7");
    EXPECT_EQ(field(Field::path), test.path) << test.request;
  }
}

TEST_F(ErrorFormats, NginxWithModSecurity) {
  const struct {
    std::string_view line;
    std::string_view address;
    std::string_view message;
  } cases[] = {
      {"2020/02/25 04:30:17 [error] 1#1: *1 [client 192.0.2.7] ModSecurity: Access denied, client: 192.0.2.7, server: "
       "h",
       "192.0.2.7", "ModSecurity: Access denied"},
      // what it quotes is the client's, and so is a second mark
      {"2020/02/25 04:30:17 [error] 1#1: *1 [client 192.0.2.7] ModSecurity: (Value: `x, client: 192.0.2.66, server: h' "
       "), client: 192.0.2.7, server: h",
       "192.0.2.7", "ModSecurity: (Value: `x, client: 192.0.2.66, server: h' ), client: 192.0.2.7, server: h"},
      {"2020/02/25 04:30:17 [error] 1#1: *1 [client 192.0.2.7] ModSecurity: x, client: 192.0.2.66, server: h",
       "192.0.2.7", "ModSecurity: x, client: 192.0.2.66, server: h"},
      {"2020/02/25 04:30:17 [error] 1#1: *1 open() \"[client 192.0.2.66] ModSecurity: x\" failed", "none",
       "open() \"[client 192.0.2.66] ModSecurity: x\" failed"},
      {"2020/02/25 04:30:17 [error] 1#1: [client 192.0.2.66] ModSecurity: x", "none", "ModSecurity: x"},
  };
  for (const auto& test : cases) {
    EXPECT_EQ(recognise_line(test.line), "nginx-error") << test.line;
    EXPECT_EQ(address(), test.address) << test.line;
    EXPECT_EQ(field(Field::message), test.message) << test.line;
  }
}

TEST_F(ErrorFormats, NginxRefusesOtherLines) {
  for (const std::string_view line :
       {"2020/02/25 04:30:17 error 1#1: *1 x", "2020/02/25 04:30:17 [error] 1: *1 x", "2020/02/25 04:30:17",
        "2020/02/25 04:30:17 [error] a#1: x", "2020/02/25 04:30:17 [error]1#1: x",
        "2020/02/25 04:30:17 [errorerrorerror] 1#1: x"}) {
    EXPECT_NE(recognise_line(line), "nginx-error") << line;
    EXPECT_EQ(address(), "none") << line;
  }
}

TEST_F(ErrorFormats, ApacheLines) {
  const struct {
    std::string_view line;
    std::string_view address;
    std::string_view level;
    std::string_view message;
  } cases[] = {
      {"[Tue Feb 25 04:30:17.123456 2020] [auth_basic:error] [pid 12:tid 139] [client 192.0.2.7:51395] AH01618: user x "
       "not found: /",
       "192.0.2.7", "auth_basic:error", "AH01618: user x not found: /"},
      {"[Tue Feb 25 04:30:17 2020] [error] [client 192.0.2.7] user x not found: /", "192.0.2.7", "error",
       "user x not found: /"},
      {"[Tue Feb 25 04:30:17 2020] [error] [client 2001:db8::7] File does not exist: /x", "2001:db8::7", "error",
       "File does not exist: /x"},
      // 2.4 writes the port behind the address with a bare colon: the last group is never the address's
      {"[Tue Feb 25 04:30:17.1 2020] [core:error] [pid 1] [client 2001:db8::7:5154] AH1: m", "2001:db8::7",
       "core:error", "AH1: m"},
      {"[Tue Feb 25 04:30:17.1 2020] [core:error] [pid 1] [client [2001:db8::7]:51548] AH1: m", "2001:db8::7",
       "core:error", "AH1: m"},
      {"[Tue Feb 25 04:30:17.1 2020] [core:error] [pid 1] [client ::ffff:192.0.2.7:51548] AH1: m", "192.0.2.7",
       "core:error", "AH1: m"},
      {"[Tue Feb 25 04:30:17.1 2020] [:error] [pid 1:tid 2] [client 192.0.2.7:48154] [client 192.0.2.66] ModSecurity: "
       "x",
       "192.0.2.7", ":error", "ModSecurity: x"},
      // HTTP/2: the module says that it is a client's request, or ModSecurity names the client itself
      {"[Tue Feb 25 04:30:17.1 2020] [auth_basic:error] [pid 1:tid 2] [remote 192.0.2.7:80] AH01618: m", "192.0.2.7",
       "auth_basic:error", "AH01618: m"},
      {"[Tue Feb 25 04:30:17.1 2020] [:error] [pid 1:tid 2] [remote 192.0.2.9:0] [client 192.0.2.7] ModSecurity: x",
       "192.0.2.7", ":error", "ModSecurity: x"},
      {"[Tue Feb 25 04:30:17.1 2020] [proxy:error] [pid 1:tid 2] [remote 192.0.2.9:0] [client 192.0.2.7] x", "none",
       "proxy:error", "[remote 192.0.2.9:0] [client 192.0.2.7] x"},
      {"[Tue Feb 25 04:30:17.1 2020] [core:error] [pid 1:tid 2] (13)Permission denied: [client 192.0.2.7:1] AH00035: m",
       "192.0.2.7", "core:error", "AH00035: m"},
      {"[Tue Feb 25 04:30:17.1 2020] [core:debug] [pid 1:tid 2] mod_authz_core.c(817): [client 192.0.2.7:1] AH01626: m",
       "192.0.2.7", "core:debug", "AH01626: m"},
      // nobody's client
      {"[Tue Feb 25 04:30:17.1 2020] [proxy:error] [pid 1:tid 2] [remote 192.0.2.9:80] AH1: m", "none", "proxy:error",
       "[remote 192.0.2.9:80] AH1: m"},
      {"[Tue Feb 25 04:30:17.1 2020] [mpm_event:notice] [pid 1:tid 2] AH00489: configured", "none", "mpm_event:notice",
       "AH00489: configured"},
      {"[Tue Feb 25 04:30:17 2020] [error] [client host.example.net] m", "none", "error", "m"},
      // a client in the message is not at its position
      {"[Tue Feb 25 04:30:17 2020] [error] script [client 192.0.2.66] m", "none", "error",
       "script [client 192.0.2.66] m"},
      {"[Tue Feb 25 04:30:17.1 2020] [cgi:error] [pid 1:tid 2] (a: [client 192.0.2.66] m", "none", "cgi:error",
       "(a: [client 192.0.2.66] m"},
      {"[Tue Feb 25 04:30:17.1 2020] [cgi:error] [pid 1:tid 2] (2)x [client 192.0.2.66]: m", "none", "cgi:error",
       "(2)x [client 192.0.2.66]: m"},
  };
  for (const auto& test : cases) {
    EXPECT_EQ(recognise_line(test.line), "apache-error") << test.line;
    EXPECT_EQ(address(), test.address) << test.line;
    EXPECT_EQ(field(Field::level), test.level) << test.line;
    EXPECT_EQ(field(Field::message), test.message) << test.line;
    EXPECT_TRUE(event_.time.has_value());
  }
}

TEST_F(ErrorFormats, ApacheRefusesOtherLines) {
  for (const std::string_view line :
       {"[Tue Feb 25 04:30:17 2020]", "[Tue Feb 25 04:30:17 2020] error", "[Tue Feb 31 04:30:17 2020] [error] m",
        "[10/Feb/2024:21:24:01 +0100] host 192.0.2.7 0.004 \"GET / HTTP/1.1\" 200 61", "[x",
        "[Tue Feb 25 04:30:17 2020] [ERROR!] m"}) {
    EXPECT_FALSE(parse_as("apache-error", line)) << line;
  }
}

TEST_F(ErrorFormats, CutApacheLinesKeepTheClient) {
  ASSERT_EQ(recognise_line("[Tue Feb 25 04:30:17 2020] [error] [client 192.0.2.7] user x not fo", true),
            "apache-error");
  EXPECT_EQ(address(), "192.0.2.7");
  EXPECT_EQ(field(Field::message), "");
  ASSERT_EQ(recognise_line("[Tue Feb 25 04:30:17 2020] [error] [client 192.0.2.", true), "apache-error");
  EXPECT_EQ(address(), "none");
}

}  // namespace
}  // namespace ipguard::match
