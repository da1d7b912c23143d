// Requests that take many turns of the loop.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "harness.h"

namespace ipguard::control {
namespace {

constexpr const char* long_request = "{\"command\":\"long\"}\n";

// Counts to `steps`, one a turn; "short" is answered at once.
struct Counting {
  explicit Counting(int all) : steps(all) {}

  Server::Handler handler() {
    return [this](const Request& request, const Peer&, bool) -> Answer {
      if (request.command == "short") {
        return Result<Json>(Json(done));
      }
      alive = std::make_shared<int>(0);
      return Work([this, token = alive]() -> std::optional<Result<Json>> {
        if (++done < steps) {
          return std::nullopt;
        }
        return Result<Json>(Json(done));
      });
    };
  }

  int steps;
  int done = 0;
  std::shared_ptr<int> alive;
};

TEST(Work, IsDoneOneStepATurnAndThenAnswered) {
  Counting counting(500);
  Harness harness(counting.handler());
  const auto reply = harness.call_server({.command = "long"});
  ASSERT_TRUE(reply) << reply.error().message;
  EXPECT_EQ(reply->get<int>(), 500);
}

// Work that waits for somebody else is asked now and then: not each turn, and not never.
TEST(Work, MayPauseBetweenItsSteps) {
  std::vector<std::chrono::steady_clock::time_point> asked;
  Harness harness([&](const Request&, const Peer&, bool) -> Answer {
    return {Work([&asked]() -> std::optional<Result<Json>> {
              asked.push_back(std::chrono::steady_clock::now());
              return asked.size() == 4 ? std::optional(Result<Json>(Json(true))) : std::nullopt;
            }),
            std::chrono::milliseconds(20)};
  });
  const auto reply = harness.call_server({.command = "long"});
  ASSERT_TRUE(reply) << reply.error().message;
  ASSERT_EQ(asked.size(), 4U);
  EXPECT_GE(asked.back() - asked.front(), std::chrono::milliseconds(55));  // three pauses, by a clock of whole milliseconds
}

TEST(Work, LetsOthersBeAnsweredMeanwhile) {
  Counting counting(1'000'000'000);
  Harness harness(counting.handler());
  const auto slow = harness.connect_raw();
  ASSERT_TRUE(send_all(slow, long_request));
  ASSERT_TRUE(harness.turn_until([&] { return counting.done > 10; }));
  const auto reply = harness.call_server({.command = "short"});
  ASSERT_TRUE(reply) << reply.error().message;
  EXPECT_GT(reply->get<int>(), 10);
}

TEST(Work, EndsWhenTheClientHasGone) {
  Counting counting(1'000'000'000);
  Harness harness(counting.handler());
  auto client = harness.connect_raw();
  ASSERT_TRUE(send_all(client, long_request));
  ASSERT_TRUE(harness.turn_until([&] { return counting.done > 10; }));
  client.reset();
  ASSERT_TRUE(harness.turn_until([&] { return harness.server().connections() == 0; }));
  const int done = counting.done;
  const std::weak_ptr<int> token = counting.alive;
  counting.alive.reset();
  EXPECT_TRUE(token.expired()) << "the work was destroyed";
  ASSERT_TRUE(harness.call_server({.command = "short"}));
  EXPECT_EQ(counting.done, done);
}

TEST(Work, AClientThatHasOnlyFinishedSendingIsAnswered) {
  Counting counting(100);
  Harness harness(counting.handler());
  const auto client = harness.connect_raw();
  ASSERT_TRUE(send_all(client, long_request));
  ASSERT_EQ(::shutdown(client.get(), SHUT_WR), 0);
  Received received;
  ASSERT_TRUE(harness.turn_until([&] {
    receive(client, received);
    return received.closed;
  }));
  EXPECT_EQ(received.text, "{\"ok\":true,\"result\":100}\n");
}

TEST(Work, RequestsBehindItWaitForTheirTurn) {
  Counting counting(50);
  Harness harness(counting.handler());
  const auto client = harness.connect_raw();
  ASSERT_TRUE(send_all(client, std::string(long_request) + "{\"command\":\"short\"}\n"));
  Received received;
  ASSERT_TRUE(harness.turn_until([&] {
    receive(client, received);
    return std::ranges::count(received.text, '\n') == 2;
  }));
  EXPECT_EQ(received.text, "{\"ok\":true,\"result\":50}\n{\"ok\":true,\"result\":50}\n");
}

}  // namespace
}  // namespace ipguard::control
