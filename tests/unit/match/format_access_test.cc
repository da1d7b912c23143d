// "combined" and "vhost-combined".
#include "format_fixture.h"

namespace ipguard::match {
namespace {

using model::Field;
using namespace std::string_view_literals;

class AccessFormats : public FormatTest {};

TEST_F(AccessFormats, ReadsEveryField) {
  ASSERT_EQ(recognise_line(R"(192.0.2.7 - frank [25/Feb/2020:04:30:17 +0100] "GET /a%20b?x=1+2 HTTP/1.1" 404 143 )"
                           R"x("http://example.org/start" "Mozilla/5.0 (X11)" "-" 0.003)x"),
            "combined");
  EXPECT_EQ(event_.format, "combined");
  EXPECT_EQ(event_.kind, model::LogKind::access);
  EXPECT_EQ(address(), "192.0.2.7");
  EXPECT_EQ(time(), "2020-02-25T03:30:17Z");
  EXPECT_EQ(field(Field::user), "frank");
  EXPECT_EQ(field(Field::method), "GET");
  EXPECT_EQ(field(Field::target), "/a%20b?x=1+2");
  EXPECT_EQ(field(Field::path), "/a b");
  EXPECT_EQ(field(Field::query), "x=1 2");
  EXPECT_EQ(field(Field::protocol), "HTTP/1.1");
  EXPECT_EQ(field(Field::status), "404");
  EXPECT_EQ(field(Field::bytes), "143");
  EXPECT_EQ(field(Field::referer), "http://example.org/start");
  EXPECT_EQ(field(Field::user_agent), "Mozilla/5.0 (X11)");
  EXPECT_EQ(field(Field::vhost), "");
}

TEST_F(AccessFormats, OrdinaryLinesAreViews) {
  const std::string_view line =
      R"(192.0.2.7 - - [25/Feb/2020:04:30:17 +0000] "GET /shop/list?page=2 HTTP/2.0" 200 5 "-" "curl/8.0")";
  ASSERT_EQ(recognise_line(line), "combined");
  for (const auto text : event_.fields) {
    EXPECT_TRUE(text.empty() || (text.data() >= line.data() && text.data() + text.size() <= line.data() + line.size()));
  }
}

TEST_F(AccessFormats, TakesWhatServersWrite) {
  const struct {
    std::string_view line;
    std::string_view format;
    std::string_view address;
    std::string_view vhost;
    std::string_view user;
    std::string_view path;
  } cases[] = {
      // common log format
      {R"(192.0.2.7 - - [25/Feb/2020:04:30:17 +0000] "GET / HTTP/1.0" 200 -)", "combined", "192.0.2.7", "", "", "/"},
      {R"(2001:db8::7 - - [25/Feb/2020:04:30:17 +0000] "GET / HTTP/1.0" 304 0)", "combined", "2001:db8::7", "", "",
       "/"},
      {R"(::ffff:192.0.2.7 - - [25/Feb/2020:04:30:17 +0000] "GET / HTTP/1.0" 200 1)", "combined", "192.0.2.7", "", "",
       "/"},
      // a host name is never resolved and never an address
      {R"(client.example.net - - [25/Feb/2020:04:30:17 +0000] "GET / HTTP/1.0" 200 1)", "combined", "none", "", "",
       "/"},
      {R"(192.0.2.007 - - [25/Feb/2020:04:30:17 +0000] "GET / HTTP/1.0" 200 1)", "combined", "none", "", "", "/"},
      // Apache writes an empty user name as two quotes
      {R"(192.0.2.7 - "" [25/Feb/2020:04:30:17 +0000] "GET /x HTTP/1.1" 401 1)", "combined", "192.0.2.7", "", "", "/x"},
      {R"(192.0.2.7 - [25/Feb/2020:04:30:17 +0000] "GET /x HTTP/1.1" 401 1)", "combined", "192.0.2.7", "", "", "/x"},
      // a virtual host in front
      {R"(example.org:443 192.0.2.7 - bob [25/Feb/2020:04:30:17 +0000] "GET /v HTTP/1.1" 200 1 "-" "-")",
       "vhost-combined", "192.0.2.7", "example.org:443", "bob", "/v"},
      {R"([2001:db8::1]:80 2001:db8::7 - - [25/Feb/2020:04:30:17 +0000] "GET /v HTTP/1.1" 200 1)", "vhost-combined",
       "2001:db8::7", "[2001:db8::1]:80", "", "/v"},
      {R"(- 192.0.2.7 - - [25/Feb/2020:04:30:17 +0000] "GET /v HTTP/1.1" 400 1 "-" "-")", "vhost-combined", "192.0.2.7",
       "", "", "/v"},
      {R"(example.org client.example.net - - [25/Feb/2020:04:30:17 +0000] "GET /v HTTP/1.1" 400 1)", "vhost-combined",
       "none", "example.org", "", "/v"},
      // absolute form, as open-proxy probes have it
      {R"(192.0.2.7 - - [25/Feb/2020:04:30:17 +0000] "GET http://example.com/azenv.php?x HTTP/1.1" 404 1)", "combined",
       "192.0.2.7", "", "", "/azenv.php"},
      {R"(192.0.2.7 - - [25/Feb/2020:04:30:17 +0000] "GET http://example.com HTTP/1.1" 404 1)", "combined", "192.0.2.7",
       "", "", "/"},
      {R"(192.0.2.7 - - [25/Feb/2020:04:30:17 +0000] "CONNECT example.com:25 HTTP/1.1" 405 1)", "combined", "192.0.2.7",
       "", "", ""},
      {R"(192.0.2.7 - - [25/Feb/2020:04:30:17 +0000] "GET /redirect/http://example.com//x HTTP/1.1" 200 1)", "combined",
       "192.0.2.7", "", "", "/redirect/http://example.com/x"},
  };
  for (const auto& test : cases) {
    EXPECT_EQ(recognise_line(test.line), test.format) << test.line;
    EXPECT_EQ(address(), test.address) << test.line;
    EXPECT_EQ(field(Field::vhost), test.vhost) << test.line;
    EXPECT_EQ(field(Field::user), test.user) << test.line;
    EXPECT_EQ(field(Field::path), test.path) << test.line;
  }
}

TEST_F(AccessFormats, RefusesOtherLines) {
  for (const std::string_view line : {
           ""sv,
           " "sv,
           "\""sv,
           R"(192.0.2.7 - - [25/Foo/2020:04:30:17 +0000] "GET / HTTP/1.0" 200 1)"sv,
           R"(192.0.2.7 - - [25/Feb/2020:04:30:17 +0000] GET / HTTP/1.0 200 1)"sv,
           R"(192.0.2.7 - - [25/Feb/2020:04:30:17 +0000] "GET / HTTP/1.0")"sv,
           R"(192.0.2.7 - - [25/Feb/2020:04:30:17 +0000] "GET / HTTP/1.0" 200)"sv,
           R"(192.0.2.7 - - [25/Feb/2020:04:30:17 +0000] "GET / HTTP/1.0" 200 "-" "Mozilla/5.0")"sv,
           R"(192.0.2.7 - - [25/Feb/2020:04:30:17 +0000] "GET / HTTP/1.0" 2000 1)"sv,
           R"(192.0.2.7 - - [25/Feb/2020:04:30:17 +0000] "GET / HTTP/1.0)"sv,
       }) {
    EXPECT_EQ(recognise_line(line), "none") << line;
  }
}

TEST_F(AccessFormats, UserNamesCannotMoveTheAddressOrTheRequest) {
  const struct {
    std::string_view line;
    std::string_view user;
    std::string_view path;
  } cases[] = {
      {R"(192.0.2.7 - john smith [25/Feb/2020:04:30:17 +0000] "GET /real HTTP/1.1" 401 1)", "john smith", "/real"},
      {R"(192.0.2.7 - a [24/Feb/2020:00:00:00 +0000] [25/Feb/2020:04:30:17 +0000] "GET /real HTTP/1.1" 401 1)",
       "a [24/Feb/2020:00:00:00 +0000]", "/real"},
      // nginx writes quotes as \x22, Apache as \"
      {R"(192.0.2.7 - a [24/Feb/2020:00:00:00 +0000] \x22GET /forged [25/Feb/2020:04:30:17 +0000] "GET /real HTTP/1.1" 401 1)",
       R"(a [24/Feb/2020:00:00:00 +0000] "GET /forged)", "/real"},
      {R"(192.0.2.7 - x\" - [25/Feb/2020:04:30:17 +0000] "GET /real HTTP/1.1" 401 1)", R"(x" -)", "/real"},
      {R"(192.0.2.7 - us\x0Aer [25/Feb/2020:04:30:17 +0000] "GET /real HTTP/1.1" 401 1)", "us\ner", "/real"},
      // a server that does not escape: the address stands, the request is the one behind a stamp
      {R"(192.0.2.7 - x" - [25/Feb/2020:04:30:17 +0000] "GET /real HTTP/1.1" 401 1)", R"(x" -)", "/real"},
  };
  for (const auto& test : cases) {
    EXPECT_EQ(recognise_line(test.line), "combined") << test.line;
    EXPECT_EQ(address(), "192.0.2.7") << test.line;
    EXPECT_EQ(time(), "2020-02-25T04:30:17Z") << test.line;
    EXPECT_EQ(field(Field::user), test.user) << test.line;
    EXPECT_EQ(field(Field::path), test.path) << test.line;
  }
}

// A Host header with blanks, logged by nginx as $http_host in front of the client: 192.0.2.66 is the attacker's choice.
TEST_F(AccessFormats, HostHeadersCannotBecomeTheAddress) {
  const struct {
    std::string_view line;
    std::string_view address;
  } cases[] = {
      {R"(192.0.2.66 203.0.113.5 - - [25/Feb/2020:04:30:17 +0000] "GET / HTTP/1.1" 400 1)", "203.0.113.5"},
      {R"(192.0.2.66 - - 203.0.113.5 - - [25/Feb/2020:04:30:17 +0000] "GET / HTTP/1.1" 400 1)", "none"},
      {R"(x 192.0.2.66 - - 203.0.113.5 - - [25/Feb/2020:04:30:17 +0000] "GET / HTTP/1.1" 400 1)", "none"},
      // a list of forwarded addresses: what stands in the client's place is a proxy
      {R"(192.0.2.66, 198.51.100.1 - - [25/Feb/2020:04:30:17 +0000] "GET / HTTP/1.1" 400 1)", "none"},
      // lines of other formats
      {R"(Feb 25 04:30:17 h sshd[1]: Invalid user a from 192.0.2.66 203.0.113.5 - - [25/Feb/2020:04:30:17 +0000] "GET / HTTP/1.1" 400 1)",
       "none"},
      {R"(2020/02/25 04:30:17 [error] 1#1: *1 x, client: 192.0.2.66 203.0.113.5 - - [25/Feb/2020:04:30:17 +0000] "GET / HTTP/1.1" 400 1)",
       "none"},
      {R"([Tue Feb 25 04:30:17 2020] [error] [client 192.0.2.66] x 203.0.113.5 - - [25/Feb/2020:04:30:17 +0000] "GET / HTTP/1.1" 400 1)",
       "none"},
      {R"(x 192.0.2.66 203.0.113.5 - - [25/Feb/2020:04:30:17 +0000] "GET / HTTP/1.1" 400 1)", "none"},
  };
  for (const auto* hint : {static_cast<const LogFormat*>(nullptr), find_format("vhost-combined")}) {
    for (const auto& test : cases) {
      EXPECT_EQ(recognise_line(test.line, false, hint), "vhost-combined") << test.line;
      EXPECT_EQ(address(), test.address) << test.line;
    }
  }
}

// The other way round: who logs in as a request line stays in the log that the source is known to be.
TEST_F(AccessFormats, KnownSourcesAreNotTalkedIntoThisFormat) {
  const auto line =
      R"(Feb 25 04:30:17 h sshd[1]: Invalid user x [25/Feb/2020:04:30:17 +0000] "GET / HTTP/1.1" 200 1 "-" from 192.0.2.7)"sv;
  EXPECT_EQ(recognise_line(line, false, find_format("syslog")), "syslog");
  EXPECT_EQ(recognise_line(line), "combined");
  EXPECT_EQ(address(), "none");
}

// In a log known to have no virtual hosts the first column is the client's, whatever the user is called.
TEST_F(AccessFormats, UserNamesCannotHideTheAddress) {
  const auto line = R"(203.0.113.5 - x 192.0.2.66 - - [25/Feb/2020:04:30:17 +0000] "GET / HTTP/1.1" 401 1)"sv;
  EXPECT_EQ(recognise_line(line, false, find_format("combined")), "combined");
  EXPECT_EQ(address(), "203.0.113.5");
  EXPECT_EQ(field(Field::user), "x 192.0.2.66 - -");
}

TEST_F(AccessFormats, UndoesLogEscapes) {
  ASSERT_EQ(recognise_line(R"(192.0.2.7 - - [25/Feb/2020:04:30:17 +0000] "GET /a\x22b\"c\\d?\x41 HTTP/1.1" 404 1 )"
                           R"("\x1b[31m" "q\"\\\n\t\q\x4")"),
            "combined");
  EXPECT_EQ(field(Field::target), R"(/a"b"c\d?A)");
  EXPECT_EQ(field(Field::path), R"(/a"b"c/d)");
  EXPECT_EQ(field(Field::query), "A");
  EXPECT_EQ(field(Field::referer), "\x1b[31m");
  EXPECT_EQ(field(Field::user_agent), "q\"\\\n\t\\q\\x4");
}

TEST_F(AccessFormats, RequestsThatAreNone) {
  const struct {
    std::string_view request;
    std::string_view method;
    std::string_view target;
  } cases[] = {
      {"-", "", "-"},
      {"", "", ""},
      {R"(\x16\x03\x01)", "", "\x16\x03\x01"},
      {"HELP", "", "HELP"},
      {"batman forever", "", "batman forever"},
      {"GET", "", "GET"},
      {"get / HTTP/1.1", "", "get / HTTP/1.1"},
      {"SSH-2.0-Go", "", "SSH-2.0-Go"},
      {"GET /old", "GET", "/old"},
      {"GET /a b c HTTP/1.1", "GET", "/a b c"},
      {"OPTIONS * HTTP/1.0", "OPTIONS", "*"},
  };
  for (const auto& test : cases) {
    const std::string line =
        "192.0.2.7 - - [25/Feb/2020:04:30:17 +0000] \"" + std::string(test.request) + "\" 400 157 \"-\" \"-\"";
    ASSERT_EQ(recognise_line(line), "combined") << line;
    EXPECT_EQ(address(), "192.0.2.7");
    EXPECT_EQ(field(Field::method), test.method) << line;
    EXPECT_EQ(field(Field::target), test.target) << line;
    EXPECT_EQ(field(Field::path).empty(), test.method.empty()) << line;
    EXPECT_EQ(field(Field::status), "400") << line;
  }
}

TEST_F(AccessFormats, HostileBytesStayBytes) {
  const auto line =
      "192.0.2.7 - \xff\xfe [25/Feb/2020:04:30:17 +0000] \"GET /\0\x1b[2J\xc3\x28 HTTP/1.1\" 404 1 \"\r\" \"\xed\xa0\x80\""sv;
  ASSERT_EQ(recognise_line(line), "combined");
  EXPECT_EQ(field(Field::user), "\xff\xfe");
  EXPECT_EQ(field(Field::path), "/\0\x1b[2J\xc3\x28"sv);
  EXPECT_EQ(field(Field::referer), "\r");
  EXPECT_EQ(field(Field::user_agent), "\xed\xa0\x80");
}

TEST_F(AccessFormats, CutLinesKeepWhatIsComplete) {
  const std::string line =
      R"(192.0.2.7 - - [25/Feb/2020:04:30:17 +0000] "GET /path/x?query=1 HTTP/1.1" 404 143 "http://r/" "agent")";
  const struct {
    std::string_view ends_behind;
    std::string_view method;
    std::string_view path;
    std::string_view target;
    std::string_view status;
    std::string_view bytes;
    std::string_view referer;
    std::string_view agent;
  } cases[] = {
      {"\"GE", "", "", "", "", "", "", ""},
      {"GET /pat", "GET", "", "", "", "", "", ""},
      {"GET /path/x?que", "GET", "/path/x", "", "", "", "", ""},
      {"query=1 HTTP/1.1", "GET", "/path/x", "", "", "", "", ""},
      {"HTTP/1.1\"", "GET", "/path/x", "/path/x?query=1", "", "", "", ""},
      {"\" 404", "GET", "/path/x", "/path/x?query=1", "", "", "", ""},
      {"\" 404 ", "GET", "/path/x", "/path/x?query=1", "404", "", "", ""},
      {"404 14", "GET", "/path/x", "/path/x?query=1", "404", "", "", ""},
      {"143 ", "GET", "/path/x", "/path/x?query=1", "404", "143", "", ""},
      {"http://r/", "GET", "/path/x", "/path/x?query=1", "404", "143", "", ""},
      {"http://r/\"", "GET", "/path/x", "/path/x?query=1", "404", "143", "http://r/", ""},
      {"agent", "GET", "/path/x", "/path/x?query=1", "404", "143", "http://r/", ""},
  };
  for (const auto& test : cases) {
    const auto cut = std::string_view(line).substr(0, line.find(test.ends_behind) + test.ends_behind.size());
    ASSERT_EQ(recognise_line(cut, true), "combined") << cut;
    EXPECT_EQ(address(), "192.0.2.7") << cut;
    EXPECT_EQ(field(Field::method), test.method) << cut;
    EXPECT_EQ(field(Field::path), test.path) << cut;
    EXPECT_EQ(field(Field::target), test.target) << cut;
    EXPECT_EQ(field(Field::status), test.status) << cut;
    EXPECT_EQ(field(Field::bytes), test.bytes) << cut;
    EXPECT_EQ(field(Field::referer), test.referer) << cut;
    EXPECT_EQ(field(Field::user_agent), test.agent) << cut;
  }
}

TEST_F(AccessFormats, FieldsOfTheLastLineAreGone) {
  ASSERT_EQ(recognise_line(R"(h 192.0.2.7 - u [25/Feb/2020:04:30:17 +0000] "GET /a?b HTTP/1.1" 404 1 "r" "a")"),
            "vhost-combined");
  ASSERT_EQ(recognise_line(R"(client.example.net - - [25/Feb/2020:04:30:17 +0000] "-" 408 -)"), "combined");
  EXPECT_EQ(address(), "none");
  for (const Field empty : {Field::vhost, Field::user, Field::path, Field::query, Field::bytes, Field::referer}) {
    EXPECT_EQ(field(empty), "");
  }
}

}  // namespace
}  // namespace ipguard::match
