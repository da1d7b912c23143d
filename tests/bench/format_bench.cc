// links: match
// How long one line takes to parse, by format. The lines are of ordinary length; "hostile" ones have everything undone.
#include <benchmark/benchmark.h>

#include <string_view>

#include "match/format.h"

namespace {

using namespace ipguard;

constexpr std::string_view combined =
    R"x(192.0.2.7 - - [25/Feb/2020:04:30:17 +0100] "GET /assets/css/site.css?v=12 HTTP/1.1" 200 18321 )x"
    R"x("https://www.example.org/articles/2020/02/some-title" "Mozilla/5.0 (X11; Linux x86_64; rv:73.0) Gecko/20100101 Firefox/73.0")x";
constexpr std::string_view vhost_combined =
    R"x(www.example.org:443 2001:db8::7 - - [25/Feb/2020:04:30:17 +0100] "GET /assets/css/site.css HTTP/1.1" 200 18321 )x"
    R"x("https://www.example.org/" "Mozilla/5.0 (X11; Linux x86_64; rv:73.0) Gecko/20100101 Firefox/73.0")x";
constexpr std::string_view hostile =
    R"x(192.0.2.7 - a\x22b [25/Feb/2020:04:30:17 +0100] "GET //cgi-bin/%252e%252e/%c0%ae%c0%ae/etc%2fpasswd?a=%2e%2e%2f+b\x22 HTTP/1.1" 404 1 )x"
    R"x("q\x22\x1B[31m" "Mozilla\x5C \x22quoted\x22")x";
constexpr std::string_view nginx_error =
    R"x(2020/02/25 04:30:17 [error] 2865#2865: *66647 open() "/var/www/html/favicon.ico" failed (2: No such file or directory), )x"
    R"x(client: 192.0.2.7, server: www.example.org, request: "GET /favicon.ico HTTP/1.1", host: "www.example.org")x";
constexpr std::string_view apache_error =
    "[Tue Feb 25 04:30:17.123456 2020] [auth_basic:error] [pid 12:tid 139901] [client 192.0.2.7:51395] AH01618: user x "
    "not found: /";
constexpr std::string_view syslog =
    "Feb 25 04:30:17 host sshd[1201]: Failed password for invalid user admin from 192.0.2.7 port 50273 ssh2";
constexpr std::string_view syslog_iso =
    "2020-02-25T04:30:17.123456+01:00 host sshd[1201]: Failed password for invalid user admin from 192.0.2.7 port "
    "50273 ssh2";

// With the format as hint, as a followed file has it from its second line on.
void parse(benchmark::State& state, std::string_view format_name, std::string_view line, bool hinted) {
  const auto* format = match::find_format(format_name);
  match::ParseScratch scratch;
  model::Event event;
  const match::ParseContext context{.now = TimePoint(std::chrono::seconds(1772064000)), .scratch = &scratch};
  const model::RawLine raw{.text = line, .offset = 0, .source = 0, .truncated = false};
  for (auto _ : state) {
    const auto* found = match::recognise(raw, context, hinted ? format : nullptr, event);
    if (found != format) {
      state.SkipWithError("not recognised");
      break;
    }
    benchmark::DoNotOptimize(event);
  }
  state.SetBytesProcessed(static_cast<int64_t>(state.iterations()) * static_cast<int64_t>(line.size()));
}

BENCHMARK_CAPTURE(parse, combined, "combined", combined, true);
BENCHMARK_CAPTURE(parse, combined_without_hint, "combined", combined, false);
BENCHMARK_CAPTURE(parse, vhost_combined, "vhost-combined", vhost_combined, true);
BENCHMARK_CAPTURE(parse, combined_hostile, "combined", hostile, true);
BENCHMARK_CAPTURE(parse, nginx_error, "nginx-error", nginx_error, true);
BENCHMARK_CAPTURE(parse, apache_error, "apache-error", apache_error, true);
BENCHMARK_CAPTURE(parse, syslog, "syslog", syslog, true);
BENCHMARK_CAPTURE(parse, syslog_iso, "syslog", syslog_iso, true);
BENCHMARK_CAPTURE(parse, syslog_without_hint, "syslog", syslog, false);

}  // namespace

BENCHMARK_MAIN();
