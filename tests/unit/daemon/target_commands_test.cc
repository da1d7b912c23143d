// ban and unban of any number of targets, through a guard in dry-run.
#include "daemon/target_commands.h"

#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "base/log.h"
#include "base/time.h"
#include "daemon/commands.h"
#include "daemon/render_json.h"
#include "daemon/target_work.h"
#include "loaded_fixture.h"

namespace ipguard::daemon {
namespace {

class TargetCommandsTest : public testing::Test {
 protected:
  TargetCommandsTest() { make_guard(); }

  void make_guard(uint8_t largest_share = 50,
                  std::vector<net::Prefix> allowed = {net::Prefix::parse("198.51.100.0/25").value()}) {
    set_log_level(LogLevel::error);
    config::Config config;
    config.allow.prefixes = std::move(allowed);
    config.protect.largest_share = largest_share;
    guard = std::make_unique<Guard>(test_loaded(std::move(config)), State(store::Store::in_memory()));
    EXPECT_TRUE(guard->start(wall_clock_now()));
  }

  // Runs the work to its end; `turns` counts its calls.
  Json run(Result<control::Work> work) {
    turns = 0;
    if (!work) {
      return "no: " + work.error().message;
    }
    for (;;) {
      ++turns;
      if (auto reply = (*work)()) {
        return reply->has_value() ? **reply : Json("no: " + reply->error().message);
      }
    }
  }
  Json ban(Json arguments) { return run(begin_ban(*guard, arguments)); }
  Json unban(Json arguments) { return run(begin_unban(*guard, arguments)); }

  static Json addresses(uint32_t from, size_t count) {
    Json targets = Json::array();
    for (uint32_t i = 0; i < count; ++i) {
      targets.push_back(net::Address::from_ipv4(from + i).to_string());
    }
    return targets;
  }

  std::unique_ptr<Guard> guard;
  int turns = 0;
};

constexpr uint32_t banned_range = 0xc6120000U;  // 198.18.0.0/15, RFC 2544

TEST_F(TargetCommandsTest, AnswersFewTargetsOneByOne) {
  const auto reply = ban({{"targets", {"192.0.2.7", "198.51.100.9", "192.0.2.0/25"}}, {"for", "2h"}});
  EXPECT_EQ(turns, 1);
  ASSERT_EQ(reply.size(), 3U);
  EXPECT_EQ(reply[0]["decision"]["target"], "192.0.2.7");
  EXPECT_EQ(reply[1]["error"], "198.51.100.9 cannot be banned: allowlist: prefix 198.51.100.0/25");
  EXPECT_EQ(reply[2]["decision"]["scope"], "route");
  EXPECT_EQ(unban({{"targets", {"192.0.2.7", "192.0.2.8"}}})[0]["ok"], true);
  EXPECT_EQ(guard->engine().decisions().size(), 1U);
}

// This guard is a dry run's: nothing that it answers may be taken for done.
TEST_F(TargetCommandsTest, ADryRunsRepliesSayThatTheyAre) {
  const auto reply = ban({{"targets", {"192.0.2.7", "198.51.100.9"}}});
  EXPECT_EQ(reply[0]["dry_run"], true);
  EXPECT_EQ(reply[0]["ok"], true);
  EXPECT_EQ(reply[1]["dry_run"], true);
  EXPECT_EQ(reply[1]["ok"], false);
  EXPECT_EQ(run(begin_confirm(*guard, {{"targets", {"192.0.2.7"}}}))[0]["dry_run"], true);
  EXPECT_EQ(unban({{"targets", {"192.0.2.7"}}})[0]["dry_run"], true);
  EXPECT_EQ(ban({{"targets", {"192.0.2.7"}}, {"summary", true}})["dry_run"], true);
  EXPECT_EQ(unban({{"targets", {"192.0.2.7"}}, {"summary", true}})["dry_run"], true);
  const auto preview = ban({{"targets", {"192.0.2.7"}}, {"dry_run", true}})[0];
  EXPECT_EQ(preview["dry_run"], true);
  EXPECT_EQ(preview["preview"]["mode"], "dry-run");

  CommandContext context{.guard = *guard, .sources = {}, .reload = {}, .started = wall_clock_now()};
  (void)ban({{"targets", {"192.0.2.7", "192.0.2.8"}}});
  (void)unban({{"targets", {"192.0.2.8"}}});
  auto active = run_command(context, {.command = "bans"}, false, wall_clock_now());
  const auto items = active.items();
  ASSERT_TRUE(items && items->size() == 1U);
  EXPECT_EQ(Json::parse(items->front())["dry_run"], true);
  const auto ended = run_command(context, {.command = "bans", .arguments = {{"ended", true}}}, false, wall_clock_now());
  EXPECT_EQ((**ended.result)[0]["dry_run"], true);
}

TEST_F(TargetCommandsTest, WhatIsEnforcedSaysThatItIsNoDryRun) {
  for (const bool summary : {false, true}) {
    auto work = begin_work<model::Target>(
        *guard, {*model::Target::parse("192.0.2.7")},
        {.summary = summary, .dry_run = false, .done_key = "lifted", .content_key = "decision"},
        [](std::span<const model::Target>, bool) {
          std::vector<Outcome> outcomes(1);
          return outcomes;
        });
    const auto reply = *work();
    EXPECT_EQ(summary ? (*reply)["dry_run"] : (*reply)[0]["dry_run"], false);
  }
}

TEST_F(TargetCommandsTest, AMisspeltWordOfAnEntryMakesNoPermanentBan) {
  const auto reply = ban({{"targets", {{{"target", "192.0.2.7"}, {"duration", "2h"}}}}});
  EXPECT_EQ(reply, "no: an entry of 'targets' has no 'duration'; known: target until for reason");
  EXPECT_TRUE(guard->engine().decisions().empty());
}

// Who is told of bans must not lose some of a list because they come all at once.
TEST_F(TargetCommandsTest, AListWaitsForThoseWhoAreTold) {
  size_t told = 0;
  bool behind = true;
  guard->tell([&](const auto& changes, TimePoint) { told += changes.size(); }, [&] { return behind; });
  auto work = begin_ban(*guard, {{"targets", addresses(banned_range, 9000)}, {"summary", true}});
  ASSERT_TRUE(work);
  for (const size_t expected : {0U, 4000U, 8000U}) {
    behind = true;
    for (int i = 0; i < 20; ++i) {
      EXPECT_FALSE((*work)());
    }
    EXPECT_EQ(told, expected);
    behind = false;
    EXPECT_EQ((*work)().has_value(), expected == 8000U);
  }
  EXPECT_EQ(told, 9000U);
  behind = true;
  EXPECT_TRUE(ban({{"targets", {"192.0.2.7"}}})[0]["ok"]) << "few are banned at once";
}

TEST_F(TargetCommandsTest, ManyTargetsTakeManyTurnsAndAreCounted) {
  auto targets = addresses(banned_range, 4500);
  for (const auto& refused : addresses(0xc6336400U, 120)) {  // 198.51.100.0/25
    targets.push_back(refused);
  }
  const auto reply = ban({{"targets", targets}, {"issuer", "import"}, {"summary", true}});
  EXPECT_EQ(turns, 2);
  EXPECT_EQ(reply["banned"], 4500);
  EXPECT_EQ(reply["refused"], 120);
  EXPECT_EQ(reply["refusals"].size(), 100U);
  EXPECT_EQ(reply["more_refusals"], 20);
  EXPECT_EQ(guard->engine().decisions().size(), 4500U);
  EXPECT_EQ(guard->enforcer().enforced(), 4500U);
  EXPECT_EQ(guard->engine().decisions().front().issuer, "import");
  const auto lifted = unban({{"targets", addresses(banned_range, 4500)}, {"summary", true}});
  EXPECT_EQ(lifted["lifted"], 4500);
  EXPECT_EQ(guard->enforcer().enforced(), 0U);
}

TEST_F(TargetCommandsTest, WorkThatIsDroppedHasDoneWholeSlices) {
  auto work = begin_ban(*guard, {{"targets", addresses(banned_range, 9000)}, {"summary", true}});
  ASSERT_TRUE(work);
  EXPECT_FALSE((*work)().has_value());
  *work = nullptr;
  EXPECT_EQ(guard->engine().decisions().size(), 4000U);
  EXPECT_EQ(guard->enforcer().enforced(), 4000U);
}

TEST_F(TargetCommandsTest, RefusesArgumentsBeforeTheFirstTarget) {
  const struct {
    Json arguments;
    const char* answer;
  } cases[] = {
      {Json::object(), "no: 'targets' must be a list of addresses, prefixes, AS numbers or country codes"},
      {{{"targets", Json::array()}},
       "no: 'targets' must be a list of addresses, prefixes, AS numbers or country codes"},
      {{{"targets", {"192.0.2.7", 7}}}, "no: 'targets' must hold strings, or objects with a \"target\""},
      {{{"targets", {{{"reason", "x"}}}}}, "no: 'targets' must hold strings, or objects with a \"target\""},
      {{{"targets", {{{"target", "192.0.2.7"}, {"until", "soon"}}}}},
       "no: 'until' must be a time such as \"2026-02-25T04:30:17Z\""},
      {{{"targets", {{{"target", "192.0.2.7/24"}}}}},
       "no: '192.0.2.7/24' has host bits set; the prefix is 192.0.2.0/24"},
      {{{"targets", {"192.0.2.7"}}, {"confirm_within", "0s"}}, "no: there must be time to confirm it"},
      {{{"targets", {"192.0.2.7"}}, {"for", "1h"}, {"confirm_within", "2h"}},
       "no: a ban for 1h ends before the 2h to confirm it: shorten --confirm-within"},
      {{{"targets", {{{"target", "192.0.2.7"}, {"for", "1h"}}}}, {"confirm_within", "2h"}},
       "no: a ban for 1h ends before the 2h to confirm it: shorten --confirm-within"},
      {{{"targets", addresses(banned_range, 1001)}}, "no: more than 1,000 targets need 'summary'"},
      {{{"targets", {"192.0.2.7"}}, {"for", "0s"}},
       "no: a ban for 0s would be none; leave --for away for a permanent one"},
      {{{"targets", {"192.0.2.7"}}, {"issuer", "ledger"}},
       "no: 'issuer' must be \"manual\" or \"import\", not 'ledger'"},
      {{{"targets", {"192.0.2.7"}}, {"issuer", ""}}, "no: 'issuer' must be \"manual\" or \"import\", not ''"},
      {{{"targets", {"192.0.2.7"}}, {"for", 7}}, "no: 'for' must be a duration such as \"2h\""},
      {{{"targets", {"192.0.2.7"}}, {"reason", std::string(600, 'x')}}, "no: the reason is longer than 512 bytes"},
  };
  for (const auto& c : cases) {
    EXPECT_EQ(ban(c.arguments), c.answer);
  }
  EXPECT_TRUE(guard->engine().decisions().empty());
}

TEST_F(TargetCommandsTest, AWideBanNeedsForceAndShowsWhatItLeavesOut) {
  EXPECT_EQ(ban({{"targets", {"198.0.0.0/8"}}})[0]["error"],
            "198.0.0.0/8 cannot be banned: it would cover 16,777,216 IPv4 addresses; the budget is 1,048,576 "
            "(ladder.route.budget_addresses); --force bans it nevertheless");
  const auto forced = ban({{"targets", {"198.0.0.0/8"}}, {"force", true}})[0]["decision"];
  EXPECT_EQ(forced["addresses_covered"], (1 << 24) - 128);
  EXPECT_EQ(forced["ipv6_64s_covered"], 0);
  EXPECT_NE(forced["reason"].get<std::string>().find("forced"), std::string::npos);
  ASSERT_EQ(forced["cut_out"].size(), 1U);
  EXPECT_EQ(forced["cut_out"][0].dump(),
            R"({"prefix":"198.51.100.0/25","reason":"allowlist: prefix 198.51.100.0/25"})");
  const auto explained =
      to_json(guard->engine(), guard->engine().explain(net::Address::parse("198.51.100.9").value(), wall_clock_now()));
  EXPECT_EQ(explained["banned"], false);
  EXPECT_EQ(explained["covered_by"][0]["target"], "198.0.0.0/8");
  EXPECT_EQ(explained["protections"], Json::array({"allowlist: prefix 198.51.100.0/25"})) << "said once";
}

TEST_F(TargetCommandsTest, EachTargetMayHaveAnEndAndAReasonOfItsOwn) {
  const auto later = format_rfc3339(std::chrono::ceil<Seconds>(wall_clock_now()) + Seconds(7200));
  const Json targets = {"192.0.2.1",
                        {{"target", "192.0.2.2"}, {"until", nullptr}, {"reason", "for ever"}},
                        {{"target", "192.0.2.3"}, {"until", later}},
                        {{"target", "192.0.2.4"}, {"for", "3h"}},
                        {{"target", "192.0.2.5"}, {"until", "2020-02-25T04:30:17Z"}}};
  const auto reply = ban({{"targets", targets}, {"for", "1h"}, {"reason", "all"}, {"issuer", "import"}});
  const auto left = [&](size_t i) {
    const auto until = parse_rfc3339(reply[i]["decision"]["until"].get<std::string>());
    return std::chrono::round<std::chrono::hours>(*until - wall_clock_now()).count();
  };
  EXPECT_EQ(left(0), 1);
  EXPECT_EQ(reply[0]["decision"]["reason"], "all");
  EXPECT_TRUE(reply[1]["decision"]["until"].is_null());
  EXPECT_EQ(reply[1]["decision"]["reason"], "for ever");
  EXPECT_EQ(left(2), 2);
  EXPECT_EQ(left(3), 3);
  EXPECT_EQ(reply[4]["error"], "its end has passed");
}

TEST_F(TargetCommandsTest, AListNeverShortensAndSaysHowManyWereBanned) {
  (void)ban({{"targets", {"192.0.2.1"}}, {"reason", "for good"}});
  const auto first = addresses(banned_range, 10);
  (void)ban({{"targets", first}, {"for", "2h"}, {"issuer", "import"}, {"summary", true}});
  auto targets = addresses(banned_range, 12);
  targets.push_back("192.0.2.1");
  const auto reply = ban({{"targets", targets}, {"for", "1h"}, {"issuer", "import"}, {"summary", true}});
  EXPECT_EQ(reply["banned"], 2);
  EXPECT_EQ(reply["already"], 11);
  EXPECT_EQ(reply["refused"], 0);
  const auto one = ban({{"targets", {"192.0.2.1"}}, {"for", "1h"}, {"issuer", "import"}})[0];
  EXPECT_EQ(one["already"], true);
  EXPECT_TRUE(one["decision"]["until"].is_null());
  EXPECT_EQ(one["decision"]["reason"], "for good");
  const auto by_hand = ban({{"targets", {"192.0.2.1"}}, {"for", "1h"}})[0];
  EXPECT_FALSE(by_hand.contains("already"));
  EXPECT_TRUE(by_hand["was_until"].is_null()) << "that is to be told";
  EXPECT_TRUE(by_hand["decision"]["until"].is_string());
}

TEST_F(TargetCommandsTest, WhatIsBannedSoAlreadyIsTold) {
  const Json arguments = {{"targets", {"192.0.2.1", "192.0.2.0/25"}}, {"reason", "for good"}};
  EXPECT_FALSE(ban(arguments)[0].contains("already"));
  const auto again = ban(arguments);
  for (const auto& entry : again) {
    EXPECT_EQ(entry["ok"], true);
    EXPECT_EQ(entry["already"], true);
    EXPECT_TRUE(entry["was_until"].is_null());
    EXPECT_EQ(entry["decision"]["reason"], "for good");
  }
  EXPECT_EQ(ban({{"targets", {"192.0.2.1", "192.0.2.2"}}, {"reason", "for good"}, {"summary", true}}),
            Json({{"banned", 1},
                  {"dry_run", true},
                  {"refused", 0},
                  {"refusals", Json::array()},
                  {"more_refusals", 0},
                  {"already", 1}}));
  const auto other = ban({{"targets", {"192.0.2.1"}}, {"reason", "for better"}})[0];
  EXPECT_FALSE(other.contains("already"));
  EXPECT_EQ(other["decision"]["reason"], "for better");
  EXPECT_EQ(ban({{"targets", {"192.0.2.1"}}, {"issuer", "import"}})[0]["already"], true) << "a list adds no time";
}

// What was exported and is imported again ends when it did, to the microsecond.
TEST_F(TargetCommandsTest, AnEndIsTakenAsItIsWritten) {
  const auto until = format_rfc3339(wall_clock_now() + Seconds(3600) + std::chrono::microseconds(1));
  const Json targets = {{{"target", "192.0.2.2"}, {"until", until}}};
  EXPECT_EQ(ban({{"targets", targets}, {"issuer", "import"}})[0]["decision"]["until"], until);
  EXPECT_EQ(ban({{"targets", targets}, {"issuer", "import"}})[0]["already"], true);
}

// What the check right before the kernel would refuse, or did.
TEST_F(TargetCommandsTest, TheLargestShareIsInPreviewAndReply) {
  make_guard(1);  // 2.56 networks of /8
  EXPECT_EQ(ban({{"targets", {"20.0.0.0/8", "30.0.0.0/8"}}, {"force", true}})[1]["ok"], true);
  const auto preview = ban({{"targets", {"40.0.0.0/8", "50.0.0.0/9"}}, {"force", true}, {"dry_run", true}});
  EXPECT_EQ(preview[0]["ok"], false);
  EXPECT_NE(preview[0]["error"].get<std::string>().find("more than 1 % of the IPv4"), std::string::npos);
  EXPECT_TRUE(preview[0]["preview"]["prefixes"].empty());
  EXPECT_EQ(preview[0]["preview"]["cut_out"][0]["prefix"], "40.0.0.0/8");
  EXPECT_EQ(preview[1]["ok"], true);
  const auto refused = ban({{"targets", {"40.0.0.0/8"}}, {"force", true}})[0];
  EXPECT_EQ(refused["ok"], false);
  EXPECT_EQ(guard->engine().refused_elements().count, 0U) << "the whole ban was refused";
}

// A great many elements reach the kernel in portions; the answer waits for the last one's.
TEST_F(TargetCommandsTest, AnAnswerTellsWhatTheKernelTook) {
  std::vector<net::Prefix> allowed;
  for (uint32_t i = 0; i < 9000; ++i) {  // 20.0.0.1, .3, .5 …: so many parts are left of a /16
    allowed.emplace_back(net::Address::from_ipv4(0x14000001U + 2 * i));
  }
  make_guard(50, allowed);
  const auto reply = ban({{"targets", {"20.0.0.0/16"}}})[0];
  EXPECT_GT(turns, 1);
  EXPECT_EQ(reply["decision"]["addresses_covered"], 65536 - 9000);
  EXPECT_EQ(guard->enforcer().enforced(), guard->engine().wanted());
  EXPECT_FALSE(guard->behind());
}

TEST_F(TargetCommandsTest, ADryRunTellsAndChangesNothing) {
  guard->engine().on_login(*net::Address::parse("192.0.2.9"), wall_clock_now(), wall_clock_now());
  const auto reply = ban({{"targets", {"192.0.2.0/25", "AS4200000000", "198.51.100.7"}}, {"dry_run", true}});
  ASSERT_EQ(reply.size(), 3U);
  EXPECT_EQ(reply[0]["ok"], true);
  EXPECT_EQ(reply[0]["preview"]["addresses_covered"], 127);
  EXPECT_EQ(reply[0]["preview"]["good_clients_known"]["logins"], 1);
  EXPECT_EQ(reply[0]["preview"]["left_out"], 1);
  EXPECT_EQ(reply[1]["ok"], false);
  EXPECT_EQ(reply[1]["error"], "AS4200000000 cannot be banned: the database knows no prefixes of AS4200000000");
  EXPECT_TRUE(reply[1]["preview"]["prefixes"].empty());
  EXPECT_EQ(reply[2]["error"], "198.51.100.7 cannot be banned: allowlist: prefix 198.51.100.0/25");
  EXPECT_TRUE(guard->engine().decisions().empty());
}

TEST_F(TargetCommandsTest, APreviewTellsOfEachHoweverManyTurnsItTakes) {
  const auto reply = ban({{"targets", addresses(banned_range, 1000)}, {"dry_run", true}});
  ASSERT_EQ(reply.size(), 1000U);
  EXPECT_EQ(reply[0]["target"], "198.18.0.0");
  EXPECT_EQ(reply[999]["target"], "198.18.3.231");
  EXPECT_EQ(ban({{"targets", addresses(banned_range, 5000)}, {"dry_run", true}, {"summary", true}})["banned"], 5000);
}

TEST_F(TargetCommandsTest, ConfirmKeepsABan) {
  const auto confirm = [this](Json targets) { return run(begin_confirm(*guard, {{"targets", std::move(targets)}})); };
  const auto reply = ban({{"targets", {"192.0.2.0/25"}}, {"confirm_within", "5m"}});
  EXPECT_TRUE(reply[0]["decision"]["confirm_by"].is_string());
  const auto confirmed = confirm({"192.0.2.0/25", "192.0.2.0/26"});
  EXPECT_TRUE(confirmed[0]["decision"]["confirm_by"].is_null());
  EXPECT_EQ(confirmed[1]["error"],
            "192.0.2.0/26 is not banned itself; it lies in the banned route 192.0.2.0/25: unban that");
  EXPECT_EQ(guard->engine().find(*model::Target::parse("192.0.2.0/25"))->confirm_by, std::nullopt);
}

}  // namespace
}  // namespace ipguard::daemon
