// The access logs of proxies and load balancers, and those that are nearly "combined".
#include "format_fixture.h"

namespace ipguard::match {
namespace {

using model::Field;
using model::LogKind;
using namespace std::string_view_literals;

class ProxyFormats : public FormatTest {
 protected:
  struct Case {
    std::string_view line;
    std::string_view address;
    std::string_view method;
    std::string_view path;
    std::string_view status;
    std::string_view bytes;
    std::string_view user_agent;
  };
  void check(std::string_view format, const Case& test) {
    ASSERT_EQ(recognise_line(test.line), format) << test.line;
    EXPECT_EQ(event_.kind, LogKind::access) << test.line;
    EXPECT_EQ(address(), test.address) << test.line;
    EXPECT_EQ(field(Field::method), test.method) << test.line;
    EXPECT_EQ(field(Field::path), test.path) << test.line;
    EXPECT_EQ(field(Field::status), test.status) << test.line;
    EXPECT_EQ(field(Field::bytes), test.bytes) << test.line;
    EXPECT_EQ(field(Field::user_agent), test.user_agent) << test.line;
    EXPECT_TRUE(event_.time.has_value());
  }
  void refuse(std::string_view format, std::initializer_list<std::string_view> lines) {
    for (const auto line : lines) {
      EXPECT_FALSE(parse_as(format, line)) << line;
    }
  }
};

TEST_F(ProxyFormats, Haproxy) {
  const Case cases[] = {
      {R"(192.0.2.7:14853 [25/Feb/2020:04:30:17.127] in~ be/srv 1/0/0/3/173 200 739 - - --NN 0/0/0/0/0 0/0 "GET /x HTTP/1.1")",
       "192.0.2.7", "GET", "/x", "200", "739", ""},
      {R"(2001:db8::7:58430 [25/Feb/2020:04:30:17.127] m m/<NOSRV> -1/-1/-1/-1/0 401 +248 - - PR-- 0/0/0/0/0 0/0 {ua|x y} {z} "GET / HTTP/1.1")",
       "2001:db8::7", "GET", "/", "401", "248", ""},
      {R"(192.0.2.7:1 [25/Feb/2020:04:30:17.127] m m/<NOSRV> -1/-1/-1/-1/0 -1 0 - - CR-- 0/0/0/0/0 0/0 "<BADREQ>")",
       "192.0.2.7", "", "", "", "0", ""},
      {R"(192.0.2.7:1 [25/Feb/2020:04:30:17.127] m m/s 0/0/0/0/0 200 1 - - ---- 0/0/0/0/0 0/0 "GET / HTTP/1.1" 0/0/0/0/0 h/TLSv1.3/X)",
       "192.0.2.7", "GET", "/", "200", "1", ""},
      // what a header or the target holds stays there
      {R"(192.0.2.7:1 [25/Feb/2020:04:30:17.127] m m/s 0/0/0/0/0 200 1 - - ---- 0/0/0/0/0 0/0 {192.0.2.66:1 [x] } "GET /192.0.2.66:1 HTTP/1.1")",
       "192.0.2.7", "GET", "/192.0.2.66:1", "200", "1", ""},
  };
  for (const auto& test : cases) {
    check("haproxy", test);
  }
  ASSERT_EQ(recognise_line("192.0.2.7:1 [25/Feb/2020:04:30:17.127] in/1: SSL handshake failure"), "haproxy");
  EXPECT_EQ(event_.kind, LogKind::error);
  EXPECT_EQ(address(), "192.0.2.7");
  EXPECT_EQ(field(Field::message), "SSL handshake failure");
  refuse("haproxy", {"", "192.0.2.7 [25/Feb/2020:04:30:17.127] in/1: x", "h:1 [25/Feb/2020:04:30:17.127] in/1: x",
                     "192.0.2.7:1 [yesterday] in/1: x", "192.0.2.7:1 [25/Feb/2020:04:30:17.127]",
                     "192.0.2.7:1 [25/Feb/2020:04:30:17.127] in: x",
                     R"(192.0.2.7:1 [25/Feb/2020:04:30:17.1] m m/s 0/0 200 1 - - ---- 0/0 0/0 {x "GET / HTTP/1.1")",
                     R"(192.0.2.7:1 [25/Feb/2020:04:30:17.1] m m/s 0/0 200 1 - - ---- 0/0 0/0 "GET / HTTP/1.1)"});
  EXPECT_FALSE(parse_as("haproxy", cases[0].line, true));
}

TEST_F(ProxyFormats, AwsLoadBalancers) {
  check(
      "aws-alb",
      {R"(h2 2020-02-25T04:30:17.186641Z app/lb/50dc 192.0.2.7:44740 10.0.0.66:9000 0.000 0.002 0.000 404 404 5 257 "GET https://h:773/x?y HTTP/2.0" "cu\"rl" E T a "Root=1")",
       "192.0.2.7", "GET", "/x", "404", "257", "cu\"rl"});
  check(
      "aws-alb",
      {R"(https 2020-02-25T04:30:17.186641Z app/lb/50dc [2001:db8::7]:44740 - -1 -1 -1 404 - 5 257 "GET /x HTTP/1.1" "-" - - - "Root=1")",
       "2001:db8::7", "GET", "/x", "404", "257", ""});
  check(
      "aws-alb",
      {R"(2020-02-25T04:30:17.186641Z lb 192.0.2.7:2817 10.0.0.1:80 0.1 0.1 0.1 200 200 0 29 "GET http://h:80/ HTTP/1.1" "ua" - -)",
       "192.0.2.7", "GET", "/", "200", "29", "ua"});
  refuse("aws-alb",
         {"", "h2 x", "2020-02-25T04:30:17.186641Z lb 192.0.2.7:2817",
          R"(2020-02-25T04:30:17Z lb x:1 10.0.0.1:80 0.1 0.1 0.1 200 200 0 29 "GET / HTTP/1.1" "ua" - -)",
          R"(2020-02-25T04:30:17 lb 192.0.2.7:1 10.0.0.1:80 0.1 0.1 0.1 200 200 0 29 "GET / HTTP/1.1" "ua" - -)"});
}

TEST_F(ProxyFormats, W3c) {
  // IIS 10, 7 and 6
  check("w3c", {"2020-02-25 04:30:17 10.0.0.1 GET /x.aspx a=%27 443 - 192.0.2.7 Mozilla/5.0+(x) - 404 0 2 15",
                "192.0.2.7", "GET", "/x.aspx", "404", "", "Mozilla/5.0+(x)"});
  EXPECT_EQ(field(Field::query), "a='");
  EXPECT_EQ(time(), "2020-02-25T04:30:17Z");
  check("w3c", {"2020-02-25 04:30:17 10.0.0.1 GET /x.aspx - 443 bob 2001:db8::7 ua 401 1 5 15", "2001:db8::7", "GET",
                "/x.aspx", "401", "", "ua"});
  EXPECT_EQ(field(Field::user), "bob");
  check("w3c", {"2020-02-25 04:30:17 W3SVC1 10.0.0.1 POST /x - 80 - 192.0.2.7 ua 200 0 0", "192.0.2.7", "POST", "/x",
                "200", "", "ua"});
  // every column that IIS has, and those of Azure's sites
  check("w3c",
        {"2020-02-25 04:30:17 W3SVC1 WEB1 10.0.0.1 GET /x a=1 443 bob 192.0.2.7 HTTP/1.1 ua c=192.0.2.66 - h 404 0 2 "
         "703 15 1",
         "192.0.2.7", "GET", "/x", "404", "703", "ua"});
  EXPECT_EQ(field(Field::vhost), "h");
  EXPECT_EQ(field(Field::protocol), "HTTP/1.1");
  EXPECT_EQ(field(Field::user), "bob");
  check("w3c", {"2020-02-25 04:30:17 SITE GET /x - 443 - 192.0.2.7 ua - - h 404 0 2 703 15 1", "192.0.2.7", "GET", "/x",
                "404", "703", "ua"});
  // CloudFront
  check("w3c",
        {"2020-02-25\t04:30:17\tCDG\t703\t192.0.2.7\tGET\td\t/x\t400\t-\tcurl/7%20x\tq=1\t-\tError\t3\th\thttps\t"
         "62\t0.1\t192.0.2.66\tTLSv1.3\tX\tError\tHTTP/2.0",
         "192.0.2.7", "GET", "/x", "400", "703", "curl/7 x"});
  EXPECT_EQ(field(Field::query), "q=1");
  refuse("w3c",
         {"", "#Fields: date time", "2020-02-25 04:30:17 x",
          // a column more, a column less, something else where the client belongs
          "2020-02-25 04:30:17 10.0.0.1 GET /x - 443 - 192.0.2.7 ua - 404 0 2 15 7",
          "2020-02-25 04:30:17 10.0.0.1 GET /x - 443 - 192.0.2.7 ua 404 0 2",
          "2020-02-25 04:30:17 10.0.0.1 GET /x - 443 - host ua - 404 0 2 15",
          "2020-02-25 04:30:17 10.0.0.1 GET /x - 443 a 192.0.2.66 192.0.2.7 ua - 404 0 2 15",
          "2020-02-25 04:30:17 W3SVC1 WEB1 10.0.0.1 GET /x - 443 - host HTTP/1.1 ua 192.0.2.66 - h 404 0 2 7 1 1",
          "2020-02-31 04:30:17 10.0.0.1 GET /x - 443 - 192.0.2.7 ua - 404 0 2 15"});
}

// A blank may be read for a '+' only where the line is scanned again.
TEST_F(ProxyFormats, PlusInASeparateQuery) {
  ASSERT_TRUE(parse_as("w3c", "2020-02-25 04:30:17 10.0.0.1 GET /x a+b 443 - 192.0.2.7 ua - 404 0 2 15"));
  EXPECT_EQ(field(Field::query), "a+b");
  ASSERT_TRUE(parse_as("w3c", "2020-02-25 04:30:17 10.0.0.1 GET /x a+b%27 443 - 192.0.2.7 ua - 404 0 2 15"));
  EXPECT_EQ(field(Field::query), "a b'");
}

TEST_F(ProxyFormats, NginxProxyManager) {
  const Case cases[] = {
      {R"([25/Feb/2020:04:30:17 +0000] - 404 404 - GET http h "/x?y" [Client 192.0.2.7] [Length 192] [Gzip 3.10] [Sent-to s] "ua" "-")",
       "192.0.2.7", "GET", "/x", "404", "192", "ua"},
      {R"([25/Feb/2020:04:30:17 +0000] 200 - GET https h "/x" [Client 2001:db8::7] [Length 1] [Gzip -] "ua" "r")",
       "2001:db8::7", "GET", "/x", "200", "1", "ua"},
      {R"([25/Feb/2020:04:30:17 +0000] 404 - GET http h "/\x22 [Client 192.0.2.66] [Length 1" [Client 192.0.2.7] [Length 1] [Gzip -] "\x22 [Client 192.0.2.66]" "-")",
       "192.0.2.7", "GET", "/\" [Client 192.0.2.66] [Length 1", "404", "1", "\" [Client 192.0.2.66]"},
      {R"([25/Feb/2020:04:30:17 +0100] h 192.0.2.7 0.004 "GET /x HTTP/1.1" 200 61 473 - Mozilla/5.0 (x) y)",
       "192.0.2.7", "GET", "/x", "200", "61", "Mozilla/5.0 (x) y"},
      // a Host header of several words
      {R"([25/Feb/2020:04:30:17 +0100] h 192.0.2.66 0.001 192.0.2.7 0.004 "GET /x HTTP/1.1" 200 61 473 - ua)", "none",
       "GET", "/x", "200", "61", "ua"},
  };
  for (const auto& test : cases) {
    check("nginx-proxy-manager", test);
  }
  refuse("nginx-proxy-manager",
         {"", "[25/Feb/2020:04:30:17 +0000]", "[25/Feb/2020:04:30:17 +0000] x",
          R"([25/Feb/2020:04:30:17 +0000] 404 - GET http h "/x [Client 192.0.2.66] [Length 1])",
          R"([25/Feb/2020:04:30:17 +0000] 404 - GET http h "/x" y [Client 192.0.2.66] [Length 1])",
          R"([25/Feb/2020:04:30:17 +0000] 404 - GET ftp h "/x" [Client 192.0.2.66] [Length 1])"});
}

TEST_F(ProxyFormats, Zoraxy) {
  const auto line =
      "2020/02/25 04:30:17 [2020-02-25 04:30:17.150624] [router:host-http] [origin:h] [client: 192.0.2.7] [useragent: "
      "a "
      "[client: 192.0.2.66] b] GET /.git/config 404"sv;
  check("zoraxy", {line, "none", "GET", "/.git/config", "404", "", "a [client: 192.0.2.66] b"});
  // asked for by name
  ASSERT_TRUE(parse_as("zoraxy", line));
  EXPECT_EQ(address(), "192.0.2.7");
  refuse("zoraxy", {"", "[2020-02-25 04:30:17] [router:x] x",
                    "[2020-02-25 04:30:17] [router:x] [origin:h] x] [client: 192.0.2.66] [useragent: a] GET / 404",
                    "[2020-02-25 04:30:17] [router:x] [origin:h] [client: 192.0.2.66] [useragent: a] GET / 4040"});
}

TEST_F(ProxyFormats, NearlyCombined) {
  const Case cases[] = {
      {R"(192.0.2.7 -  -  [02/sept./2020:00:11:31 +0200] "GET /x HTTP/1.1" 401 1382 )", "192.0.2.7", "GET", "/x", "401",
       "1382", ""},
      {R"(192.0.2.7 -  -  [02/Mär/2020:00:11:31 +0200] "GET /x HTTP/1.1" 401 - )", "192.0.2.7", "GET", "/x", "401", "",
       ""},
      {R"(192.0.2.7 - bob [25/Feb/2020:04:30:17] "GET /x HTTP/1.1" 200 266 "r" "ua")", "192.0.2.7", "GET", "/x", "200",
       "266", "ua"},
      {R"(192.0.2.7 - - - [25/Feb/2020:04:30:17 ] h.example "GET / HTTP/1.1" 200 814 "-" "ua" + 293 1149 546)",
       "192.0.2.7", "GET", "/", "200", "814", "ua"},
      {R"(192.0.2.7 - - [25/Feb/2020:04:30:17 GMT] "POST /x HTTP/1.1" 403 34/40 0.008 - - 0)", "192.0.2.7", "POST",
       "/x", "403", "34", ""},
      {R"(192.0.2.7 - - [25/Feb/2020:04:30:17 +0000] "GET /x HTTP/1.1" - - "-" "ua" 45640 "-" "-" 0ms)", "192.0.2.7",
       "GET", "/x", "", "", "ua"},
      {R"(192.0.2.7 - b [25/Feb/2020:04:30:17] "GET /z HTTP/1.1" 200 1 [25/Feb/2020:04:30:17] "GET /x HTTP/1.1" 200 266)",
       "192.0.2.7", "GET", "/z", "200", "1", ""},
  };
  for (const auto& test : cases) {
    check("combined-variant", test);
  }
  refuse("combined-variant", {"", R"(host - - [25/Feb/2020:04:30:17] "GET / HTTP/1.1" 200 1)",
                              // the first may be a virtual host
                              R"(192.0.2.66 192.0.2.7 - - [25/Feb/2020:04:30:17] "GET / HTTP/1.1" 200 1)",
                              R"(192.0.2.66 - - 192.0.2.7 - - [25/Feb/2020:04:30:17] "GET / HTTP/1.1" 200 1)",
                              R"(192.0.2.7 - - [25/Foo/2020:04:30:17] "GET / HTTP/1.1" 200 1)",
                              R"(192.0.2.7 - - [25/Feb/2020:04:30:17] "GET / HTTP/1.1" 200 "-" "ua")",
                              R"(192.0.2.7 - - [25/Feb/2020:04:30:17] a b "GET / HTTP/1.1" 200 1)",
                              R"(192.0.2.7 - - [25/Feb/2020:04:30:17] "GET / HTTP/1.1)"});
  // as a hint it leaves exact lines to "combined"
  EXPECT_EQ(recognise_line(R"(192.0.2.7 - - [25/Feb/2020:04:30:17 +0000] "GET / HTTP/1.1" 200 1)", false,
                           find_format("combined-variant")),
            "combined");
}

}  // namespace
}  // namespace ipguard::match
