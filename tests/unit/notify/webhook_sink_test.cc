// Posting to servers that hang, fail, refuse or are not there.
#include "notify/webhook_sink.h"

#include "fake_server.h"
#include "fixture.h"

namespace ipguard::notify {
namespace {

using testing::EndsWith;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

class WebhookSinkTest : public SinkTest {
 protected:
  static config::NotifyConfig posts_to(const std::string& url) {
    return {.name = "test", .type = config::NotifyType::webhook, .url = url, .timeout = Seconds{1}};
  }
  WebhookTiming fast{.first_pause = std::chrono::milliseconds{20}, .longest_pause = std::chrono::milliseconds{100}};
};

TEST_F(WebhookSinkTest, PostsAnEventAfterTheOther) {
  FakeServer server(loop);
  server.answers = {"204 No Content"};
  WebhookSink sink(loop, posts_to(server.url()), "0123456789abcdef", wall_clock_now);
  sink.take(event(1));
  sink.take(event(2));
  ASSERT_TRUE(until([&] { return sink.counters().delivered == 2; }));
  ASSERT_EQ(server.requests.size(), 2U);
  EXPECT_THAT(server.requests[0], StartsWith("POST /hook?key=secret HTTP/1.1\r\n"));
  EXPECT_THAT(server.requests[0], HasSubstr("Authorization: Bearer 0123456789abcdef\r\n"));
  EXPECT_THAT(server.requests[0], HasSubstr("Content-Type: application/json\r\n"));
  EXPECT_THAT(server.requests[0], HasSubstr("User-Agent: ipguard/"));
  EXPECT_THAT(server.requests[0], EndsWith("{\"number\":1}"));
  EXPECT_THAT(server.requests[1], EndsWith("{\"number\":2}"));
}

TEST_F(WebhookSinkTest, TriesAgainWhileTheServerFails) {
  FakeServer server(loop);
  server.answers = {"500 Internal Server Error", "503 Service Unavailable\r\nRetry-After: 1", "429 Too Many Requests",
                    "200 OK"};
  WebhookSink sink(loop, posts_to(server.url()), "", wall_clock_now, fast);
  sink.take(event(1));
  ASSERT_TRUE(until([&] { return server.requests.size() == 1 && !sink.counters().problem.empty(); }));
  EXPECT_EQ(sink.counters().problem, "the server answers 500");
  ASSERT_TRUE(until([&] { return sink.counters().delivered == 1; }));
  EXPECT_EQ(server.requests.size(), 4U);
  EXPECT_EQ(sink.counters().problem, "");
  EXPECT_EQ(sink.counters().waiting, 0U);
}

// Found by the fuzz target `web_answer`: such a number of seconds is more than a clock counts in milliseconds.
TEST_F(WebhookSinkTest, WaitsTheLongestPauseForAServerThatAsksForEver) {
  for (const auto* asked : {"9223372036854775807", "9223372036854776"}) {
    FakeServer server(loop);
    server.answers = {std::string("503 Service Unavailable\r\nRetry-After: ") + asked, "200 OK"};
    WebhookSink sink(loop, posts_to(server.url()), "", wall_clock_now, fast);
    const auto begin = std::chrono::steady_clock::now();
    sink.take(event(1));
    ASSERT_TRUE(until([&] { return sink.counters().delivered == 1; })) << asked;
    EXPECT_GE(std::chrono::steady_clock::now() - begin, fast.longest_pause) << asked;
  }
}

TEST_F(WebhookSinkTest, PassesOverWhatTheServerRefuses) {
  FakeServer server(loop);
  server.answers = {"400 Bad Request", "302 Found\r\nLocation: http://127.0.0.1:1/", "200 OK"};
  WebhookSink sink(loop, posts_to(server.url()), "", wall_clock_now, fast);
  sink.take(event(1));
  sink.take(event(2));
  sink.take(event(3));
  ASSERT_TRUE(until([&] { return sink.counters().delivered == 1; }));
  EXPECT_EQ(sink.counters().failed, 2U);  // a redirect is not followed, and leads there the next time, too
  EXPECT_EQ(server.requests.size(), 3U);
  EXPECT_THAT(server.requests[2], EndsWith("{\"number\":3}"));
}

TEST_F(WebhookSinkTest, IsNotHeldUpByAServerThatHangs) {
  FakeServer server(loop);
  server.silent = true;
  WebhookSink sink(loop, posts_to(server.url()), "", wall_clock_now, fast, 5);
  for (int i = 0; i < 100; ++i) {
    sink.take(event(i));
  }
  EXPECT_EQ(sink.counters().problem, "");  // that comes with the loop: had anything been waited for, it would be there
  ASSERT_TRUE(until([&] { return !sink.counters().problem.empty(); }));
  EXPECT_THAT(sink.counters().problem, HasSubstr("imeout"));
  EXPECT_EQ(sink.counters().waiting, 5U);
  EXPECT_EQ(sink.counters().dropped, 95U);
  server.silent = false;
  server.answers = {"200 OK"};
  EXPECT_TRUE(until([&] { return sink.counters().delivered == 5; }));
}

TEST_F(WebhookSinkTest, WaitsForAServerThatIsNotThere) {
  std::string url;
  {
    url = FakeServer(loop).url();
  }
  WebhookSink sink(loop, posts_to(url), "", wall_clock_now, fast);
  sink.take(event(1));
  ASSERT_TRUE(until([&] { return !sink.counters().problem.empty(); }));
  EXPECT_EQ(sink.counters().waiting, 1U);
  EXPECT_THAT(sink.counters().problem, Not(HasSubstr("secret")));
}

TEST_F(WebhookSinkTest, GivesUpWhatIsOld) {
  FakeServer server(loop);
  server.answers = {"200 OK"};
  WebhookSink sink(loop, posts_to(server.url()), "", wall_clock_now, fast);
  Event old = *event(1);
  old.time -= Seconds{4000};
  sink.take(std::make_shared<const Event>(old));
  sink.take(event(2));
  ASSERT_TRUE(until([&] { return sink.counters().delivered == 1; }));
  EXPECT_EQ(sink.counters().dropped, 1U);
  ASSERT_EQ(server.requests.size(), 1U);
  EXPECT_THAT(server.requests[0], EndsWith("{\"number\":2}"));
}

TEST_F(WebhookSinkTest, EndsInTheMiddleOfARequest) {
  FakeServer server(loop);
  server.silent = true;
  {
    WebhookSink sink(loop, posts_to(server.url()), "", wall_clock_now);
    sink.take(event(1));
    ASSERT_TRUE(until([&] { return server.requests.size() == 1; }));
  }
  loop.poll();
}

}  // namespace
}  // namespace ipguard::notify
