// What the daemon tells: events of decisions, bounded, and problems once.
#include "daemon/notifications.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <memory>
#include <string>

#include "base/log.h"
#include "base/time.h"
#include "daemon/outlets.h"
#include "daemon/render_json.h"
#include "loaded_fixture.h"

namespace ipguard::daemon {
namespace {

using testing::HasSubstr;

model::Decision decision(const std::string& target) {
  model::Decision decision;
  decision.target = model::Target::parse(target).value();
  decision.rule = "web/test";
  decision.reason = "3 hits\nof web/test";
  decision.issuer = "ledger";
  decision.since = wall_clock_now();
  decision.until = decision.since + Seconds{3600};
  return decision;
}

TEST(NotificationEvent, TellsOfADecision) {
  const auto now = wall_clock_now();
  const auto event =
      event_of({.decision = decision("192.0.2.7"), .ending = std::nullopt, .at = now}, false, "host", now);
  EXPECT_EQ(event.kind, config::EventKind::ban);
  EXPECT_EQ(event.scope, model::Scope::address);
  EXPECT_EQ(event.message, "banned address 192.0.2.7: 3 hits\\x0aof web/test");
  const auto json = Json::parse(event.json);
  EXPECT_EQ(json["kind"], "ban");
  EXPECT_EQ(json["host"], "host");
  EXPECT_EQ(json["mode"], "enforce");
  EXPECT_EQ(json["target"], "192.0.2.7");
  EXPECT_EQ(json["rule"], "web/test");
  EXPECT_EQ(json["reason"], "3 hits\nof web/test");
  EXPECT_EQ(event.json.find('\n'), std::string::npos);
  EXPECT_THAT(event.fields, testing::Contains(testing::Pair("IPGUARD_TARGET", "192.0.2.7")));
}

TEST(NotificationEvent, TellsOfEndsAndRefusals) {
  const auto now = wall_clock_now();
  decide::DecisionChange change{.decision = decision("192.0.2.0/24"), .ending = model::Ending::expired, .at = now};
  EXPECT_EQ(event_of(change, true, "host", now).kind, config::EventKind::lift);
  EXPECT_EQ(Json::parse(event_of(change, true, "host", now).json)["mode"], "dry-run");
  change.ending = model::Ending::refused;
  EXPECT_EQ(event_of(change, false, "host", now).kind, config::EventKind::refusal);
}

TEST(NotificationEvent, IsBounded) {
  auto wide = decision("AS64500");
  for (uint32_t i = 0; i < 5000; ++i) {
    wide.prefixes.emplace_back(net::Address::from_ipv4(0xc6120000U + 256 * i), 24);
  }
  wide.reason = std::string(100'000, 'x');
  wide.route.as_name = "name";
  const auto now = wall_clock_now();
  const auto event = event_of({.decision = wide, .ending = std::nullopt, .at = now}, false, "host", now);
  EXPECT_LE(event.json.size(), notify::most_json_bytes);
  EXPECT_EQ(Json::parse(event.json)["more_prefixes"], 5000 - 64);
}

class NotificationsTest : public testing::Test {
 protected:
  NotificationsTest() {
    set_log_level(LogLevel::error);
    std::filesystem::remove(path);
    config::Config config;
    config.notifies.push_back({.name = "file", .type = config::NotifyType::file, .path = path});
    guard = std::make_unique<Guard>(test_loaded(std::move(config)), State(store::Store::in_memory()));
  }
  ~NotificationsTest() override { std::filesystem::remove(path); }
  std::vector<Json> written() const {
    std::vector<Json> events;
    std::ifstream file(path);
    for (std::string line; std::getline(file, line);) {
      events.push_back(Json::parse(line));
    }
    return events;
  }
  std::string path = testing::TempDir() + "notifications_" + std::to_string(::getpid());
  loop::EventLoop loop;
  std::unique_ptr<Guard> guard;
};

TEST_F(NotificationsTest, TellsWhatTheGuardDoes) {
  {
    Notifications notifications(loop, *guard, [] { return std::vector<Warning>(); });
    EXPECT_TRUE(notifications.apply().empty());
    EXPECT_TRUE(guard->start(wall_clock_now()));
    const std::vector<BanOrder> orders = {{.target = model::Target::parse("192.0.2.7").value(),
                                           .duration = Seconds{60},
                                           .reason = "by hand",
                                           .issuer = "manual"}};
    EXPECT_TRUE(guard->ban(orders, wall_clock_now())[0]);
    const std::vector targets = {orders[0].target};
    EXPECT_TRUE(guard->unban(targets, wall_clock_now())[0]);
  }
  const auto events = written();
  ASSERT_EQ(events.size(), 2U);
  EXPECT_EQ(events[0]["kind"], "ban");
  EXPECT_EQ(events[0]["issuer"], "manual");
  EXPECT_EQ(events[1]["kind"], "lift");
  EXPECT_EQ(events[1]["ending"], "lifted");
}

TEST_F(NotificationsTest, SaysNothingOfWhatWasOverBeforeItBegan) {
  {
    Notifications notifications(loop, *guard, [] { return std::vector<Warning>(); });
    EXPECT_TRUE(notifications.apply().empty());
    EXPECT_TRUE(guard->start(wall_clock_now()));
    model::Rule rule;
    rule.id = "test/rule";
    rule.threshold = 1;
    rule.window = Seconds{600};
    rule.ban = Seconds{600};
    model::Hit hit;
    hit.rule = &rule;
    hit.address = *net::Address::parse("198.51.100.7");
    hit.time = wall_clock_now() - Seconds{86400};
    guard->take_evidence(hit, "/var/log/x", wall_clock_now());
    guard->flush(wall_clock_now(), nullptr);
    EXPECT_EQ(guard->engine().counters().offences, 1U);
  }
  EXPECT_TRUE(written().empty());
}

// What is over is no warning for ever; its count stays where the counters are.
TEST(SinkWarnings, TellForAnHourOfWhatWasGivenUp) {
  const auto now = wall_clock_now();
  const std::vector<notify::SinkStatus> sinks = {
      {.name = "file", .counters = {.dropped = 3, .last_dropped = now - Seconds{60}}},
      {.name = "hook", .counters = {.dropped = 9, .last_dropped = now - Seconds{3601}}}};
  const auto warnings = sink_warnings(sinks, now);
  ASSERT_EQ(warnings.size(), 1U);
  EXPECT_TRUE(warnings[0].sentence.starts_with("[[notify]] file: 3 events were given up, the last at "));
  EXPECT_EQ(warnings[0].kind, "[[notify]] file: events were given up");
}

TEST_F(NotificationsTest, TellsOfAProblemOnce) {
  // Three servers, of which two differ in digits alone, as do the others' answers; a loss that grows.
  const std::vector<Warning> problems = {{"12 bytes were lost", "bytes were lost"},
                                         {"13 bytes were lost", "bytes were lost"},
                                         {"[[notify]] h1: the server answers 500"},
                                         {"[[notify]] h2: the server answers 500"},
                                         {"[[notify]] h2: the server answers 401"}};
  int looks = 0;
  {
    Notifications notifications(loop, *guard, [&] {
      ++looks;
      return problems;
    });
    EXPECT_TRUE(notifications.apply().empty());
    while (looks == 0) {
      loop.run_once();
    }
  }
  const auto events = written();
  ASSERT_EQ(events.size(), 4U);
  EXPECT_EQ(events[0]["kind"], "problem");
  EXPECT_EQ(events[0]["message"], "12 bytes were lost");
  EXPECT_EQ(events[3]["message"], "[[notify]] h2: the server answers 401");
}

}  // namespace
}  // namespace ipguard::daemon
