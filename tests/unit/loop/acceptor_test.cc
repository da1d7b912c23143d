#include "loop/acceptor.h"

#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/socket.h>

#include <algorithm>
#include <iterator>
#include <vector>

#include "net/listen.h"

namespace ipguard::loop {
namespace {

class AcceptorTest : public testing::Test {
 protected:
  AcceptorTest() {
    acceptor.start(listener.get());
    ::getsockname(listener.get(), place.get(), &place.length);
  }
  void connect(int count) {
    for (int i = 0; i < count; ++i) {
      clients.emplace_back(::socket(AF_INET, SOCK_STREAM, 0));
      ASSERT_EQ(::connect(clients.back().get(), place.get(), place.length), 0);
    }
  }

  UniqueFd listener = net::listen_tcp(*net::Endpoint::parse("127.0.0.1:0")).value();
  net::SocketAddress place;
  std::vector<UniqueFd> clients;
  EventLoop loop;
  std::vector<size_t> turns;  // how many came in each
  std::vector<Accepted> kept;
  Acceptor acceptor{loop, "test", [this](std::vector<Accepted>& accepted) {
                      turns.push_back(accepted.size());
                      std::ranges::move(accepted, std::back_inserter(kept));
                    }};
};

TEST_F(AcceptorTest, LeavesOthersTheirTurn) {
  connect(100);
  loop.poll();
  ASSERT_EQ(turns.size(), 1U);
  EXPECT_LT(turns.front(), 100U);
  while (kept.size() < 100) {
    loop.run_once();
  }
  EXPECT_EQ(kept.front().peer.endpoint()->address, net::Address::parse("127.0.0.1"));
  char byte = 0;
  EXPECT_EQ(::recv(kept.front().fd.get(), &byte, 1, 0), -1) << "it would wait";
  loop.poll();
  EXPECT_EQ(kept.size(), 100U);
}

TEST_F(AcceptorTest, AcceptsNothingWhenStopped) {
  acceptor.stop();
  connect(1);
  loop.poll();
  EXPECT_TRUE(kept.empty());
  acceptor.start(listener.get());
  acceptor.accept_some();
  EXPECT_EQ(kept.size(), 1U);
}

TEST_F(AcceptorTest, WaitsForDescriptors) {
#ifdef __SANITIZE_ADDRESS__
  GTEST_SKIP() << "UndefinedBehaviorSanitizer needs descriptors itself, whenever it meets a class for the first time";
#endif
  connect(1);
  rlimit before{};
  ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &before), 0);
  const rlimit none{.rlim_cur = 0, .rlim_max = before.rlim_max};
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &none), 0);
  loop.poll();
  loop.poll();
  EXPECT_TRUE(kept.empty());
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &before), 0);
  loop.poll();
  EXPECT_TRUE(kept.empty()) << "it does not wake the loop again and again";
  while (kept.empty()) {
    loop.run_once();
  }
}

}  // namespace
}  // namespace ipguard::loop
