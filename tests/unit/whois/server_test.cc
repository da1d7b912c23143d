#include "whois/server.h"

#include <arpa/inet.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <vector>

#include "base/unique_fd.h"
#include "fake_directory.h"

namespace ipguard::whois::testing {
namespace {

using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::StartsWith;

constexpr std::string_view no_data = "route: 127.0.0.0/8\r\ndbstatus: warning - no data available\r\n";

class ServerTest : public ::testing::Test {
 protected:
  void listen(Limits limits = {}) {
    server_.emplace(loop_, fake_directory(), limits);
    const auto listening = server_->listen("127.0.0.1:0");
    ASSERT_TRUE(listening) << listening.error().message;
  }
  UniqueFd connect() {
    UniqueFd fd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(server_->port());
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    EXPECT_EQ(::connect(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
    return fd;
  }
  static void send(const UniqueFd& fd, std::string_view text) {
    EXPECT_EQ(::send(fd.get(), text.data(), text.size(), MSG_NOSIGNAL), static_cast<ssize_t>(text.size()));
  }
  // Turns the loop until the server has closed the connection.
  std::string receive(const UniqueFd& fd) {
    std::string result;
    std::array<char, 65536> buffer;
    for (int turns = 0; turns < 10'000; ++turns) {
      loop_.poll();
      const ssize_t count = ::recv(fd.get(), buffer.data(), buffer.size(), MSG_DONTWAIT);
      if (count == 0) {
        return result;
      }
      if (count > 0) {
        result.append(buffer.data(), static_cast<size_t>(count));
      } else if (errno != EAGAIN) {
        return result + "<" + std::strerror(errno) + ">";
      }
    }
    return result + "<still open>";
  }
  void turn() {
    for (int i = 0; i < 5; ++i) {
      loop_.poll();
    }
  }

  loop::EventLoop loop_;
  std::optional<Server> server_;
};

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
  const auto silent = connect();
  send(silent, "1");  // what says nothing at all is the kernel's for a second
  turn();
  EXPECT_EQ(server_->connections(), 1U);
  while (server_->connections() > 0) {
    loop_.run_once();
  }
  EXPECT_EQ(receive(silent), "");
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

}  // namespace
}  // namespace ipguard::whois::testing
