// A whois server over the fake directory, and clients of it, all in one thread.
#pragma once

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <optional>
#include <string>
#include <string_view>

#include "base/unique_fd.h"
#include "fake_directory.h"
#include "loop/event_loop.h"
#include "whois/server.h"

namespace ipguard::whois::testing {

constexpr std::string_view no_data = "route: 127.0.0.0/8\r\ndbstatus: warning - no data available\r\n";

class ServerTest : public ::testing::Test {
 protected:
  void listen(Limits limits = {}, Directory directory = fake_directory()) {
    server_.emplace(loop_, std::move(directory), limits);
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
  // As much as the kernel takes: nobody may be reading.
  static void send_some(const UniqueFd& fd, std::string_view text) {
    EXPECT_GT(::send(fd.get(), text.data(), text.size(), MSG_NOSIGNAL | MSG_DONTWAIT), 0);
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

}  // namespace ipguard::whois::testing
