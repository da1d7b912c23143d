// Who is told of what, and what becomes of it over a reload.
#include "notify/notifier.h"

#include <sys/stat.h>

#include <filesystem>
#include <fstream>

#include "fake_server.h"
#include "fixture.h"

namespace ipguard::notify {
namespace {

using config::EventKind;

TEST(NotifierFilter, LetsThroughWhatItsWordsSay) {
  const Topic ban{.kind = EventKind::ban, .scope = model::Scope::route, .rule = "web/probe", .issuer = "ledger"};
  const Topic by_hand{.kind = EventKind::ban, .scope = model::Scope::address, .rule = "", .issuer = "manual"};
  const Topic problem{.kind = EventKind::problem};
  EXPECT_TRUE(wants({}, ban));
  EXPECT_TRUE(wants({}, problem));
  EXPECT_TRUE(wants({.kinds = {EventKind::lift, EventKind::ban}}, ban));
  EXPECT_FALSE(wants({.kinds = {EventKind::lift}}, ban));
  EXPECT_TRUE(wants({.scopes = {model::Scope::route}}, ban));
  EXPECT_FALSE(wants({.scopes = {model::Scope::route}}, by_hand));
  EXPECT_TRUE(wants({.rules = {{.word = "web/", .location = {}}}}, ban));
  EXPECT_TRUE(wants({.rules = {{.word = "web/probe", .location = {}}}}, ban));
  EXPECT_FALSE(wants({.rules = {{.word = "web/pro", .location = {}}}}, ban));
  EXPECT_FALSE(wants({.rules = {{.word = "web/", .location = {}}}}, by_hand));
  EXPECT_FALSE(wants({.issuers = {"ledger"}}, by_hand));
  // A problem is no rule's and of no scope.
  EXPECT_TRUE(
      wants({.rules = {{.word = "web/", .location = {}}}, .scopes = {model::Scope::asn}, .issuers = {"x"}}, problem));
  EXPECT_FALSE(wants({.kinds = {EventKind::ban}}, problem));
}

class NotifierTest : public SinkTest {
 protected:
  config::NotifyConfig file(const std::string& name) const {
    return {.name = name, .type = config::NotifyType::file, .path = folder / name};
  }
};

TEST_F(NotifierTest, GivesEachItsOwn) {
  Notifier notifier(loop, wall_clock_now);
  EXPECT_FALSE(notifier.any());
  auto bans = file("bans");
  bans.kinds = {EventKind::ban};
  auto lifts = file("lifts");
  lifts.kinds = {EventKind::lift};
  EXPECT_TRUE(notifier.apply({bans, lifts}).empty());
  EXPECT_TRUE(notifier.wanted({.kind = EventKind::lift}));
  EXPECT_FALSE(notifier.wanted({.kind = EventKind::problem}));
  notifier.publish(*event(1));
  ASSERT_TRUE(until([&] { return notifier.status()[0].counters.delivered == 1; }));
  EXPECT_EQ(notifier.status()[1].counters.delivered, 0U);
  EXPECT_FALSE(std::filesystem::exists(folder / "lifts"));
}

TEST_F(NotifierTest, KeepsWhatWaitsOverAReload) {
  Notifier notifier(loop, wall_clock_now);
  auto gone = file("gone");
  gone.path = folder / "not/there";
  EXPECT_TRUE(notifier.apply({gone}).empty());
  notifier.publish(*event(1));
  loop.poll();
  gone.kinds = {EventKind::ban};  // another filter of the same sink
  EXPECT_TRUE(notifier.apply({gone, file("other")}).empty());
  EXPECT_EQ(notifier.status()[0].counters.waiting, 1U);
  EXPECT_TRUE(notifier.apply({file("other")}).empty());
  EXPECT_EQ(notifier.status().size(), 1U);
}

TEST_F(NotifierTest, ATokenMayChangeWhileEventsWait) {
  FakeServer server(loop);
  server.answers = {"503 Service Unavailable\r\nRetry-After: 1", "200 OK"};
  const std::string token_file = folder / "token";
  const auto write_token = [&](const std::string& token) {
    std::ofstream(token_file) << token << '\n';
    ::chmod(token_file.c_str(), 0600);
  };
  write_token("0123456789abcdef");
  const config::NotifyConfig hook{
      .name = "hook", .type = config::NotifyType::webhook, .url = server.url(), .token_file = token_file};
  Notifier notifier(loop, wall_clock_now);
  EXPECT_TRUE(notifier.apply({hook}).empty());
  notifier.publish(*event(1));
  ASSERT_TRUE(until([&] { return server.requests.size() == 1; }));

  std::filesystem::remove(token_file);
  const auto problems = notifier.apply({hook});
  ASSERT_EQ(problems.size(), 1U);
  EXPECT_THAT(problems[0], testing::HasSubstr("[[notify]] hook goes on as it was: "));
  write_token("fedcba9876543210");
  EXPECT_TRUE(notifier.apply({hook}).empty());
  EXPECT_EQ(notifier.status()[0].counters.waiting, 1U);
  ASSERT_TRUE(until([&] { return notifier.status()[0].counters.delivered == 1; }));
  EXPECT_THAT(server.requests.at(1), testing::HasSubstr("Authorization: Bearer fedcba9876543210\r\n"));
}

TEST_F(NotifierTest, LeavesOutWhoseTokenCannotBeRead) {
  Notifier notifier(loop, wall_clock_now);
  config::NotifyConfig hook{
      .name = "hook", .type = config::NotifyType::webhook, .url = "http://127.0.0.1:1/", .token_file = folder / "none"};
  const auto problems = notifier.apply({hook, file("other")});
  ASSERT_EQ(problems.size(), 1U);
  EXPECT_THAT(problems[0], testing::HasSubstr("[[notify]] hook is left out"));
  EXPECT_EQ(notifier.status().size(), 1U);
}

}  // namespace
}  // namespace ipguard::notify
