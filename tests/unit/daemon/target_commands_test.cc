// ban and unban of any number of targets, through a guard in dry-run.
#include "daemon/target_commands.h"

#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "base/log.h"
#include "daemon/render_json.h"

namespace ipguard::daemon {
namespace {

class TargetCommandsTest : public testing::Test {
 protected:
  TargetCommandsTest() {
    set_log_level(LogLevel::error);
    config::Diagnostics diagnostics;
    Loaded loaded;
    loaded.config.allow.prefixes = {net::Prefix::parse("198.51.100.0/25").value()};
    loaded.config.protect.own_addresses = false;  // whatever this machine has
    loaded.config.protect.gateways = false;
    loaded.config.protect.resolvers = false;
    loaded.rules = match::RuleSet::compile({}, diagnostics);
    loaded.routes = enrich::RouteTable::open({IPGUARD_SOURCE_DIR "/tests/data/doc-ranges.mmdb"}).value();
    guard = std::make_unique<Guard>(std::move(loaded), true, store::Store::in_memory());
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

constexpr uint32_t bench_range = 0xc6120000U;  // 198.18.0.0/15, RFC 2544

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

TEST_F(TargetCommandsTest, ManyTargetsTakeManyTurnsAndAreCounted) {
  auto targets = addresses(bench_range, 4500);
  for (const auto& refused : addresses(0xc6336400U, 120)) {  // 198.51.100.0/25
    targets.push_back(refused);
  }
  const auto reply = ban({{"targets", targets}, {"issuer", "import"}, {"summary", true}});
  EXPECT_EQ(turns, 5);
  EXPECT_EQ(reply["banned"], 4500);
  EXPECT_EQ(reply["refused"], 120);
  EXPECT_EQ(reply["refusals"].size(), 100U);
  EXPECT_EQ(reply["more_refusals"], 20);
  EXPECT_EQ(guard->engine().decisions().size(), 4500U);
  EXPECT_EQ(guard->enforcer().enforced(), 4500U);
  EXPECT_EQ(guard->engine().decisions().front()->issuer, "import");
  const auto lifted = unban({{"targets", addresses(bench_range, 4500)}, {"summary", true}});
  EXPECT_EQ(lifted["lifted"], 4500);
  EXPECT_EQ(guard->enforcer().enforced(), 0U);
}

TEST_F(TargetCommandsTest, WorkThatIsDroppedHasDoneWholeSlices) {
  auto work = begin_ban(*guard, {{"targets", addresses(bench_range, 3000)}, {"summary", true}});
  ASSERT_TRUE(work);
  EXPECT_FALSE((*work)().has_value());
  *work = nullptr;
  EXPECT_EQ(guard->engine().decisions().size(), 1000U);
  EXPECT_EQ(guard->enforcer().enforced(), 1000U);
}

TEST_F(TargetCommandsTest, RefusesArgumentsBeforeTheFirstTarget) {
  const struct {
    Json arguments;
    const char* answer;
  } cases[] = {
      {Json::object(), "no: 'targets' must be a list of addresses, prefixes or AS numbers"},
      {{{"targets", Json::array()}}, "no: 'targets' must be a list of addresses, prefixes or AS numbers"},
      {{{"targets", {"192.0.2.7", 7}}}, "no: 'targets' must hold strings"},
      {{{"targets", addresses(bench_range, 1001)}}, "no: more than 1,000 targets need 'summary'"},
      {{{"targets", {"192.0.2.7"}}, {"for", "0s"}},
       "no: a ban for 0s would be none; leave --for away for a permanent one"},
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

}  // namespace
}  // namespace ipguard::daemon
