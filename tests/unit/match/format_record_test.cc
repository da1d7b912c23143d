// Records: "json" and "logfmt", and which of them are access lines.
#include "format_fixture.h"
#include "match/formats/record.h"

namespace ipguard::match {
namespace {

using model::Field;
using model::LogKind;
using namespace std::string_view_literals;

class RecordFormats : public FormatTest {};

TEST_F(RecordFormats, JsonValues) {
  const struct {
    std::string_view line;
    std::string_view record;
  } cases[] = {
      {R"({"a":"x","b":12,"c":true,"d":null,"e":-1.5e+3,"f":false})",
       "a=x\nb=12\nc=true\nd=null\ne=-1.5e+3\nf=false\n"},
      {R"({"a":{"b":{"c":"x"},"d":["y",{"e":1},[2]]},"f":0})", "a.b.c=x\na.d.0=y\na.d.1.e=1\na.d.2.0=2\nf=0\n"},
      {R"( { "a" : [ ] , "b" : { } , "c" : "" } )", "c=\n"},
      {R"({"a":"\"\\\/\b\f\n\r\t"})", "a=\"\\/\b\f\n\r\t\n"},
      {R"({"a":"\u00e9\u20ac\ud83d\ude00\ud83dx\u0041"})", "a=é€😀\xef\xbf\xbdxA\n"},
      {R"({"\u0061\"":"x","b":{"\n":1}})", "a\"=x\nb.\n=1\n"},
      {R"({"a":"b\x22c\xC3\xa9\x5C"})", "a=b\"cé\\\n"},  // nginx without escape=json
      {"{\"a\":\"\xff\"}", "a=\xff\n"},
      {R"({"a":1,"a":2})", "a=1\na=2\n"},
      {R"({"a.b":1,"a":{"b":2}})", "a.b=1\na.b=2\n"},
      {R"({"":1,"a":{"":2}})", "=1\na.=2\n"},
  };
  for (const auto& test : cases) {
    const auto line = test.line.substr(test.line.find('{'));
    ASSERT_EQ(recognise_line(line), "json") << line;
    EXPECT_EQ(event_.kind, LogKind::fields) << line;
    EXPECT_EQ(record(), test.record) << line;
    EXPECT_EQ(address(), "none");
  }
  RecordScratch scratch;
  EXPECT_TRUE(parse_json_record(cases[2].line, scratch));
}

TEST_F(RecordFormats, BrokenJson) {
  for (const std::string_view line : {"{"sv,
                                      R"({"a")"sv,
                                      R"({"a":)"sv,
                                      R"({"a":1)"sv,
                                      R"({"a":1,})"sv,
                                      R"({"a":"\x2"})"sv,
                                      R"({"a":"\x2g"})"sv,
                                      R"({"a":"\x)"sv,
                                      R"({,"a":1})"sv,
                                      R"({"a":1 "b":2})"sv,
                                      R"({"a":[1,]})"sv,
                                      R"({"a":[1 2]})"sv,
                                      R"({"a":[})"sv,
                                      R"({"a":{]})"sv,
                                      R"({"a":1}})"sv,
                                      R"({"a":1} x)"sv,
                                      R"({"a":01})"sv,
                                      R"({"a":1.})"sv,
                                      R"({"a":.5})"sv,
                                      R"({"a":1e})"sv,
                                      R"({"a":+1})"sv,
                                      R"({"a":-})"sv,
                                      R"({"a":tru})"sv,
                                      R"({"a":nul})"sv,
                                      R"({"a":True})"sv,
                                      R"({a:1})"sv,
                                      R"({'a':1})"sv,
                                      R"({"a":'x'})"sv,
                                      R"({"a":"x)"sv,
                                      R"({"a":"x\"})"sv,
                                      R"({"a":"\u00"})"sv,
                                      R"({"a":"\u00g0"})"sv,
                                      R"({"a":"\)"sv,
                                      R"({"a":"\u)"sv,
                                      "{\"a\":\"x\ty\"}"sv,
                                      "{\"a\":\"x\0y\"}"sv,
                                      "{\"a\":1}\0"sv,
                                      "{\0}"sv}) {
    EXPECT_FALSE(parse_as("json", line)) << line;
  }
  EXPECT_FALSE(parse_as("json", R"({"a":1})", true));
}

TEST_F(RecordFormats, JsonBounds) {
  const auto nested = [](int depth) {
    std::string line;
    for (int i = 0; i < depth; ++i) {
      line += R"({"a":)";
    }
    return line + "1" + std::string(static_cast<size_t>(depth), '}');
  };
  EXPECT_TRUE(parse_as("json", nested(deepest_record)));
  EXPECT_FALSE(parse_as("json", nested(deepest_record + 1)));
  EXPECT_FALSE(parse_as("json", nested(100000)));
  const auto wide = [](size_t values) {
    std::string line = R"({"a":[0)";
    for (size_t i = 1; i < values; ++i) {
      line += ",\"\\n\"";
    }
    return line + "]}";
  };
  EXPECT_TRUE(parse_as("json", wide(most_record_values)));
  EXPECT_EQ(event_.record.back().name, "a.255");
  EXPECT_EQ(event_.record.back().value, "\n");
  EXPECT_EQ(event_.record[1].value, "\n");
  EXPECT_FALSE(parse_as("json", wide(most_record_values + 1)));
  EXPECT_TRUE(parse_as("json", "{\"" + std::string(longest_value_name, 'a') + "\":1}"));
  EXPECT_FALSE(parse_as("json", "{\"" + std::string(longest_value_name + 1, 'a') + "\":1}"));
  // Many names without a value cannot fill the memory either.
  std::string empty = "{\"a\":1";
  for (int i = 0; i < 20000; ++i) {
    empty += R"(,"\n":{"\n":{}})";
  }
  static_cast<void>(parse_as("json", empty + "}"));
}

TEST_F(RecordFormats, ValuesStandInTheLineWhereTheyCan) {
  const std::string line = R"({"a":"x","b":{"c":"y"}})";
  ASSERT_TRUE(parse_as("json", line));
  for (const auto& value : event_.record) {
    EXPECT_TRUE(value.value.data() >= line.data() && value.value.data() < line.data() + line.size());
  }
}

TEST_F(RecordFormats, Times) {
  const struct {
    std::string_view line;
    std::string_view time;
  } cases[] = {
      {R"({"time":"2020-02-25T04:30:17.5+01:00"})", "2020-02-25T03:30:17.500000Z"},
      {R"({"ts":1582605017.25})", "2020-02-25T04:30:17.250000Z"},
      {R"({"timestamp":1582605017250})", "2020-02-25T04:30:17.250000Z"},
      {R"({"t":{"$date":"2020-02-25T04:30:17Z"}})", "2020-02-25T04:30:17Z"},
      {R"({"time":"[25/Feb/2020:04:30:17 +0000]"})", "2020-02-25T04:30:17Z"},
      {R"({"time":"25/Feb/2020:04:30:17 +0000"})", "2020-02-25T04:30:17Z"},
      {R"({"time":"soon","@timestamp":"2020-02-25T04:30:17Z"})", "2020-02-25T04:30:17Z"},
      {R"({"time":"2020-02-25T04:30:17Z x"})", "none"},
      {R"({"time":"2020-02-25T04:30:17Z","time":"2021-02-25T04:30:17Z"})", "none"},
      {R"({"a":1})", "none"},
  };
  for (const auto& test : cases) {
    ASSERT_TRUE(parse_as("json", test.line));
    EXPECT_EQ(time(), test.time) << test.line;
  }
  ASSERT_TRUE(parse_as("logfmt", "type=SYSCALL msg=audit(1582605017.250:42): a=1 msg='op=x'"));
  EXPECT_EQ(time(), "2020-02-25T04:30:17.250000Z");
}

TEST_F(RecordFormats, Logfmt) {
  const struct {
    std::string_view line;
    std::string_view record;
  } cases[] = {
      {R"(t=1 lvl=eror msg="a b" uname= ip=192.0.2.7)", "t=1\nlvl=eror\nmsg=a b\nuname=\nip=192.0.2.7\n"},
      {R"(a="x \"y\" \\ \n \x41 \u00e9 \q" b.c/d-e_f@g=http://h?x=y   c=)",
       "a=x \"y\" \\ \n A é \\q\nb.c/d-e_f@g=http://h?x=y\nc=\n"},
      {"a=1 b=2\x1d"
       "C=3",
       "a=1\nb=2\nC=3\n"},
      {"a=1 a=2 a=3", "a=1\na=2\na=3\n"},
  };
  for (const auto& test : cases) {
    ASSERT_EQ(recognise_line(test.line), "logfmt") << test.line;
    EXPECT_EQ(event_.kind, LogKind::fields);
    EXPECT_EQ(record(), test.record) << test.line;
  }
  for (const std::string_view line :
       {""sv, "a=1"sv, "a=1 b=2"sv, " a=1 b=2 c=3"sv, "a=1 b=2 c"sv, "a=1 b=2 c=3 d"sv, "a=1 b=2 c d=3"sv,
        "a =1 b=2 c=3"sv, "=1 b=2 c=3"sv, "a=1 b=2 c=\"x"sv, "a=1 b=2 c=\"x\\\""sv, "a=1 b=2 c=\"x\"y d=1"sv,
        "a=1 b=2 c=x\"y\""sv, "a=1 b=2 c=x\0y"sv, "x a=1 b=2 c=3"sv, "a=1, b=2, c=3 and so on"sv}) {
    EXPECT_FALSE(parse_as("logfmt", line)) << line;
  }
  EXPECT_FALSE(parse_as("logfmt", "a=1 b=2 c=3", true));
  std::string many;
  for (size_t i = 0; i <= most_record_values; ++i) {
    many += "a=1 ";
  }
  EXPECT_FALSE(parse_as("logfmt", many));
}

TEST_F(RecordFormats, AccessLines) {
  const struct {
    std::string_view line;
    std::string_view address;
    std::string_view method;
    std::string_view path;
    std::string_view query;
    std::string_view status;
    std::string_view user_agent;
  } cases[] = {
      // Caddy
      {R"({"ts":1582605017.5,"request":{"remote_ip":"192.0.2.7","client_ip":"192.0.2.7","proto":"HTTP/1.1","method":"GET",)"
       R"("host":"h","uri":"/a%2fb?c=d%20e","headers":{"User-Agent":["ua"]}},"size":3,"status":404})",
       "192.0.2.7", "GET", "/a/b", "c=d e", "404", "ua"},
      {R"({"request":{"remote_addr":"[2001:db8::7]:80","method":"GET","uri":"/"},"status":200})", "2001:db8::7", "GET",
       "/", "", "200", ""},
      {R"({"request":{"client_ip":"192.0.2.7","method":"GET","uri":"/"},"status":200})", "192.0.2.7", "GET", "/", "",
       "200", ""},
      // Traefik
      {R"({"ClientAddr":"192.0.2.7:39490","ClientHost":"192.0.2.7","DownstreamStatus":401,"RequestMethod":"POST",)"
       R"("RequestPath":"/x?y=z","request_User-Agent":"ua"})",
       "192.0.2.7", "POST", "/x", "y=z", "401", "ua"},
      // Envoy
      {R"({"downstream_remote_address":"192.0.2.7:49578","method":"HEAD","response_code":404,"user-agent":"ua",)"
       R"("x-envoy-origin-path":"/.env","x-forwarded-for":"192.0.2.66"})",
       "192.0.2.7", "HEAD", "/.env", "", "404", "ua"},
      // nginx, Apache, Logstash
      {R"({"remote_addr":"192.0.2.7","request":"GET /x?y=1 HTTP/1.1","status":"403","http_user_agent":"ua"})",
       "192.0.2.7", "GET", "/x", "y=1", "403", "ua"},
      {R"({"remote_addr":"192.0.2.7","request_method":"GET","request_uri":"/x","status":403})", "192.0.2.7", "GET",
       "/x", "", "403", ""},
      {R"({"remoteIP":"192.0.2.7","method":"GET","request":"/x","query":"?a=%27","status":"403","userAgent":"ua"})",
       "192.0.2.7", "GET", "/x", "a='", "403", "ua"},
      {R"({"clientip":"192.0.2.7","verb":"GET","request":"/x","response":404,"agent":"ua"})", "192.0.2.7", "GET", "/x",
       "", "404", "ua"},
      {R"({"remote_ip":"192.0.2.7","remote_user":"-","request":"GET /x HTTP/1.1","response":404,"agent":"ua"})",
       "192.0.2.7", "GET", "/x", "", "404", "ua"},
      {R"({"remote_ip":"192.0.2.7","request":"GET /x?y HTTP/1.1","status":404,"user_agent":"ua"})", "192.0.2.7", "GET",
       "/x", "y", "404", "ua"},
      {R"({"remote_ip":"192.0.2.7","request_method":"GET","request_uri":"/x","status":404})", "192.0.2.7", "GET", "/x",
       "", "404", ""},
      // HAProxy, IIS, the Elastic Common Schema
      {R"({"client_ip":"192.0.2.7","http_method":"GET","http_uri":"/x?y","status_code":404})", "192.0.2.7", "GET", "/x",
       "y", "404", ""},
      {R"x({"c-ip":"192.0.2.7","cs-method":"GET","cs-uri-stem":"/x","cs-uri-query":"-","sc-status":404,"cs(User-Agent)":"ua"})x",
       "192.0.2.7", "GET", "/x", "", "404", "ua"},
      {R"({"source":{"ip":"192.0.2.7"},"http":{"request":{"method":"GET"},"response":{"status_code":404}},"url":{"path":"/x","query":"y"}})",
       "192.0.2.7", "GET", "/x", "y", "404", ""},
      {R"({"source.ip":"192.0.2.7","http.request.method":"GET","http.response.status_code":404,"url.path":"/x"})",
       "192.0.2.7", "GET", "/x", "", "404", ""},
      // Google's and Cloudflare's load balancers
      {R"({"httpRequest":{"remoteIp":"192.0.2.7","requestMethod":"GET","requestUrl":"https://h/x?y","status":404}})",
       "192.0.2.7", "GET", "/x", "y", "404", ""},
      {R"({"ClientIP":"192.0.2.7","ClientRequestMethod":"GET","ClientRequestURI":"/x","EdgeResponseStatus":404})",
       "192.0.2.7", "GET", "/x", "", "404", ""},
  };
  for (const auto& test : cases) {
    ASSERT_EQ(recognise_line(test.line), "json") << test.line;
    EXPECT_EQ(event_.kind, LogKind::access) << test.line;
    EXPECT_EQ(address(), test.address) << test.line;
    EXPECT_EQ(field(Field::method), test.method) << test.line;
    EXPECT_EQ(field(Field::path), test.path) << test.line;
    EXPECT_EQ(field(Field::query), test.query) << test.line;
    EXPECT_EQ(field(Field::status), test.status) << test.line;
    EXPECT_EQ(field(Field::user_agent), test.user_agent) << test.line;
    EXPECT_FALSE(event_.record.empty());
  }
}

TEST_F(RecordFormats, AccessLinesWithoutACertainClient) {
  for (
      const std::string_view line : {
          // through a proxy: the peer is not the client, and what it says is hearsay
          R"({"request":{"remote_ip":"192.0.2.1","client_ip":"192.0.2.66","method":"GET","uri":"/"},"status":200})"sv,
          R"({"ClientAddr":"192.0.2.1:1","ClientHost":"192.0.2.66","DownstreamStatus":401,"RequestMethod":"GET","RequestPath":"/"})"sv,
          R"({"ClientAddr":"192.0.2.1:1","ClientHost":"192.0.2.66,192.0.2.1","DownstreamStatus":401,"RequestMethod":"GET","RequestPath":"/"})"sv,
          R"({"downstream_remote_address":"192.0.2.66:0","method":"GET","response_code":404,"path":"/"})"sv,
          R"({"source.ip":"192.0.2.1","client.ip":"192.0.2.66","http.request.method":"GET","http.response.status_code":404,"url.path":"/x"})"sv,
          // a second value
          R"({"remote_addr":"192.0.2.7","request":"GET / HTTP/1.1","status":"403","remote_addr":"192.0.2.66"})"sv,
          R"({"request":{"remote_ip":"192.0.2.7","method":"GET","uri":"/"},"status":200,"request.remote_ip":"192.0.2.66"})"sv,
          // no address
          R"({"remote_addr":"unix:","request":"GET / HTTP/1.1","status":"403"})"sv,
          R"({"remote_addr":null,"request":"GET / HTTP/1.1","status":"403"})"sv,
          R"({"remote_addr":"192.0.2.7, 192.0.2.66","request":"GET / HTTP/1.1","status":"403"})"sv,
      }) {
    ASSERT_EQ(recognise_line(line), "json") << line;
    EXPECT_EQ(event_.kind, LogKind::access) << line;
    EXPECT_EQ(address(), "none") << line;
  }
  // An application's record is no access line.
  ASSERT_EQ(recognise_line(R"({"remote_ip":"192.0.2.7","method":"POST","path":"/users/sign_in","status":200})"),
            "json");
  EXPECT_EQ(event_.kind, LogKind::fields);
}

TEST_F(RecordFormats, ClientsWordsStayInTheirValues) {
  // As nginx with escape=json, Go and Java write what a client sent.
  ASSERT_EQ(recognise_line(
                R"({"remote_addr":"192.0.2.7","request":"GET /\",\"remote_addr\":\"192.0.2.66 HTTP/1.1","status":400,)"
                R"("http_user_agent":"x\n192.0.2.66 - - [25/Feb/2020:04:30:17 +0000] \"GET / HTTP/1.1\" 404 1"})"),
            "json");
  EXPECT_EQ(address(), "192.0.2.7");
  EXPECT_EQ(field(Field::status), "400");
  EXPECT_EQ(field(Field::user_agent), "x\n192.0.2.66 - - [25/Feb/2020:04:30:17 +0000] \"GET / HTTP/1.1\" 404 1");
}

}  // namespace
}  // namespace ipguard::match
