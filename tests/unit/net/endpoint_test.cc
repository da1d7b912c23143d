#include "net/endpoint.h"

#include <gtest/gtest.h>

namespace ipguard::net {
namespace {

TEST(Endpoint, IsReadAndWritten) {
  for (const char* text : {"127.0.0.1:5514", "[::1]:5514", "0.0.0.0:0", "[2001:db8::7]:65535"}) {
    const auto endpoint = Endpoint::parse(text);
    ASSERT_TRUE(endpoint) << text;
    EXPECT_EQ(endpoint->to_string(), text);
  }
}

TEST(Endpoint, RefusesAnythingElse) {
  for (const char* text : {"", "127.0.0.1", "127.0.0.1:", ":5514", "::1:5514", "[127.0.0.1]:5514", "[::1]", "[::1]5514",
                           "127.0.0.1:65536", "127.0.0.1:-1", "localhost:5514", "127.0.0.1:5514 ", "[]:1"}) {
    EXPECT_FALSE(Endpoint::parse(text)) << text;
  }
}

TEST(Endpoint, GoesThroughTheKernelsForm) {
  for (const char* text : {"192.0.2.7:23", "[2001:db8::7]:23"}) {
    const auto endpoint = Endpoint::parse(text);
    ASSERT_TRUE(endpoint);
    EXPECT_EQ(SocketAddress(*endpoint).endpoint(), endpoint);
  }
  SocketAddress unknown;
  EXPECT_FALSE(unknown.endpoint());
}

TEST(Endpoint, KnowsLoopback) {
  EXPECT_TRUE(is_loopback(*Address::parse("127.9.9.9")));
  EXPECT_TRUE(is_loopback(*Address::parse("::1")));
  EXPECT_TRUE(is_loopback(*Address::parse("::ffff:127.0.0.1")));
  EXPECT_FALSE(is_loopback(*Address::parse("0.0.0.0")));
  EXPECT_FALSE(is_loopback(*Address::parse("2001:db8::1")));
}

}  // namespace
}  // namespace ipguard::net
