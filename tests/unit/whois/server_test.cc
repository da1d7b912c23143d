#include <gmock/gmock.h>

#include <algorithm>
#include <vector>

#include "server_fixture.h"

namespace ipguard::whois::testing {
namespace {

using ::testing::EndsWith;
using ::testing::StartsWith;

constexpr std::string_view no_data_query = "127.0.0.1";

TEST_F(ServerTest, AnswersAndCloses) {
  listen();
  for (const auto* query : {"127.0.0.1\r\n", "127.0.0.1\n", "  127.0.0.1. \r\n", "::ffff:127.0.0.1\r\n"}) {
    const auto client = connect();
    send(client, query);
    EXPECT_EQ(receive(client), no_data) << query;
  }
  EXPECT_EQ(server_->counters().queries, 4U);
  EXPECT_EQ(server_->connections(), 0U);
}

TEST_F(ServerTest, WaitsForSlowAndPipelinedClients) {
  listen();
  const auto slow = connect();
  for (const char c : std::string_view("127.0.0.1\r\n")) {
    send(slow, {&c, 1});
    turn();
    EXPECT_EQ(server_->connections(), c == '\n' ? 0U : 1U);
  }
  EXPECT_EQ(receive(slow), no_data);
  // Of pipelined queries the first one is answered, and the answer arrives although the rest is never read.
  const auto pipelined = connect();
  std::string queries;
  for (int i = 0; i < 5000; ++i) {
    queries += "127.0.0.1\r\n";
  }
  send(pipelined, queries);
  ::shutdown(pipelined.get(), SHUT_WR);
  EXPECT_EQ(receive(pipelined), no_data);
  const auto unfinished = connect();
  send(unfinished, "127.0.0.1");
  turn();
  ::shutdown(unfinished.get(), SHUT_WR);
  EXPECT_EQ(receive(unfinished), no_data);
  turn();
  EXPECT_EQ(server_->connections(), 0U);
  EXPECT_EQ(server_->counters().queries, 3U);
}

TEST_F(ServerTest, BoundsLengthAndTime) {
  listen({.connections = 10, .client_connections = 10, .patience = std::chrono::milliseconds(30)});
  const auto chatty = connect();
  send(chatty, std::string(256, '1'));
  ::shutdown(chatty.get(), SHUT_WR);
  EXPECT_EQ(receive(chatty), "error: a query is at most 255 bytes long\r\n");
  // The line's end does not count, whatever it is.
  for (const auto* end : {"\n", "\r\n"}) {
    const auto longest = connect();
    send(longest, std::string(255 - no_data_query.size(), ' ') + std::string(no_data_query) + end);
    EXPECT_EQ(receive(longest), no_data);
    const auto longer = connect();
    send(longer, std::string(256 - no_data_query.size(), ' ') + std::string(no_data_query) + end);
    EXPECT_EQ(receive(longer), "error: a query is at most 255 bytes long\r\n");
  }
  EXPECT_EQ(server_->counters().too_long, 3U);
  const auto silent = connect();
  send(silent, "1");  // what says nothing at all is the kernel's for a second
  turn();
  EXPECT_EQ(server_->connections(), 1U);
  while (server_->connections() > 0) {
    loop_.run_once();
  }
  EXPECT_EQ(receive(silent), "");
  EXPECT_EQ(server_->counters().timed_out, 1U);
}

TEST_F(ServerTest, ThousandsOfIdleConnectionsDisplaceEachOtherOnly) {
  listen({.connections = 64, .client_connections = 16, .patience = std::chrono::hours(1)});
  std::vector<UniqueFd> idle;
  for (int i = 0; i < 500; ++i) {
    idle.push_back(connect());
    send(idle.back(), "1");
    loop_.poll();
  }
  turn();
  EXPECT_EQ(server_->connections(), 16U);
  EXPECT_EQ(server_->counters().displaced, 484U);
  EXPECT_EQ(receive(idle.front()), "");
  const auto client = connect();
  send(client, "127.0.0.1\r\n");
  EXPECT_EQ(receive(client), no_data);
  send(idle.back(), "27.0.0.1\r\n");
  EXPECT_EQ(receive(idle.back()), no_data);
}

TEST_F(ServerTest, BulkGoesOnUntilTheEnd) {
  listen();
  const auto client = connect();
  std::string input = "begin\nnoheader\n";
  constexpr int count = 5000;
  for (int i = 0; i < count; ++i) {
    input += "192.0.2." + std::to_string(i % 256) + "\n";
  }
  send(client, input.substr(0, 3));
  turn();
  send(client, input.substr(3));
  send(client, "end\n");
  const auto output = receive(client);
  EXPECT_THAT(output, StartsWith("Bulk mode; ipguard ["));
  EXPECT_THAT(output, EndsWith("64496   | 192.0.2.135      | Example   Net\r\n"));
  EXPECT_EQ(std::ranges::count(output, '\n'), count + 1);
  // Without `end`, the end of what the client sends is one; its last line may lack a line feed.
  const auto hurried = connect();
  send(hurried, "begin\n192.0.2.1");
  ::shutdown(hurried.get(), SHUT_WR);
  EXPECT_THAT(receive(hurried), EndsWith("| AS Name\r\n64496   | 192.0.2.1        | Example   Net\r\n"));
  turn();
  EXPECT_EQ(server_->counters().queries, 2U);
  EXPECT_EQ(server_->counters().rows, static_cast<uint64_t>(count) + 3);
  const auto verbose = connect();
  send(verbose, "-vf begin\n192.0.2.1\nEnd\n");
  EXPECT_THAT(receive(verbose), EndsWith("]\r\n64496   | 192.0.2.1        | 192.0.2.0/24        | NL | ripencc  | "
                                         "NA         | Example   Net\r\n"));
}

TEST_F(ServerTest, RefusesAnAddressThatIsTakenOrNone) {
  listen();
  Server other(loop_, fake_directory(), {});
  const auto taken = other.listen("127.0.0.1:" + std::to_string(server_->port()));
  ASSERT_FALSE(taken);
  EXPECT_EQ(taken.error().code, Errc::busy);
  for (const auto* text : {"", "8043", "localhost:8043", "127.0.0.1:99999", "::1:8043"}) {
    const auto result = other.listen(text);
    ASSERT_FALSE(result) << text;
    EXPECT_EQ(result.error().code, Errc::invalid) << text;
  }
}

// As the other listeners: `ipguardd --check` takes both for places of their own.
TEST_F(ServerTest, BothFamiliesListenSideBySide) {
  Server six(loop_, fake_directory(), {});
  if (!six.listen("[::]:0")) {
    GTEST_SKIP() << "no IPv6 here";
  }
  Server four(loop_, fake_directory(), {});
  EXPECT_TRUE(four.listen("0.0.0.0:" + std::to_string(six.port())));
}

}  // namespace
}  // namespace ipguard::whois::testing
