#include "input/port_trap.h"

#include <gmock/gmock.h>
#include <net/if.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include <cstring>
#include <set>
#include <thread>
#include <vector>

#include "base/log.h"
#include "base/unique_fd.h"
#include "input/listen_socket.h"
#include "net/listen.h"

namespace ipguard::input {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

net::Endpoint local(uint16_t port, const char* address = "127.0.0.1") {
  return {.address = *net::Address::parse(address), .port = port};
}

uint16_t free_port() {
  const auto socket = net::listen_tcp(local(0));
  net::SocketAddress own;
  EXPECT_TRUE(socket && ::getsockname(socket->get(), own.get(), &own.length) == 0);
  return own.endpoint()->port;
}

UniqueFd knock(uint16_t port, const char* from = "127.0.0.1", const char* to = "127.0.0.1") {
  const net::SocketAddress own(local(0, from));
  const net::SocketAddress address(local(port, to));
  UniqueFd fd(::socket(address.storage.ss_family, SOCK_STREAM, 0));
  EXPECT_EQ(::bind(fd.get(), own.get(), own.length), 0);
  EXPECT_EQ(::connect(fd.get(), address.get(), address.length), 0);
  return fd;
}

class PortTrapTest : public ::testing::Test {
 protected:
  PortTrapTest() {
    set_log_level(LogLevel::error);
    config.name = "telnet";
    config.listen = {*net::Address::parse("127.0.0.1")};
    config.ports = {free_port()};
  }

  void begin() {
    trap.emplace(loop, config, [this](auto seen) {
      EXPECT_LE(seen.size(), 64U);
      visits.insert(visits.end(), seen.begin(), seen.end());
    });
    trap->start();
  }
  void expect_visits(size_t count) {
    while (visits.size() < count) {
      loop.run_once();
    }
    loop.poll();
    EXPECT_EQ(visits.size(), count);
  }

  loop::EventLoop loop;
  config::TrapConfig config;
  std::vector<PortTrap::Visit> visits;
  std::optional<PortTrap> trap;
};

TEST_F(PortTrapTest, TellsWhoCameWhere) {
  begin();
  EXPECT_EQ(trap->status().state, "following");
  const auto visitor = knock(config.ports[0], "127.0.0.9");
  net::SocketAddress own;
  ASSERT_EQ(::getsockname(visitor.get(), own.get(), &own.length), 0);
  expect_visits(1);
  EXPECT_EQ(visits[0].visitor, *own.endpoint());
  EXPECT_EQ(visits[0].port, config.ports[0]);
  EXPECT_EQ(trap->status().lines, 1U);
  EXPECT_EQ(trap->status().hits, 1U);
  EXPECT_EQ(trap->status().name, "trap/telnet");
  EXPECT_EQ(trap->status().path, "tcp " + std::to_string(config.ports[0]));
  // At once and without a word: reset.
  char byte = 0;
  EXPECT_EQ(::recv(visitor.get(), &byte, 1, 0), -1);
  EXPECT_EQ(errno, ECONNRESET);
}

TEST_F(PortTrapTest, TakesBothFamiliesOnOnePort) {
  config.listen = {*net::Address::parse("0.0.0.0"), *net::Address::parse("::")};
  begin();
  EXPECT_EQ(trap->problem(), "");
  const auto ipv4 = knock(config.ports[0]);
  const auto ipv6 = knock(config.ports[0], "::1", "::1");
  expect_visits(2);
  EXPECT_NE(visits[0].visitor.address.is_ipv4(), visits[1].visitor.address.is_ipv4());
}

TEST_F(PortTrapTest, KeepsNothingOfManyVisitors) {
  begin();
  constexpr size_t count = 500;
  std::vector<UniqueFd> visitors;
  for (size_t i = 0; i < count; ++i) {
    visitors.push_back(knock(config.ports[0]));
  }
  const UniqueFd before(::dup(0));
  expect_visits(count);
  const UniqueFd after(::dup(0));
  EXPECT_EQ(after.get(), before.get() + 1) << "descriptors stayed open";
}

TEST_F(PortTrapTest, LeavesAServiceAlone) {
  auto service = net::listen_tcp(local(config.ports[0]));
  ASSERT_TRUE(service);
  begin();
  EXPECT_EQ(trap->status().state,
            "waiting: cannot listen on tcp 127.0.0.1:" + std::to_string(config.ports[0]) + ": Address already in use");
  const auto other = free_port();
  config.ports.push_back(other);
  trap->change(config);
  EXPECT_THAT(trap->status().state, StartsWith("following, not trapped: cannot listen on tcp "));
  const auto visitor = knock(other);
  expect_visits(1);

  service->reset();
  trap->change(config);
  EXPECT_EQ(trap->status().state, "following");
}

// In a network namespace of its own, which knows which addresses are there when one is.
TEST_F(PortTrapTest, WaitsForAnAddress) {
  bool made = false;
  std::thread([&] {
    config.listen = {*net::Address::parse("192.0.2.1")};
    made = ::unshare(CLONE_NEWNET) == 0;
    if (!made) {
      return;
    }
    const UniqueFd socket(::socket(AF_INET, SOCK_DGRAM, 0));
    ifreq loopback{};
    std::strcpy(loopback.ifr_name, "lo");
    loopback.ifr_flags = IFF_UP;
    ASSERT_EQ(::ioctl(socket.get(), SIOCSIFFLAGS, &loopback), 0);
    trap.emplace(
        loop, config, [this](auto seen) { visits.insert(visits.end(), seen.begin(), seen.end()); },
        std::chrono::milliseconds(1));
    trap->start();
    EXPECT_THAT(trap->status().state, StartsWith("waiting: cannot listen on tcp 192.0.2.1:"));
    EXPECT_THAT(trap->status().state, HasSubstr("Cannot assign requested address"));
    loop.run_once();
    EXPECT_THAT(trap->status().state, StartsWith("waiting: "));
    const net::SocketAddress address(local(0, "192.0.2.1"));
    std::memcpy(&loopback.ifr_addr, address.get(), sizeof loopback.ifr_addr);
    ASSERT_EQ(::ioctl(socket.get(), SIOCSIFADDR, &loopback), 0);
    for (int i = 0; i < 1000 && trap->status().state != "following"; ++i) {
      loop.run_once();
    }
    ASSERT_EQ(trap->status().state, "following");
    const auto visitor = knock(config.ports[0], "192.0.2.1", "192.0.2.1");
    expect_visits(1);
    trap.reset();
  }).join();
  if (!made) {
    GTEST_SKIP() << "a network namespace needs root";
  }
}

// Whose clients may try its host's other addresses first.
TEST_F(PortTrapTest, LeavesAServiceAloneOnAllAddresses) {
  auto service = net::listen_tcp(local(config.ports[0]));
  config.listen = {*net::Address::parse("0.0.0.0"), *net::Address::parse("::")};
  config.ports.push_back(free_port());
  begin();
  EXPECT_THAT(trap->problem(), HasSubstr("0.0.0.0"));
  EXPECT_THAT(trap->problem(), testing::Not(HasSubstr("[::]")));
  EXPECT_TRUE(net::listen_tcp(local(config.ports[0], "::1")));
  EXPECT_FALSE(net::listen_tcp(local(config.ports[1], "::1")));
}

TEST_F(PortTrapTest, GoesOnThroughAChange) {
  begin();
  const auto waiting = knock(config.ports[0]);  // accepted by nobody yet
  const auto first = config.ports[0];
  config.ports.push_back(free_port());
  trap->change(config);
  const auto visitor = knock(config.ports[1]);
  expect_visits(2);
  config.ports.erase(config.ports.begin());
  trap->change(config);
  EXPECT_TRUE(net::listen_tcp(local(first)));  // it is free again
  EXPECT_EQ(trap->status().lines, 2U);
}

}  // namespace
}  // namespace ipguard::input
