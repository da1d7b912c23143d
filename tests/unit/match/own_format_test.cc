// Formats that a configuration describes: nginx's log_format, Apache's LogFormat, JSON by names.
#include "config/config.h"
#include "match/format_compiler.h"
#include "match/source_reading.h"
#include "rule_helpers.h"

namespace ipguard::match {
namespace {

using model::Field;

constexpr std::string_view nginx_main =
    R"($remote_addr - $remote_user [$time_local] "$request" $status $body_bytes_sent "$http_referer" )"
    R"("$http_user_agent" rt=$request_time)";

class OwnFormat : public testing::Test {
 protected:
  static config::FormatConfig config_of(config::FormatSyntax syntax, std::string_view text) {
    return {.name = "shop", .syntax = syntax, .text = std::string(text)};
  }
  // What is wrong with the format; empty if it was compiled.
  std::string compile(const config::FormatConfig& config, std::string_view field = {}) {
    config::Diagnostics diagnostics;
    format_ =
        compile_format(config, {.name = field, .location = {.file = "c.toml", .line = 9, .column = 1}}, diagnostics);
    EXPECT_EQ(format_ == nullptr, diagnostics.has_errors());
    std::string text;
    for (const auto& problem : diagnostics.all()) {
      text += problem.message + "\n";
      hint_ = problem.hint;
    }
    return text;
  }
  std::string nginx(std::string_view text, std::string_view field = {}) {
    return compile(config_of(config::FormatSyntax::nginx, text), field);
  }
  std::string apache(std::string_view text, std::string_view field = {}) {
    return compile(config_of(config::FormatSyntax::apache, text), field);
  }

  bool parse(std::string_view line, bool truncated = false, const ForwardedClient* forwarded = nullptr) {
    line_ = line;
    return format_->parse(
        {.text = line_, .truncated = truncated},
        {.now = test::noon, .scratch = &scratch_, .named = true, .zone = utc_.get(), .forwarded = forwarded}, event_);
  }
  // "ADDRESS TIME METHOD PATH STATUS AGENT", what is not there as nothing; "no" if the line is none of the format.
  std::string read(std::string_view line, bool truncated = false) {
    if (!parse(line, truncated)) {
      return "no";
    }
    std::string text = address();
    text += " " + (event_.time ? format_rfc3339(*event_.time) : "-");
    for (const Field field : {Field::method, Field::path, Field::status, Field::user_agent}) {
      text.append(" ").append(event_[field]);
    }
    return text;
  }
  [[nodiscard]] std::string address() const { return event_.address ? event_.address->to_string() : "none"; }

  std::string hint_;  // of the last problem
  std::unique_ptr<const LogFormat> format_;
  std::shared_ptr<const TimeZone> utc_ = TimeZone::load("UTC");
  ParseScratch scratch_;
  std::string line_;
  model::Event event_;
};

TEST_F(OwnFormat, ReadsWhatNginxWrites) {
  ASSERT_EQ(nginx(nginx_main), "");
  EXPECT_EQ(
      read(R"(192.0.2.7 - - [25/Feb/2026:04:30:17 +0100] "GET /a%2fb?x=1 HTTP/1.1" 404 153 "-" "curl/8" rt=0.001)"),
      "192.0.2.7 2026-02-25T03:30:17Z GET /a/b 404 curl/8");
  EXPECT_EQ(event_[Field::query], "x=1");
  EXPECT_EQ(event_[Field::referer], "-");
  EXPECT_EQ(event_[Field::bytes], "153");
  EXPECT_EQ(event_[Field::user], "");
  EXPECT_EQ(event_.format, "shop");
  EXPECT_EQ(event_.kind, model::LogKind::access);
  // Behind the last variable that is of use nothing is looked at.
  EXPECT_EQ(read(R"(2001:db8::1 - a b [25/Feb/2026:04:30:17 +0000] "GET / HTTP/2.0" 200 5 "-" "x\x22y" anything)"),
            "2001:db8::1 2026-02-25T04:30:17Z GET / 200 x\"y");
  EXPECT_EQ(event_[Field::user], "a b");
  for (const auto* line :
       {"", "-", "192.0.2.7", R"(192.0.2.7 - - [25/Feb/2026:04:30:17 +0000] "GET / HTTP/1.1" 200 5 "-")",
        R"(192.0.2.7 - - [25/Xyz/2026:04:30:17 +0000] "GET / HTTP/1.1" 200 5 "-" "-" rt=1)",
        R"( 192.0.2.7 - - [25/Feb/2026:04:30:17 +0000] "GET / HTTP/1.1" 200 5 "-" "-" rt=1)"}) {
    EXPECT_EQ(read(line), "no") << line;
  }
}

TEST_F(OwnFormat, TakesADirectiveAsItStandsInTheServersConfiguration) {
  EXPECT_EQ(nginx("log_format  main  '$remote_addr - $remote_user [$time_local] \"$request\" '\n"
                  "                  '$status $body_bytes_sent \"$http_referer\" '\n"
                  "                  '\"$http_user_agent\" \"$http_x_forwarded_for\"';\n"),
            "");
  EXPECT_EQ(read(R"(192.0.2.7 - - [25/Feb/2026:04:30:17 +0000] "GET / HTTP/1.1" 404 1 "-" "curl/8" "-")"),
            "192.0.2.7 2026-02-25T04:30:17Z GET / 404 curl/8");
  EXPECT_EQ(apache(R"(LogFormat "%h %l %u %t \"%r\" %>s %O \"%{Referer}i\" \"%{User-Agent}i\"" combined)"), "");
  EXPECT_EQ(read(R"(192.0.2.7 - "" [25/Feb/2026:04:30:17 +0000] "GET / HTTP/1.1" 404 1 "-" "curl/8")"),
            "192.0.2.7 2026-02-25T04:30:17Z GET / 404 curl/8");
  EXPECT_EQ(event_[Field::user], "");
  EXPECT_EQ(
      nginx("escape=json '{\"ip\":\"$remote_addr\",\"t\":\"$time_iso8601\",' '\"r\":\"$request\",\"s\":$status}'"), "");
  EXPECT_EQ(read(R"({"ip":"192.0.2.7","t":"2026-02-25T04:30:17+00:00","r":"GET /\u0041\"x HTTP/1.1","s":404})"),
            "192.0.2.7 2026-02-25T04:30:17Z GET /A\"x 404 ");
}

TEST_F(OwnFormat, NoClientWritesTheAddress) {
  const std::string stamp = "[25/Feb/2026:04:30:17 +0000]";
  const std::string forged = "198.51.100.66 - - " + stamp + " \\x22GET / HTTP/1.1\\x22 200 1 ";
  ASSERT_EQ(nginx(nginx_main), "");
  for (const std::string& user : std::vector<std::string>{"198.51.100.66", forged, stamp, "] ", "- ["}) {
    const std::string line = "192.0.2.7 - " + user + " " + stamp + " \"GET /" + forged + " HTTP/1.1\" 404 1 \"" +
                             forged + "\" \"" + forged + "\" rt=1";
    EXPECT_TRUE(parse(line)) << line;
    EXPECT_EQ(address(), "192.0.2.7") << line;
    EXPECT_EQ(event_[Field::status], "404") << line;
  }
  ASSERT_EQ(nginx(R"("$http_user_agent" "$http_x" [$time_local] $remote_addr "$request" $status)"), "");
  EXPECT_TRUE(parse("\"198.51.100.66 \\x22\" \"" + forged + "\" " + stamp + " 192.0.2.7 \"GET / HTTP/1.1\" 404"));
  EXPECT_EQ(address(), "192.0.2.7");
  // A text at the end of a segment, and the address in front of it.
  ASSERT_EQ(nginx(R"($remote_addr [$time_local] $status "$request" $http_user_agent)"), "");
  EXPECT_EQ(read("192.0.2.7 " + stamp + " 404 \"GET / HTTP/1.1\" 198.51.100.66 \\x22"),
            "192.0.2.7 2026-02-25T04:30:17Z GET / 404 198.51.100.66 \"");
}

TEST_F(OwnFormat, RefusesWhatCannotBeToldApart) {
  struct Case {
    std::string_view text;
    std::string_view says;
  };
  const std::vector<Case> nginx_cases = {
      {R"($http_user_agent $remote_addr "$request")",
       "what a client writes as '$http_user_agent' stands before the address"},
      {R"($remote_user $remote_addr [$time_local] "$request")", "what a client writes as '$remote_user' stands before"},
      {R"($remote_addr$remote_user "$request")", "nothing stands between '$remote_addr' and '$remote_user'"},
      {R"($remote_addr "$request" $http_x$status)", "nothing stands between '$http_x' and '$status'"},
      {R"($remote_addr "$request" $status$body_bytes_sent)", "nothing stands between '$status' and '$body_bytes_sent'"},
      {R"($remote_addr $http_user_agent $request_uri $status)",
       "where '$http_user_agent' ends and '$request_uri' begins"},
      {R"($remote_addrx "$request")", "nothing in it is the client's address"},
      {R"($remote_addr $status)", "nothing in it is what was asked for"},
      {R"($remote_addr "$request" $)", "there is no variable's name behind this '$'"},
      {R"($remote_addr "$request" ${status)", "there is no variable's name behind this '$'"},
      {"$remote_addr\n\"$request\"", "a line of a log has no line end in it"},
      {"escape=none '$remote_addr \"$request\"'", "with escape=none clients write quotes and line feeds"},
      {"'$remote_addr \"$request\"", "this quote is not closed"},
      {R"(x$remote_addr:y "$request")", "where '$remote_addr' ends cannot be told"},
      {R"($remote_addr [$http_x] "$request" [$status])", ""},
      {R"($host $remote_addr "$request")", ""},
  };
  for (const auto& test : nginx_cases) {
    const auto said = nginx(test.text);
    EXPECT_TRUE(test.says.empty() ? said.empty() : said.find(test.says) != std::string::npos) << test.text << "\n"
                                                                                              << said;
  }
  const std::vector<Case> apache_cases = {
      {R"(%{User-Agent}i %h "%r")", "what a client writes as '%{User-Agent}i' stands before the address"},
      {R"(%h %z "%r")", "Apache has no directive '%z'"},
      {R"(%h %{x "%r")", "this '{' is not closed"},
      {R"(%h %{%A, %d}t "%r")", "how long the stamp %{%A, %d}t is cannot be told"},
      {R"(%h%l "%r")", "nothing stands between '%h' and '%l'"},
      {R"(%h "%r" %)", "Apache has no directive"},
  };
  for (const auto& test : apache_cases) {
    const auto said = apache(test.text);
    EXPECT_NE(said.find(test.says), std::string::npos) << test.text << "\n" << said;
  }
}

TEST_F(OwnFormat, SaysWhereInTheFormatSomethingIsWrong) {
  struct Case {
    std::string_view toml;
    uint32_t line;
    uint32_t column;
  };
  // Literal, basic with escapes, multi-line, with a character of two bytes before.
  for (const auto& test : std::vector<Case>{
           {"[[format]]\nname = \"a\"\nnginx = '$http_x $remote_addr \"$request\"'\n", 3, 10},
           {"[[format]]\nname = \"a\"\nnginx = \"\\\"é\\u00e9\\\" $http_x $remote_addr \\\"$request\\\"\"\n", 3, 22},
           {"[[format]]\nname = \"a\"\nnginx = '''\n'\"$host\" '\n  '$http_x $remote_addr \"$request\"';\n'''\n", 5, 4},
           {"[[format]]\nname = \"a\"\napache = 'é %{x}i %h \"%r\"'\n", 3, 13},
       }) {
    config::Diagnostics diagnostics;
    const auto config = config::parse_config(test.toml, "c.toml", diagnostics);
    ASSERT_FALSE(diagnostics.has_errors()) << diagnostics.to_string();
    (void)SourceReadings::compile(config.formats, config.sources, diagnostics);
    ASSERT_EQ(diagnostics.error_count(), 1U) << diagnostics.to_string();
    const auto& problem = diagnostics.all().back();
    EXPECT_EQ(problem.location.line, test.line) << diagnostics.to_string();
    EXPECT_EQ(problem.location.column, test.column) << diagnostics.to_string();
  }
}

TEST_F(OwnFormat, ReadsRequestsInParts) {
  ASSERT_EQ(
      nginx(R"($remote_addr [$time_iso8601] "$request_method $scheme://$host$request_uri $server_protocol" $status)"),
      "");
  EXPECT_EQ(read(R"(192.0.2.7 [2026-02-25T04:30:17+00:00] "POST http://h/a?b HTTP/1.1" 403)"),
            "192.0.2.7 2026-02-25T04:30:17Z POST /a 403 ");
  EXPECT_EQ(event_[Field::query], "b");
  ASSERT_EQ(nginx("$msec\t$remote_addr:$remote_port\t$request_method\t$uri$is_args$args\t$status"), "");
  EXPECT_EQ(read("1772064000.123\t2001:db8::1:443\tGET\t//%62?x=%41\t404"),
            "2001:db8::1 2026-02-26T00:00:00.123000Z GET /b 404 ");
  EXPECT_EQ(event_[Field::query], "x=A");
  ASSERT_EQ(apache(R"(%v:%p %a "%m %U%q %H" %>s %{%d/%b/%Y %T}t.%{msec_frac}t %{%z}t %D "%{User-agent}i")"), "");
  EXPECT_EQ(read(R"(www.example.org:443 192.0.2.7 "GET /x?y HTTP/1.1" 200 25/Feb/2026 04:30:17.123 +0000 99 "ua")"),
            "192.0.2.7 2026-02-25T04:30:17Z GET /x 200 ua");
}

TEST_F(OwnFormat, ReadsWhatIsWholeOfACutLine) {
  ASSERT_EQ(nginx(nginx_main), "");
  EXPECT_EQ(read(R"(192.0.2.7 - - [25/Feb/2026:04:30:17 +0000] "GET /aaaa)", true),
            "192.0.2.7 2026-02-25T04:30:17Z    ");
  EXPECT_EQ(read(R"(192.0.2.7 - - [25/Feb/2026:04:30:17 +0000] "GET / HTTP/1.1" 404 1 "-" "ua)", true),
            "192.0.2.7 2026-02-25T04:30:17Z GET / 404 ");
  EXPECT_EQ(read("192.0.2.7 - - [25/Feb", true), "no");
  ASSERT_EQ(nginx(R"("$request" $status $remote_addr)"), "");
  EXPECT_EQ(read(R"("GET / HTTP/1.1" 404 192.0.2.7)", true), "none - GET /  ") << "digits may be missing";
}

TEST_F(OwnFormat, AClientFieldThatIsNotThereIsToldByTheFormatsOwn) {
  const std::string begin = R"($remote_addr [$time_local] "$request" $status )";
  EXPECT_NE(nginx(begin + R"("$http_x_real_ip" "$http_cf_connecting_ip")", "http_cf_connecting_ip"), "");
  EXPECT_EQ(hint_, R"(write "$http_cf_connecting_ip" as it stands there)");
  EXPECT_NE(nginx(begin + R"("$http_cf_connecting_ip")", "x_forwarded_for"), "");
  EXPECT_EQ(hint_, R"(write "$http_cf_connecting_ip" as it stands there)");
  EXPECT_NE(nginx(begin + R"("$http_user_agent")", "$http_x_forwarded_for"), "");
  EXPECT_EQ(
      hint_,
      "nothing in it names a proxy's client: have the server write one, such as $http_x_forwarded_for, and add it "
      "to the format");
  EXPECT_NE(apache(R"(%a %t "%r" %>s "%{CF-Connecting-IP}i")", "cf-connecting-ip"), "");
  EXPECT_EQ(hint_, R"(write "%{CF-Connecting-IP}i" as it stands there)");
}

TEST_F(OwnFormat, AppliesWhatTrustedProxiesSay) {
  ForwardedClient forwarded;
  forwarded.proxies[*net::Prefix::parse("198.51.100.0/24")];
  ASSERT_EQ(nginx(R"($remote_addr [$time_local] "$request" $status "$http_x_forwarded_for")", "$HTTP_X_Forwarded_For"),
            "");
  const auto client = [&](std::string_view peer, std::string_view said, std::string_view tail = "\"") {
    const std::string line = std::string(peer) + " [25/Feb/2026:04:30:17 +0000] \"GET / HTTP/1.1\" 404 \"" +
                             std::string(said) + std::string(tail);
    return parse(line, tail.empty(), &forwarded) ? address() : "no";
  };
  EXPECT_EQ(client("198.51.100.1", "192.0.2.7"), "192.0.2.7");
  EXPECT_EQ(client("203.0.113.9", "192.0.2.7"), "203.0.113.9") << "no trusted proxy: the field says nothing";
  EXPECT_EQ(client("198.51.100.1", "192.0.2.1, 192.0.2.7, 198.51.100.2"), "192.0.2.7");
  EXPECT_EQ(client("198.51.100.1", "192.0.2.7", ""), "none") << "a cut line may lack the last address";
  EXPECT_EQ(client("198.51.100.1", "192.0.2.7\\x22, x"), "none");
  EXPECT_NE(nginx(nginx_main, "$http_x_real_ip").find("has no '$http_x_real_ip'"), std::string::npos);
  EXPECT_NE(nginx(nginx_main, "$remote_addr").find("has the connection's own end in '$remote_addr'"),
            std::string::npos);
  EXPECT_EQ(apache(R"(%a %t "%r" %>s "%{X-Forwarded-For}i")", "%{x-forwarded-for}i"), "");
  EXPECT_TRUE(
      parse(R"(198.51.100.1 [25/Feb/2026:04:30:17 +0000] "GET / HTTP/1.1" 404 "192.0.2.7")", false, &forwarded));
  EXPECT_EQ(address(), "192.0.2.7");
}

// The scan has to find what judging every line finds, whatever parts the columns.
TEST_F(OwnFormat, TheScanSeesWhatTheFormatReads) {
  const auto rules = test::from_toml(R"toml(
[defaults]
service = "http"
class = "probe"
threshold = 1
window = "10m"
ban = "1h"
scope = "address"
log = "access"
[[rule]]
id = "t/path"
title = "p"
path = ['^/wp-login\.php$']
[[rule]]
id = "t/status"
title = "s"
status = [404]
[[rule]]
id = "t/agent"
title = "a"
user_agent = ['^evil"agent$']
)toml");
  const std::vector<std::pair<std::string, std::string>> cases = {
      {R"($remote_addr|$status|"$request")", R"(192.0.2.7|404|"GET /%77p-login.php HTTP/1.1")"},
      {R"($remote_addr "$request" $status)", R"(192.0.2.7 "GET /wp-login%2ephp HTTP/1.1" 404)"},
      {R"($status $remote_addr "$request")", R"(404 192.0.2.7 "GET //wp-login.php HTTP/1.1")"},
      {R"("$http_user_agent" $status "$request" $remote_addr)",
       R"("evil\x22agent" 404 "GET /%77p-login.php HTTP/1.1" 192.0.2.7)"},
      {R"($remote_addr s=$status r="$request")", R"(192.0.2.7 s=404 r="GET /wp-login.php HTTP/1.1")"},
      {R"({"a":"$remote_addr","s":"$status","r":"$request","u":"$http_user_agent"})",
       R"({"a":"192.0.2.7","s":"404","r":"GET /wp%2dlogin.php HTTP/1.1","u":"evil\x22agent"})"},
  };
  for (const auto& [text, line] : cases) {
    ASSERT_EQ(nginx(text), "") << text;
    SourceReading reading;
    reading.own = std::move(format_);
    reading.format = reading.own.get();
    const LineOptions options{.format = "shop", .reading = &reading};
    Matcher scanner(rules);
    Matcher judge(rules);
    const std::string block = "x\n" + line + "\n" + line + "\n";
    const auto found = test::scan(scanner, block, options);
    EXPECT_EQ(found, test::judge_lines(judge, block, options)) << text;
    ASSERT_EQ(found.size(), 2U) << text;
    EXPECT_GE(found[0].hits.size(), 2U) << text;
  }
}

TEST_F(OwnFormat, IsReadWithinWrappers) {
  const auto rules = test::compiled({test::path_rule("t/path", "^/wp-login\\.php$")});
  ASSERT_EQ(nginx(R"([$remote_addr] "$request" $status)"), "");
  SourceReading reading;
  reading.own = std::move(format_);
  const LineOptions options{.format = "shop", .reading = &reading};
  const std::string line = R"([192.0.2.7] "GET /%77p-login.php HTTP/1.1" 404)";
  const std::string in_json = R"([192.0.2.7] \"GET /%77p-login.php HTTP/1.1\" 404)";
  for (const auto& wrapped :
       {line, "2026-02-25T04:30:17.123Z stdout F " + line, "<190>Feb 25 04:30:17 host nginx: " + line,
        "<190>1 2026-02-25T04:30:17Z host nginx 12 - - " + line,
        R"({"log":")" + in_json + R"(\n","stream":"stdout","time":"2026-02-25T04:30:17.1Z"})"}) {
    Matcher scanner(rules);
    Matcher judge(rules);
    const auto found = test::scan(scanner, wrapped + "\n", options);
    EXPECT_EQ(found, test::judge_lines(judge, wrapped + "\n", options)) << wrapped;
    ASSERT_EQ(found.size(), 1U) << wrapped;
    EXPECT_EQ(found[0].hits, std::vector<std::string>{"t/path 192.0.2.7 "}) << wrapped;
  }
  for (const auto& part : {"2026-02-25T04:30:17.123Z stdout P " + line,
                           R"({"log":")" + in_json + R"(","stream":"stdout","time":"2026-02-25T04:30:17.1Z"})"}) {
    EXPECT_TRUE(test::hits_of(rules, part, options).empty()) << part;
  }
}

TEST_F(OwnFormat, ReadsJsonByNames) {
  config::FormatConfig config{.name = "app", .syntax = config::FormatSyntax::json};
  const std::vector<std::pair<std::string_view, std::string>> names = {
      {"address", "client.ip"}, {"time", "when"},         {"status", "http.status"}, {"method", "http.method"},
      {"path", "http.path"},    {"user_agent", "ua.raw"}, {"user", "who"},           {"host", "vhost"}};
  for (const auto& [field, path] : names) {
    const auto* const at = std::ranges::find(config::json_fields, field);
    config.names.push_back({.field = static_cast<size_t>(at - config::json_fields.begin()), .path = path});
  }
  ASSERT_EQ(compile(config), "");
  EXPECT_EQ(read(R"({"when":"2026-02-25T04:30:17Z","client":{"ip":"192.0.2.7"},"http":{"status":404,"method":"GET",)"
                 R"("path":"/%61?b=1"},"ua":{"raw":"curl"},"who":"frank","vhost":"h"})"),
            "192.0.2.7 2026-02-25T04:30:17Z GET /a 404 curl");
  EXPECT_EQ(event_[Field::user], "frank");
  EXPECT_EQ(event_.format, "app");
  EXPECT_EQ(
      read(
          R"({"client":{"ip":"192.0.2.7"},"client":{"ip":"198.51.100.66"},"http":{"status":404,"method":"GET","path":"/"}})"),
      "none - GET / 404 ")
      << "twice: somebody forged one";
  ASSERT_TRUE(parse(R"({"level":"info","msg":"started"})"));
  EXPECT_EQ(event_.kind, model::LogKind::fields);
  EXPECT_EQ(address(), "none");
  EXPECT_EQ(read("{\"client\":{\"ip\":\"192.0.2.7\"}"), "no");
  EXPECT_EQ(read("192.0.2.7"), "no");
  ForwardedClient forwarded{.value = "headers.X-Forwarded-For"};
  forwarded.proxies[*net::Prefix::parse("198.51.100.0/24")];
  const std::string rest = R"("http":{"status":404,"method":"GET","path":"/"},"client":{"ip":"198.51.100.1"}})";
  ASSERT_TRUE(
      parse(R"({"headers":{"X-Forwarded-For":["192.0.2.9","192.0.2.7, 198.51.100.2"]},)" + rest, false, &forwarded));
  EXPECT_EQ(address(), "192.0.2.7");
  ASSERT_TRUE(parse(R"({"headers":{"X-Forwarded-For":"192.0.2.7"},)" + rest, false, &forwarded));
  EXPECT_EQ(address(), "192.0.2.7");
  ASSERT_TRUE(parse("{" + rest, false, &forwarded));
  EXPECT_EQ(address(), "198.51.100.1");
}

}  // namespace
}  // namespace ipguard::match
