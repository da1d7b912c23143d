// A server on a loop of its own in a temporary folder, and raw clients driven by the same thread.
#pragma once

#include <gtest/gtest.h>
#include <poll.h>
#include <sys/socket.h>

#include <atomic>
#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <thread>

#include "control/client.h"
#include "control/server.h"
#include "control/socket.h"
#include "support/temp_folder.h"

namespace ipguard::control {

class Harness {
 public:
  explicit Harness(Server::Handler handler, std::chrono::milliseconds patience = std::chrono::seconds(30),
                   std::optional<gid_t> readers = {})
      : ticker_(loop_, [] {}), server_(loop_, path_, std::move(handler), readers, patience) {
    const auto listening = server_.listen();
    EXPECT_TRUE(listening) << listening.error().message;
  }

  // Turns the loop until `done`; false after two minutes.
  bool turn_until(const std::function<bool()>& done) {
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::minutes(2);
    while (!done()) {
      if (std::chrono::steady_clock::now() > deadline) {
        return false;
      }
      ticker_.start(std::chrono::milliseconds(1));  // so that run_once() comes back
      loop_.run_once();
    }
    return true;
  }

  // call() from another thread while this one turns the loop.
  Result<Json> call_server(const Request& request) {
    Result<Json> reply = fail("the server did not come to an end");
    std::atomic<bool> done = false;
    std::thread client([&] {
      reply = call(path_, request, 120);
      done = true;
    });
    EXPECT_TRUE(turn_until([&] { return done.load(); }));
    client.join();
    return reply;
  }

  UniqueFd connect_raw() {
    auto fd = open_socket();
    EXPECT_EQ(connect_to(fd->get(), *socket_address(path_)), 0);
    return std::move(*fd);
  }

  [[nodiscard]] const std::string& path() const { return path_; }
  Server& server() { return server_; }

 private:
  TempFolder folder_;
  std::string path_ = folder_ / "ipguard.sock";
  loop::EventLoop loop_;
  loop::Timer ticker_;
  Server server_;
};

// What has come in on a raw client's socket.
struct Received {
  std::string text;
  bool closed = false;
};

inline void receive(const UniqueFd& fd, Received& received) {
  std::string chunk(64U << 10, '\0');
  while (true) {
    const ssize_t count = ::recv(fd.get(), chunk.data(), chunk.size(), MSG_DONTWAIT);
    if (count > 0) {
      received.text.append(chunk, 0, static_cast<size_t>(count));
      continue;
    }
    received.closed = received.closed || count == 0 || (errno != EAGAIN && errno != EINTR);
    return;
  }
}

inline bool send_all(const UniqueFd& fd, std::string_view text) {
  return ::send(fd.get(), text.data(), text.size(), MSG_NOSIGNAL) == static_cast<ssize_t>(text.size());
}

}  // namespace ipguard::control
