// The whois server in the daemon: as the configuration says, from the guard's databases, with what the guard knows.
#include "daemon/whois_service.h"

#include <arpa/inet.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <memory>
#include <string>

#include "base/log.h"
#include "base/unique_fd.h"
#include "loaded_fixture.h"

namespace ipguard::daemon {
namespace {

using testing::EndsWith;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

class WhoisServiceTest : public testing::Test {
 protected:
  WhoisServiceTest() { set_log_level(LogLevel::error); }

  static Loaded load(const std::string& listen, bool own_knowledge, const std::string& database = "doc-ranges.mmdb") {
    config::Config config;
    config.whois.listen = listen;
    config.whois.own_knowledge = own_knowledge;
    return test_loaded(std::move(config), database);
  }
  void start(Loaded loaded) {
    guard_ = std::make_unique<Guard>(std::move(loaded), State(store::Store::in_memory()));
    ASSERT_TRUE(guard_->start(wall_clock_now()));
    service_ = std::make_unique<WhoisService>(loop_, *guard_);
  }
  void serve(Loaded loaded) {
    start(std::move(loaded));
    const auto applied = service_->apply();
    ASSERT_TRUE(applied) << applied.error().message;
  }
  UniqueFd connect() const {
    UniqueFd fd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(service_->server().port());
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    EXPECT_EQ(::connect(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
    return fd;
  }
  std::string ask(const std::string& query) {
    const auto fd = connect();
    const std::string line = query + "\r\n";
    EXPECT_EQ(::send(fd.get(), line.data(), line.size(), MSG_NOSIGNAL), static_cast<ssize_t>(line.size()));
    std::string answer;
    std::array<char, 65536> buffer;
    for (;;) {
      const ssize_t count = ::recv(fd.get(), buffer.data(), buffer.size(), MSG_DONTWAIT);
      if (count == 0) {
        return answer;
      }
      if (count > 0) {
        answer.append(buffer.data(), static_cast<size_t>(count));
      } else {
        loop_.run_once();
      }
    }
  }
  void ban(const std::string& target, std::optional<Seconds> duration) {
    const BanOrder order{
        .target = *model::Target::parse(target), .duration = duration, .reason = "because\x1b", .issuer = "manual"};
    ASSERT_TRUE(guard_->ban({&order, 1}, wall_clock_now()).front());
  }

  loop::EventLoop loop_;
  std::unique_ptr<Guard> guard_;
  std::unique_ptr<WhoisService> service_;
};

TEST_F(WhoisServiceTest, IsOffUnlessConfigured) {
  serve(load("", false));
  EXPECT_FALSE(service_->running());
  EXPECT_EQ(service_->listens_on(), "");
}

TEST_F(WhoisServiceTest, TellsOnlyOfTheDatabaseUnlessMoreIsWanted) {
  serve(load("127.0.0.1:0", false));
  ASSERT_TRUE(service_->running());
  ban("192.0.2.7", Seconds(3600));
  const auto answer = ask("192.0.2.7");
  EXPECT_THAT(answer, StartsWith("route: 192.0.2.0/26\r\n"));
  EXPECT_THAT(answer, EndsWith("dbstatus: ok - data found\r\n"));
  EXPECT_THAT(answer, Not(HasSubstr("ipguard")));
  EXPECT_EQ(service_->server().counters().queries, 1U);
}

TEST_F(WhoisServiceTest, ForTheIndexOfSystemsNobodyStandsStill) {
  serve(load("127.0.0.1:0", false));
  ASSERT_FALSE(guard_->loaded().routes->systems_known());
  const auto waiting = connect();
  ASSERT_EQ(::send(waiting.get(), "AS64496\r\n", 9, MSG_NOSIGNAL), 9);
  while (service_->server().connections() == 0) {
    loop_.run_once();
  }
  EXPECT_EQ(service_->server().counters().queries, 0U) << "it was built in the loop";
  while (service_->server().counters().queries == 0) {
    loop_.run_once();
  }
  EXPECT_TRUE(guard_->loaded().routes->systems_known());
  std::array<char, 4096> buffer;
  const auto count = ::recv(waiting.get(), buffer.data(), buffer.size(), 0);
  EXPECT_THAT(std::string(buffer.data(), static_cast<size_t>(std::max<ssize_t>(count, 0))),
              StartsWith("asn: AS64496\r\nas_name: "));
}

TEST_F(WhoisServiceTest, OwnKnowledgeIsTheBansAndHitsOfTheMoment) {
  serve(load("127.0.0.1:0", true));
  EXPECT_THAT(ask("192.0.2.7"), EndsWith("\r\nipguard-hits: 0\r\ndbstatus: ok - data found\r\n"));
  ban("192.0.2.7", Seconds(3600));
  ban("192.0.2.0/25", std::nullopt);
  const auto answer = ask("192.0.2.7");
  EXPECT_THAT(answer, HasSubstr("\r\nipguard-ban: 192.0.2.7 until 20"));
  EXPECT_THAT(answer, HasSubstr("\r\nipguard-ban: 192.0.2.0/25 permanently: because"));
  EXPECT_THAT(answer, Not(HasSubstr("\x1b")));
  EXPECT_THAT(ask("127.0.0.1"), HasSubstr("\r\nipguard-hits: 0\r\ndbstatus: warning - no data available\r\n"));
}

TEST_F(WhoisServiceTest, FollowsTheConfigurationAndTheDatabases) {
  serve(load("127.0.0.1:0", false));
  const auto port = service_->server().port();
  ASSERT_TRUE(service_->apply());  // nothing has changed
  EXPECT_EQ(service_->server().port(), port);
  EXPECT_THAT(ask("8.8.8.8"), EndsWith("no data available\r\n"));
  // Another database: the same server, whose open connections stay.
  const auto waiting = connect();
  guard_->replace_routes(load("", false, "ipguard-lite-small.mmdb").routes, wall_clock_now());
  ASSERT_TRUE(service_->apply());
  EXPECT_EQ(service_->server().port(), port);
  EXPECT_THAT(ask("8.8.8.8"), HasSubstr("asn: AS15169\r\n"));
  // Other limits: another server.
  auto changed = load("127.0.0.1:0", true, "ipguard-lite-small.mmdb");
  changed.config.whois.client_connections = 1;
  ASSERT_TRUE(guard_->reload(std::move(changed), wall_clock_now()));
  ASSERT_TRUE(service_->apply());
  EXPECT_THAT(ask("8.8.8.8"), HasSubstr("ipguard-hits: 0\r\n"));
  ASSERT_TRUE(guard_->reload(load("", false), wall_clock_now()));
  ASSERT_TRUE(service_->apply());
  EXPECT_FALSE(service_->running());
}

TEST_F(WhoisServiceTest, APortThatIsTakenIsToldOfAndTriedAgain) {
  serve(load("127.0.0.1:0", false));
  const auto taken = "127.0.0.1:" + std::to_string(service_->server().port());
  Guard other(load(taken, false), State(store::Store::in_memory()));
  ASSERT_TRUE(other.start(wall_clock_now()));
  WhoisService second(loop_, other);
  const auto refused = second.apply();
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, Errc::busy);
  EXPECT_FALSE(second.running());
  service_.reset();
  EXPECT_TRUE(second.apply());
  EXPECT_TRUE(second.running());
}

// The index for look-ups is built when enough were asked for, and answers stay the same.
TEST_F(WhoisServiceTest, ManyQueriesAreWorthAnIndex) {
  serve(load("127.0.0.1:0", false));
  const auto& routes = *guard_->loaded().routes;
  const auto before = ask("192.0.2.7");
  EXPECT_EQ(routes.index_sizes().lookups, 0U);
  while (routes.index_sizes().lookups == 0) {
    EXPECT_EQ(ask("192.0.2.7"), before);
  }
  EXPECT_EQ(ask("192.0.2.7"), before);
}

}  // namespace
}  // namespace ipguard::daemon
