// Replies that are lists, written portion by portion.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "harness.h"

namespace ipguard::control {
namespace {

// `portions` of `size` numbers each, 0, 1, 2, …; then the end.
struct Listing {
  Server::Handler handler() {
    return [this](const Request& request, const Peer&, bool) -> Answer {
      if (request.command != "list") {
        return Result<Json>(Json(asked));
      }
      alive = std::make_shared<int>(0);
      return Items([this, token = alive, next = 0]() mutable -> std::optional<std::vector<std::string>> {
        if (asked++ == portions) {
          return std::nullopt;
        }
        std::vector<std::string> items;
        for (int i = 0; i < size; ++i) {
          items.push_back(format_item(text.empty() ? Json(next++) : Json(text)));
        }
        return items;
      });
    };
  }

  int portions = 0;
  int size = 0;
  std::string text = {};
  int asked = 0;
  std::shared_ptr<int> alive = {};
};

TEST(Items, BecomeOneArray) {
  for (const auto& [portions, size] : std::vector<std::pair<int, int>>{{0, 0}, {1, 1}, {3, 2}, {2, 0}, {50, 1000}}) {
    Listing listing{.portions = portions, .size = size};
    Harness harness(listing.handler());
    const auto reply = harness.call_server({.command = "list"});
    ASSERT_TRUE(reply) << reply.error().message;
    ASSERT_TRUE(reply->is_array());
    ASSERT_EQ(reply->size(), static_cast<size_t>(portions * size));
    if (!reply->empty()) {
      EXPECT_EQ(reply->back(), portions * size - 1);
    }
  }
}

TEST(Items, AreMadeOnlyAsFastAsTheyAreRead) {
  Listing listing{.portions = 1'000'000'000, .size = 10, .text = std::string(1000, 'x')};
  Harness harness(listing.handler());
  const auto slow = harness.connect_raw();
  ASSERT_TRUE(send_all(slow, "{\"command\":\"list\"}\n"));
  ASSERT_TRUE(harness.turn_until([&] { return listing.asked > 1; }));
  // Others are answered, and what nobody reads is not made.
  int before = -1;
  int unchanged = 0;
  while (unchanged < 3) {
    ASSERT_TRUE(harness.call_server({.command = "other"}));
    unchanged = listing.asked == before ? unchanged + 1 : 0;
    before = listing.asked;
    ASSERT_LT(listing.asked, 1000) << "more than the socket holds was made";
  }
  Received received;
  receive(slow, received);
  ASSERT_TRUE(harness.turn_until([&] { return listing.asked > before; })) << "it goes on when it is read";
}

TEST(Items, EndWhenTheClientHasGone) {
  Listing listing{.portions = 1'000'000'000, .size = 10, .text = std::string(1000, 'x')};
  Harness harness(listing.handler());
  auto client = harness.connect_raw();
  ASSERT_TRUE(send_all(client, "{\"command\":\"list\"}\n"));
  ASSERT_TRUE(harness.turn_until([&] { return listing.asked > 1; }));
  client.reset();
  ASSERT_TRUE(harness.turn_until([&] { return harness.server().connections() == 0; }));
  const std::weak_ptr<int> token = listing.alive;
  listing.alive.reset();
  EXPECT_TRUE(token.expired());
}

TEST(Items, TheNextRequestWaitsForTheEnd) {
  Listing listing{.portions = 3, .size = 1};
  Harness harness(listing.handler());
  const auto client = harness.connect_raw();
  ASSERT_TRUE(send_all(client, "{\"command\":\"list\"}\n{\"command\":\"other\"}\n"));
  Received received;
  ASSERT_TRUE(harness.turn_until([&] {
    receive(client, received);
    return std::ranges::count(received.text, '\n') == 2;
  }));
  EXPECT_EQ(received.text, "{\"ok\":true,\"result\":[0,1,2]}\n{\"ok\":true,\"result\":4}\n");
}

}  // namespace
}  // namespace ipguard::control
