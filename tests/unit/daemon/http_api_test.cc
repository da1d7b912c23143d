// The API without sockets: what may be asked by whom, and that the answers are the commands'.
#include "daemon/http_api.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <stdio.h>
#include <unistd.h>

#include <memory>
#include <string>

#include "base/log.h"
#include "daemon/commands.h"
#include "daemon/metrics.h"
#include "loaded_fixture.h"

namespace ipguard::daemon {
namespace {

using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

class HttpApiTest : public testing::Test {
 protected:
  HttpApiTest() {
    set_log_level(LogLevel::error);
    guard = std::make_unique<Guard>(test_loaded(), State(store::Store::in_memory()));
    EXPECT_TRUE(guard->start(wall_clock_now()));
    (void)guard->loaded().routes->systems();  // what the daemon does beside the loop
    context = std::make_unique<CommandContext>(
        CommandContext{.guard = *guard,
                       .sources =
                           [] {
                             return std::vector<model::SourceStatus>{
                                 {.name = "web", .path = "/x\"\n", .state = "following", .lines = 7}};
                           },
                       .reload = [] { return control::Answer(Result<Json>(Json{{"reloaded", true}})); },
                       .started = wall_clock_now()});
    make({.listen = "127.0.0.1:1"}, "0123456789abcdef");
  }
  using Json = control::Json;

  void make(const config::HttpConfig& config, const std::string& token) {
    api.emplace(*guard,
                ApiSources{.run =
                               [this](const control::Request& request, bool may_change) {
                                 return run_command(*context, request, may_change, wall_clock_now());
                               },
                           .metrics = [this](http::Exposition format) { return metrics(format); },
                           .ailments = [this] { return ailments; }},
                config, token);
  }
  std::string metrics(http::Exposition format) const {
    return metrics_text({.guard = *guard,
                         .sources = context->sources(),
                         .sinks = {{.name = "pager\"", .counters = {.delivered = 3}}},
                         .started = context->started},
                        format);
  }
  http::Response ask(http::Request request) {
    auto reply = api->answer(request);
    if (!reply.later.work) {
      return whole(std::move(reply.response));
    }
    while (true) {
      if (auto response = reply.later.work()) {
        return whole(std::move(*response));
      }
    }
  }
  static http::Response whole(http::Response response) {
    while (response.pieces) {
      const auto piece = response.pieces();
      if (!piece) {
        break;
      }
      response.body += *piece;
    }
    return response;
  }
  http::Response get(const std::string& path, std::vector<std::pair<std::string, std::string>> query = {}) {
    return ask({.method = "GET", .path = path, .query = std::move(query)});
  }
  http::Response post(const std::string& path, const std::string& body,
                      const std::string& authorization = "Bearer 0123456789abcdef") {
    return ask({.method = "POST", .path = path, .authorization = authorization, .body = body});
  }

  std::unique_ptr<Guard> guard;
  std::unique_ptr<CommandContext> context;
  std::vector<std::string> ailments;
  std::optional<HttpApi> api;
};

TEST_F(HttpApiTest, AnswersAsTheCommandsDo) {
  ASSERT_EQ(post("/v1/ban", R"({"targets": ["192.0.2.7", "192.0.2.9"], "for": "2h"})").status, 200U);
  EXPECT_EQ(Json::parse(get("/v1/status").body)["bans"]["address"], 2);
  const auto bans = Json::parse(get("/v1/bans").body);
  ASSERT_EQ(bans.size(), 2U);
  EXPECT_EQ(bans[0]["target"], "192.0.2.7");
  EXPECT_EQ(Json::parse(get("/v1/explain/192.0.2.7").body)["banned"], true);
  EXPECT_EQ(Json::parse(get("/v1/explain", {{"address", "192.0.2.8"}}).body)["banned"], false);
  EXPECT_EQ(Json::parse(get("/v1/lookup/192.0.2.7").body)["route"], "192.0.2.0/26");
  EXPECT_EQ(Json::parse(get("/v1/netblocks/192.0.2.7").body)["netblocks"][0]["kind"], "route");
  EXPECT_EQ(Json::parse(get("/v1/rules").body), Json::array());
  ASSERT_EQ(post("/v1/unban", R"({"targets": ["192.0.2.7"]})").status, 200U);
  EXPECT_EQ(Json::parse(get("/v1/bans").body).size(), 1U);
  EXPECT_EQ(Json::parse(get("/v1/bans", {{"ended", "1"}}).body).size(), 1U);
  EXPECT_EQ(Json::parse(post("/v1/reload", "").body)["reloaded"], true);
}

// Who asks may look at the status alone.
TEST_F(HttpApiTest, AChangeOfWhichNothingComesTrueIsAnError) {
  const auto refused = post("/v1/unban", R"({"targets": ["192.0.2.7", "192.0.2.9"]})");
  EXPECT_EQ(refused.status, 422U);
  EXPECT_THAT(Json::parse(refused.body)["error"].get<std::string>(), HasSubstr("every target is refused, the first "));
  EXPECT_EQ(Json::parse(refused.body)["targets"].size(), 2U);
  const auto one = post("/v1/unban", R"({"targets": ["192.0.2.7"], "summary": true})");
  EXPECT_EQ(one.status, 422U);
  EXPECT_THAT(Json::parse(one.body)["error"].get<std::string>(), HasSubstr("192.0.2.7"));
  EXPECT_EQ(Json::parse(one.body)["refused"], 1);
  EXPECT_EQ(post("/v1/ban", R"({"targets": ["192.0.2.7", "127.0.0.1"]})").status, 200U) << "one of them is banned";
  EXPECT_EQ(post("/v1/ban", R"({"targets": ["192.0.2.7"], "issuer": "import", "summary": true})").status, 200U)
      << "it is so already";
}

TEST_F(HttpApiTest, AnswersAnEmptyListAsOne) { EXPECT_EQ(get("/v1/bans").body, "[]\n"); }

TEST_F(HttpApiTest, ChangesNothingWithoutTheToken) {
  const std::string body = R"({"targets": ["192.0.2.7"]})";
  for (const auto* authorization :
       {"", "Bearer", "Bearer 0123456789abcdee", "Bearer 0123456789abcdef0", "Basic 0123456789abcdef"}) {
    const auto response = post("/v1/ban", body, authorization);
    EXPECT_EQ(response.status, 401U) << authorization;
    ASSERT_EQ(response.headers.size(), 1U);
    EXPECT_EQ(response.headers[0].first, "WWW-Authenticate");
  }
  make({.listen = "127.0.0.1:1"}, "");
  EXPECT_EQ(post("/v1/ban", body, "Bearer ").status, 403U);
  EXPECT_EQ(get("/v1/bans").body, "[]\n");
}

// Else it would look as if there was no evidence.
TEST_F(HttpApiTest, AWrongTokenIsNoMissingOne) {
  for (const auto* path : {"/v1/bans", "/v1/explain/192.0.2.7", "/v1/lookup/192.0.2.7", "/metrics", "/healthz", "/"}) {
    for (const auto* wrong : {"Bearer wrong", "Bearer", "0123456789abcdef", "Basic 0123456789abcdef"}) {
      const auto response = ask({.method = "GET", .path = path, .authorization = wrong});
      EXPECT_EQ(response.status, 401U) << path << ' ' << wrong;
      EXPECT_TRUE(Json::parse(response.body)["error"].is_string());
    }
    EXPECT_EQ(ask({.method = "GET", .path = path, .authorization = "Bearer 0123456789abcdef"}).status, 200U) << path;
    EXPECT_EQ(ask({.method = "GET", .path = path, .authorization = " "}).status, 200U) << path;
  }
  make({.listen = "unix:/run/x"}, "0123456789abcdef");
  EXPECT_EQ(ask({.method = "GET", .path = "/v1/bans", .authorization = "Bearer wrong"}).status, 401U);
  make({.listen = "127.0.0.1:1"}, "");
  EXPECT_EQ(ask({.method = "GET", .path = "/v1/bans", .authorization = "Bearer any"}).status, 403U);
  EXPECT_EQ(get("/v1/bans").status, 200U);
}

TEST_F(HttpApiTest, NothingIsSaidTwice) {
  EXPECT_EQ(get("/v1/bans", {{"evidence", "1"}, {"evidence", "0"}}).status, 400U);
  EXPECT_EQ(get("/v1/explain", {{"address", "192.0.2.7"}, {"address", "192.0.2.8"}}).status, 400U);
  const auto response = post("/v1/ban", R"({"targets": ["192.0.2.7"], "targets": ["192.0.2.8"]})");
  EXPECT_EQ(response.status, 400U);
  EXPECT_THAT(response.body, HasSubstr(R"(has \"targets\" twice in one object)"));
  EXPECT_EQ(get("/v1/bans").body, "[]\n");
}

TEST_F(HttpApiTest, ArgumentsOfAChangeStandInItsBody) {
  const http::Request request{.method = "POST",
                              .path = "/v1/ban",
                              .query = {{"dry_run", "1"}},
                              .authorization = "Bearer 0123456789abcdef",
                              .body = R"({"targets": ["192.0.2.7"]})"};
  EXPECT_EQ(ask(request).status, 400U);
  EXPECT_EQ(get("/v1/bans").body, "[]\n");
}

TEST_F(HttpApiTest, TellsWhoIsBannedAlready) {
  const std::string body = R"({"targets": ["192.0.2.11"]})";
  EXPECT_FALSE(Json::parse(post("/v1/ban", body).body)[0].contains("already"));
  EXPECT_EQ(Json::parse(post("/v1/ban", body).body)[0]["already"], true);
}

TEST_F(HttpApiTest, AsksForTheTokenWhereTheConfigurationSaysSo) {
  make({.listen = "127.0.0.1:1", .token_for = config::TokenFor::api}, "0123456789abcdef");
  EXPECT_EQ(get("/v1/status").status, 401U);
  EXPECT_EQ(get("/metrics").status, 200U);
  make({.listen = "127.0.0.1:1", .token_for = config::TokenFor::everything}, "0123456789abcdef");
  EXPECT_EQ(get("/metrics").status, 401U);
  EXPECT_EQ(get("/healthz").status, 401U);
  EXPECT_EQ(ask({.method = "GET", .path = "/metrics", .authorization = "bearer 0123456789abcdef"}).status, 200U);
}

TEST_F(HttpApiTest, RefusesWhatIsNotThere) {
  for (const auto* path : {"/v1", "/v1/", "/v1/../etc/passwd", "/../../etc/passwd", "/v1/status/", "/metrics/",
                           "/v1//status", "/v1/bans/x", "//metrics", "/v2/status", ""}) {
    EXPECT_EQ(get(path).status, 404U) << path;
  }
  EXPECT_EQ(get("/v1/ban").status, 405U);
  EXPECT_EQ(post("/v1/status", "").status, 405U);
  EXPECT_EQ(post("/metrics", "").status, 405U);
  EXPECT_EQ(get("/v1/explain/192.0.2.0/24").status, 400U);
  EXPECT_EQ(get("/v1/lookup/localhost").status, 400U);
  EXPECT_EQ(get("/v1/netblocks").status, 400U);
  EXPECT_EQ(get("/v1/bans", {{"evidence", "maybe"}}).status, 400U);
  EXPECT_EQ(get("/v1/bans", {{"limit", "1"}}).status, 400U);
  EXPECT_EQ(get("/v1/status", {{"x", "1"}}).status, 400U);
}

TEST_F(HttpApiTest, WhatIsNotThereIsNotThereForChangesEither) {
  for (const auto* path : {"/nothing", "/v1", "/v1/", "/v1/nothing", "/v1/ban/192.0.2.7", "/v1/bans/", "/metrics/x"}) {
    EXPECT_EQ(post(path, "").status, 404U) << path;
    EXPECT_EQ(get(path).status, 404U) << path;
  }
  for (const auto* path : {"/", "/healthz", "/v1/bans", "/v1/explain", "/v1/lookup/192.0.2.7"}) {
    EXPECT_EQ(post(path, "").status, 405U) << path;
  }
}

// Else one of two addresses would not be heard.
TEST_F(HttpApiTest, RefusesArgumentsThatItDoesNotKnowEverywhere) {
  for (const std::string path : {"/v1/explain/192.0.2.7", "/v1/lookup/192.0.2.7", "/v1/netblocks/192.0.2.7"}) {
    EXPECT_EQ(get(path, {{"foo", "1"}}).status, 400U) << path;
    EXPECT_EQ(get(path, {{"address", "192.0.2.8"}}).status, 400U) << path;
    EXPECT_EQ(get(path + "/", {}).status, 400U) << path;
  }
  EXPECT_EQ(get("/v1/explain", {{"foo", "1"}, {"address", "192.0.2.8"}}).status, 400U);
  EXPECT_EQ(get("/v1/explain", {{"address", "192.0.2.8"}, {"foo", "1"}}).status, 400U);
  EXPECT_EQ(get("/v1/status", {{"x", ""}}).status, 400U);
}

TEST_F(HttpApiTest, RefusesBodiesThatAreNoArguments) {
  for (const auto* body :
       {"x", "[]", "{", R"({"targets": 7})", R"({},"command":"reload")", "{}}", R"({"targets": ["nobody"]})"}) {
    EXPECT_EQ(post("/v1/ban", body).status, 400U) << body;
  }
  EXPECT_EQ(post("/v1/ban", std::string(100'000, '[')).status, 400U);
}

TEST_F(HttpApiTest, TellsLinesOfLogsToWhoMaySeeThem) {
  config::RuleSelection none;
  model::Rule rule;
  rule.id = "test/rule";
  rule.threshold = 2;
  rule.window = Seconds{600};
  rule.ban = Seconds{600};
  model::Hit hit;
  hit.rule = &rule;
  hit.address = *net::Address::parse("198.51.100.7");
  hit.time = wall_clock_now();
  hit.line.text = "secret in a log";
  guard->take_evidence(hit, "/var/log/x", hit.time);
  EXPECT_THAT(get("/v1/explain/198.51.100.7").body, Not(HasSubstr("secret")));
  guard->take_evidence(hit, "/var/log/x", hit.time);
  guard->flush(hit.time, nullptr);
  const auto blind = get("/v1/bans", {{"evidence", "1"}}).body;
  EXPECT_THAT(blind, Not(HasSubstr("secret")));
  EXPECT_THAT(blind, HasSubstr(R"("line":null)"));
  const http::Request with_token{
      .method = "GET", .path = "/v1/bans", .query = {{"evidence", ""}}, .authorization = "Bearer 0123456789abcdef"};
  EXPECT_THAT(ask(with_token).body, HasSubstr("secret"));
  make({.listen = "unix:/run/x"}, "");
  EXPECT_THAT(get("/v1/explain/198.51.100.7").body, HasSubstr("secret"));
}

TEST_F(HttpApiTest, TellsHowItIs) {
  EXPECT_EQ(get("/healthz").body, "ok\n");
  ailments = {"not\neverything"};
  EXPECT_EQ(get("/healthz").status, 503U);
  EXPECT_EQ(get("/healthz").body, "not\\x0aeverything\n");
}

TEST_F(HttpApiTest, TellsMetricsInTheFormatAskedFor) {
  EXPECT_EQ(get("/metrics").type, "text/plain; version=0.0.4; charset=utf-8");
  const auto open = ask({.method = "GET", .path = "/metrics", .accept = "application/openmetrics-text"});
  EXPECT_EQ(open.type, "application/openmetrics-text; version=1.0.0; charset=utf-8");
  EXPECT_THAT(open.body, testing::EndsWith("# EOF\n"));
}

TEST_F(HttpApiTest, CountsWhatHappened) {
  ASSERT_EQ(post("/v1/ban", R"({"targets": ["192.0.2.7", "198.51.100.0/24"]})").status, 200U);
  ASSERT_EQ(post("/v1/unban", R"({"targets": ["192.0.2.7"]})").status, 200U);
  const auto text = get("/metrics").body;
  for (const auto* line :
       {"ipguard_lines_total{source=\"web\"} 7\n", "ipguard_decisions_total{scope=\"address\"} 1\n",
        "ipguard_decisions_total{scope=\"route\"} 1\n",
        "ipguard_decisions_ended_total{scope=\"address\",ending=\"lifted\"} 1\n",
        "ipguard_active_bans{scope=\"address\"} 0\n", "ipguard_active_bans{scope=\"route\"} 1\n",
        "ipguard_wanted_elements 1\n", "ipguard_kernel_changes_total{operation=\"add\"} 2\n",
        "ipguard_kernel_changes_total{operation=\"remove\"} 1\n", "ipguard_kernel_transaction_seconds_count 2\n",
        "ipguard_notifications_delivered_total{name=\"pager\\\"\"} 3\n"}) {
    EXPECT_THAT(text, HasSubstr(line));
  }
}

TEST_F(HttpApiTest, MetricsAreFreeOfPromtoolsComplaints) {
  if (::access("/usr/bin/promtool", X_OK) != 0) {
    GTEST_SKIP() << "promtool (Debian's prometheus) is not installed";
  }
  const auto text = metrics(http::Exposition::text);
  FILE* promtool = ::popen("/usr/bin/promtool check metrics 2>&1", "w");  // NOLINT(*-env33-c): a fixed text
  ASSERT_NE(promtool, nullptr);
  EXPECT_EQ(::fwrite(text.data(), 1, text.size(), promtool), text.size());
  EXPECT_EQ(::pclose(promtool), 0);
}

}  // namespace
}  // namespace ipguard::daemon
