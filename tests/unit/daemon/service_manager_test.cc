#include "daemon/service_manager.h"

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstddef>
#include <cstdlib>
#include <string>
#include <string_view>

#include "base/unique_fd.h"

namespace ipguard::daemon {
namespace {

// What a service manager hears, on a socket with an abstract name.
class ServiceManagerTest : public testing::Test {
 protected:
  ServiceManagerTest() : name_("@ipguard-notify-" + std::to_string(::getpid())) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::ranges::copy(name_, address.sun_path);
    address.sun_path[0] = '\0';
    EXPECT_EQ(::bind(listener_.get(), reinterpret_cast<const sockaddr*>(&address),
                     static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + name_.size())),
              0);
    ::setenv("NOTIFY_SOCKET", name_.c_str(), 1);
  }
  ~ServiceManagerTest() override {
    for (const char* name : {"NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID"}) {
      ::unsetenv(name);
    }
  }

  // The next datagram; empty if there is none.
  std::string heard() const {
    std::array<char, 512> buffer{};
    const ssize_t size = ::recv(listener_.get(), buffer.data(), buffer.size(), MSG_DONTWAIT);
    return {buffer.data(), size > 0 ? static_cast<size_t>(size) : 0};
  }
  int watchdogs_within(std::chrono::milliseconds time) {
    int count = 0;
    bool over = false;
    loop::Timer end(loop_, [&] { over = true; });
    end.start(time);
    while (!over) {
      loop_.run_once();
      for (auto text = heard(); !text.empty(); text = heard()) {
        count += text == "WATCHDOG=1" ? 1 : 0;
      }
    }
    return count;
  }

  std::string name_;
  UniqueFd listener_{::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0)};
  loop::EventLoop loop_;
};

TEST_F(ServiceManagerTest, HearsHowTheDaemonIs) {
  ServiceManager manager(loop_, [] { return std::string("enforcing,\n7 bans"); });
  EXPECT_EQ(heard(), "") << "not before it is ready";
  manager.ready();
  EXPECT_EQ(heard(), "READY=1");
  const std::string status = heard();
  EXPECT_TRUE(status.starts_with("STATUS=enforcing,")) << status;
  EXPECT_EQ(status.find('\n'), std::string::npos) << "one line, whatever it says";
  EXPECT_EQ(heard(), "");
  manager.reloading();
  const std::string reloading = heard();
  EXPECT_TRUE(reloading.starts_with("RELOADING=1\nMONOTONIC_USEC=")) << reloading;
  manager.reloaded();
  EXPECT_EQ(heard(), "READY=1");
  EXPECT_TRUE(heard().starts_with("STATUS="));
  manager.stopping();
  EXPECT_EQ(heard(), "STOPPING=1");
  EXPECT_EQ(watchdogs_within(std::chrono::milliseconds(50)), 0) << "nobody asked for it";
}

TEST_F(ServiceManagerTest, ItsWatchdogHearsTwiceInItsTime) {
  ::setenv("WATCHDOG_USEC", "40000", 1);
  ::setenv("WATCHDOG_PID", std::to_string(::getpid()).c_str(), 1);
  ServiceManager manager(loop_, [] { return std::string(); });
  manager.ready();
  EXPECT_GE(watchdogs_within(std::chrono::milliseconds(200)), 4);
}

TEST_F(ServiceManagerTest, AnotherProcessesWatchdogIsNotOurs) {
  ::setenv("WATCHDOG_USEC", "20000", 1);
  ::setenv("WATCHDOG_PID", "1", 1);
  ServiceManager manager(loop_, [] { return std::string(); });
  manager.ready();
  EXPECT_EQ(watchdogs_within(std::chrono::milliseconds(100)), 0);
}

TEST_F(ServiceManagerTest, NobodyAsksNothingIsSaid) {
  ::unsetenv("NOTIFY_SOCKET");
  ServiceManager manager(loop_, [] { return std::string(); });
  manager.ready();
  manager.reloading();
  manager.stopping();
  EXPECT_EQ(heard(), "");
}

}  // namespace
}  // namespace ipguard::daemon
