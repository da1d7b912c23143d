// `report --live` and `top`: what the daemon has counted, put into the shapes of a report.
#include "cli/report_live.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/log.h"
#include "cli/report_run.h"
#include "cli/report_table.h"
#include "cli/top_frame.h"
#include "daemon/commands.h"
#include "guard_fixture.h"
#include "report/document_json.h"
#include "report_fixture.h"

namespace ipguard::cli {
namespace {

using control::Json;
using testing::HasSubstr;
using testing::Not;

daemon::CommandContext context_of(daemon::Guard& guard) {
  return {.guard = guard,
          .sources = [] { return std::vector<model::SourceStatus>{}; },
          .reload = {},
          .started = TimePoint(Seconds(log_begin))};
}

// What ipguardctl would get.
Json ask(daemon::Guard& guard, Json arguments, TimePoint now) {
  auto context = context_of(guard);
  auto answer = daemon::run_command(context, {.command = "report", .arguments = std::move(arguments)}, false, now);
  Json reply = Json::array();
  EXPECT_TRUE(answer.items);
  while (answer.items) {
    const auto portion = answer.items();
    if (!portion) {
      break;
    }
    for (const auto& item : *portion) {
      EXPECT_EQ(item.find('\n'), std::string::npos) << "an answer is one line";
      reply.push_back(Json::parse(item));
    }
  }
  return reply;
}

// As JSON, without what a live report cannot have or has differently.
Json comparable(const report::Document& document) {
  Json json = Json::parse(document_json(document));
  for (const char* key : {"generated", "inputs", "running", "live", "memory", "first", "last", "evidence", "rules"}) {
    json.erase(key);
  }
  // Of rules where nothing came of anything, one report says so and the other nothing.
  auto& rules = json["balance"]["rules"];
  rules.erase(std::remove_if(rules.begin(), rules.end(),
                             [](const Json& row) { return row["decisions"] == 0 && row["stopped"] == 0; }),
              rules.end());
  return json;
}

class LiveReport : public testing::TestWithParam<int> {};

// The same logs, read by a daemon as they are written and by `report` afterwards.
TEST_P(LiveReport, SaysWhatTheReportSays) {
  set_log_level(LogLevel::error);
  const auto seed = static_cast<uint64_t>(GetParam());
  const Logs logs{.access = make_access_log(seed, 5000), .auth = make_auth_log(seed + 100, 1500)};
  const std::vector<std::string> settings = {"ladder.route.one_in=0", "ladder.route.addresses=4", "ban.growth=1"};
  const auto guard = test_guard(settings);
  const auto now = feed(*guard, logs);
  const auto live =
      read_live_reply(ask(*guard, {{"by", "route"}, {"groups", 1000}, {"top", 50}, {"decisions", 10'000}}, now));
  ASSERT_TRUE(live) << live.error().message;
  EXPECT_TRUE(live->live);
  EXPECT_TRUE(live->running->dry_run);
  EXPECT_EQ(live->running->too_old, 0U);
  EXPECT_GT(live->balance.total.stopped, 100U);
  EXPECT_FALSE(live->evidence.empty());

  const TempFolder folder;
  auto plan = make_plan(
      {folder.write("auth.log", text_of(logs.auth)), folder.write("access.log", text_of(logs.access))}, settings);
  plan.by = report::Dimension::route;
  plan.top_rows = 50;
  plan.network_rows = 50;
  const auto report = run_report(std::move(plan));
  EXPECT_GT(report.balance.decisions.size(), 20U);
  EXPECT_EQ(comparable(*live), comparable(report));
}

INSTANTIATE_TEST_SUITE_P(Seeds, LiveReport, testing::Values(1, 2));

// What is older than the period is counted nowhere: not its hits, nor the lines that have them, nor the decisions that
// they led to and that were over before.
TEST(LiveReportCommand, AnOldLogIsNamedAndNotCounted) {
  set_log_level(LogLevel::error);
  const auto guard = test_guard({});
  const TimePoint now = TimePoint(Seconds(log_begin)) + std::chrono::days(30);
  config::SourceConfig config;
  config.name = "test";
  const input::SourceInfo source{&config, "access.log"};
  const auto old = text_of(make_access_log(3, 3000));
  const auto fresh =
      access_line(now, "192.0.2.200", "/.env", 404) + '\n' + access_line(now, "192.0.2.200", "/", 200) + '\n';
  guard->judge({.bytes = old, .offset = 0, .source = 0}, source, now);
  guard->judge({.bytes = fresh, .offset = old.size(), .source = 0}, source, now);
  guard->flush(now, nullptr);
  auto live = read_live_reply(ask(*guard, {{"by", "rule"}, {"decisions", 10'000}}, now));
  ASSERT_TRUE(live) << live.error().message;
  EXPECT_GT(live->running->too_old, 500U);
  EXPECT_EQ(live->lines, 3002U);
  EXPECT_EQ(live->lines_hit, 1U);
  EXPECT_GE(live->hits, 1U);
  EXPECT_LT(live->hits, 10U);
  EXPECT_GT(live->running->over, 10U);
  EXPECT_EQ(live->balance.total.decisions, live->balance.decisions.size());
  EXPECT_EQ(live->balance.total.stopped, 0U);
  for (const auto& row : live->balance.rules) {
    EXPECT_LE(row.hits, live->hits) << row.name;
  }
  EXPECT_THAT(report_text(*live, {}), HasSubstr(" decisions were over before the time that is counted\n"));
}

TEST(LiveReportCommand, WhatNobodyHasCountedIsNoZero) {
  set_log_level(LogLevel::error);
  const auto guard = test_guard({});
  auto context = context_of(*guard);
  model::SourceStatus source;
  source.path = "a.log";
  source.overlong_lines = 2;
  context.sources = [&source] { return std::vector{source}; };
  auto answer = daemon::run_command(context, {.command = "report", .arguments = Json::object()}, false,
                                    TimePoint(Seconds(log_begin)));
  ASSERT_TRUE(answer.items);
  Json reply = Json::array();
  while (const auto portion = answer.items()) {
    for (const auto& item : *portion) {
      reply.push_back(Json::parse(item));
    }
  }
  const auto live = read_live_reply(reply);
  ASSERT_TRUE(live) << live.error().message;
  ASSERT_EQ(live->inputs.size(), 1U);
  EXPECT_FALSE(live->inputs[0].problems_known);
  EXPECT_EQ(live->inputs[0].overlong_lines, 2U);
  EXPECT_THAT(document_json(*live), HasSubstr("\"unread_lines\":null"));
}

TEST(LiveReportCommand, IsBoundedAndRefusesWhatItDoesNotKnow) {
  set_log_level(LogLevel::error);
  const auto guard = test_guard({});
  const TimePoint now{Seconds(log_begin)};
  auto context = context_of(*guard);
  for (const auto& [arguments, error] :
       std::vector<std::pair<Json, std::string>>{{{{"by", "colour"}}, "'colour'"},
                                                 {{{"by", 5}}, "arguments of 'report'"},
                                                 {{{"groups", "x"}}, "arguments"}}) {
    const auto answer = daemon::run_command(context, {.command = "report", .arguments = arguments}, false, now);
    ASSERT_TRUE(answer.result) << arguments;
    ASSERT_FALSE(*answer.result);
    EXPECT_THAT(answer.result->error().message, HasSubstr(error));
  }
  const auto empty = read_live_reply(ask(*guard, {{"groups", UINT64_MAX}, {"top", UINT64_MAX}}, now));
  ASSERT_TRUE(empty) << empty.error().message;
  EXPECT_EQ(empty->hits, 0U);
  EXPECT_THAT(report_text(*empty, 80), HasSubstr("0 hits"));
}

TEST(LiveReply, ThatIsNoneIsSaidToBe) {
  for (const char* text : {"null", "[]", "{}", "[5]", R"([{"version":1}])", R"([{"version":1,"running":[]}])",
                           R"([{"version":1,"running":{},"database":7}])", R"([{"groups":[{"hits":"many"}]}])"}) {
    const auto document = read_live_reply(Json::parse(text));
    ASSERT_FALSE(document) << text;
    EXPECT_THAT(document.error().message, HasSubstr("same version")) << text;
  }
}

report::Document document_of(int64_t second, uint64_t hits) {
  report::Document document;
  document.generated = TimePoint(Seconds(second));
  document.running = report::Running{.dry_run = true, .lines = hits * 10, .hits = hits};
  document.by = report::Dimension::path;
  document.groups.push_back({.key = "/a\x1b[31m", .hits = hits});
  document.groups.push_back({.key = "/b", .hits = 1});
  return document;
}

TEST(Top, TellsWhatIsNew) {
  TopRates rates;
  EXPECT_TRUE(rates.advance(document_of(100, 5)).empty());
  EXPECT_FALSE(rates.hits());
  EXPECT_THAT(top_head(document_of(100, 5), rates, {}), HasSubstr("hits -/s (5)"));
  EXPECT_EQ(rates.advance(document_of(102, 25)), (std::vector<uint64_t>{20, 0}));
  EXPECT_EQ(rates.hits(), 10.0);
  EXPECT_EQ(rates.lines(), 100.0);
  EXPECT_THAT(top_head(document_of(102, 25), rates, {}), HasSubstr("lines 100/s (250), hits 10/s (25), bans: none"));
  // A restart: less than before.
  EXPECT_EQ(rates.advance(document_of(104, 1)), (std::vector<uint64_t>{0, 0}));
  EXPECT_EQ(rates.hits(), 0.0);
  auto other = document_of(106, 9);
  other.by = report::Dimension::user;
  EXPECT_TRUE(rates.advance(other).empty()) << "by something else: nothing to compare with";
}

TEST(Top, SaysNothingOfWhatItDoesNotKnow) {
  auto document = document_of(100, 5);
  EXPECT_THAT(top_table(document).to_string(50), Not(HasSubstr("NEW")));
  EXPECT_EQ(without_groups(document), "");
  document.groups.clear();
  EXPECT_EQ(without_groups(document), "");
  document.hits = 5;
  EXPECT_EQ(without_groups(document), "No hit tells its path");
  const auto lines = top_frame(
      {.document = document, .rates = {}, .fresh = {}, .problem = "", .by = document.by, .rows = 24, .columns = 80});
  EXPECT_THAT(lines, testing::Contains("No hit tells its path"));
}

TEST(Top, NothingHostileReachesTheTerminal) {
  const auto document = document_of(100, 5);
  const auto text = top_table(document, {3, 0}).to_string(std::nullopt);
  EXPECT_THAT(text, Not(HasSubstr("\x1b")));
  EXPECT_THAT(text, HasSubstr("+3"));
}

report::Document busy_document() {
  report::Document document;
  document.generated = TimePoint(Seconds(100));
  document.running =
      report::Running{.dry_run = true, .period = Seconds(86400), .lines = 123'456'789, .hits = 98'765, .bans = {3, 1}};
  document.hits = 98'765;
  document.addresses = 1'234;
  document.balance.total = {.decisions = 4, .stopped = 12'345};
  for (int i = 0; i < 40; ++i) {
    document.groups.push_back({.key = "198.51.100." + std::to_string(100 + i),
                               .hits = 1'234,
                               .share = 0.125,
                               .route = "198.51.100.0/24",
                               .asn = "AS64500",
                               .as_name = "Example Networks of a long name",
                               .country_code = "NL"});
  }
  return document;
}

std::vector<std::string> screen_of(const report::Document& document, size_t rows, size_t columns,
                                   std::string_view problem = {}) {
  const TopRates rates;
  return top_frame({.document = document,
                    .rates = rates,
                    .fresh = {},
                    .problem = problem,
                    .by = document.by,
                    .rows = rows,
                    .columns = columns});
}

std::string screen_text(const std::vector<std::string>& lines) {
  std::string text;
  for (const auto& line : lines) {
    text += line + '\n';
  }
  return text;
}

TEST(Top, ANarrowScreenShowsLessButWhole) {
  const auto lines = screen_of(busy_document(), 12, 60);
  ASSERT_EQ(lines.size(), 12U);
  const auto text = screen_text(lines);
  EXPECT_THAT(text, HasSubstr("\nbans: 3 address, 1 route\n"));
  EXPECT_THAT(text, HasSubstr("\n4 decisions that would have stopped 12,345\n"));
  EXPECT_THAT(text, HasSubstr("by address; < > change that, q ends\n"));
  EXPECT_EQ(lines[6].substr(0, 6), "NEW  A");
  EXPECT_THAT(lines[6], HasSubstr("  AS       CC  NAME"));
  EXPECT_THAT(lines[6], Not(HasSubstr("ROUTE")));
  EXPECT_THAT(lines[7], HasSubstr("198.51.100.100  0        "));
  EXPECT_THAT(lines[7], HasSubstr("  AS64500  NL  Example"));
  EXPECT_THAT(lines[7], testing::EndsWith("…"));
  const auto wide = screen_text(screen_of(busy_document(), 50, 200));
  EXPECT_THAT(wide, HasSubstr("addresses, 4 decisions that would have stopped 12,345\n"));
  EXPECT_THAT(wide, HasSubstr("198.51.100.0/24  AS64500  NL  Example Networks of a long name\n"));
}

TEST(Top, FitsAnyScreen) {
  auto document = busy_document();
  for (const auto by : report::all_dimensions) {
    document.by = by;
    for (const size_t rows : {1U, 2U, 3U, 6U, 12U, 24U}) {
      for (const size_t columns : {1U, 5U, 9U, 10U, 30U, 60U, 80U, 132U}) {
        for (const char* problem : {"", "no ipguardd answers at /run/ipguard/ipguard.sock: Connection refused"}) {
          const auto lines = screen_of(document, rows, columns, problem);
          EXPECT_EQ(lines.size(), rows);
          for (const auto& line : lines) {
            EXPECT_LE(display_width(line), columns) << line;
          }
        }
      }
    }
  }
  const auto problem =
      screen_of(document, 12, 60, "no ipguardd answers at /run/ipguard/ipguard.sock: Connection refused");
  EXPECT_EQ(problem[0] + ' ' + problem[1], "no ipguardd answers at /run/ipguard/ipguard.sock: Connection refused");
}

}  // namespace
}  // namespace ipguard::cli
