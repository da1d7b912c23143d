// What `report` says would have been decided is what the daemon decides that reads the same lines as they are written.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "base/log.h"
#include "cli/report_run.h"
#include "guard_fixture.h"
#include "report_fixture.h"

namespace ipguard::cli {
namespace {

std::string describe(const model::Target& target, TimePoint since, std::optional<TimePoint> until,
                     const std::string& rule, const std::string& reason, uint64_t covered, uint64_t good) {
  return format_rfc3339(since) + ' ' + target.to_string() + " until " + (until ? format_rfc3339(*until) : "ever") +
         ' ' + rule + ": " + reason + " (" + std::to_string(covered) + " addresses, " + std::to_string(good) + " good)";
}

std::vector<std::string> of_daemon(const Logs& logs, const std::vector<std::string>& settings,
                                   size_t lines_a_block = 1) {
  const auto guard = test_guard(settings);
  static_cast<void>(feed(*guard, logs, lines_a_block));
  std::vector<std::string> result;
  const auto add = [&result](const model::Decision& decision) {
    result.push_back(describe(decision.target, decision.since, decision.until, decision.rule, decision.reason,
                              decision.addresses_covered, decision.good_clients.all()));
  };
  for (const auto& decision : guard->engine().decisions()) {
    add(decision);
  }
  const auto over = guard->store().ended_decisions(1'000'000).value();
  for (const auto& ended : over) {
    if (ended.ending != model::Ending::refused) {
      add(ended.decision);
    }
  }
  std::ranges::sort(result);
  return result;
}

std::vector<std::string> of_report(const Logs& logs, const std::vector<std::string>& settings) {
  const TempFolder folder;
  auto plan = make_plan(
      {folder.write("auth.log", text_of(logs.auth)), folder.write("access.log", text_of(logs.access))}, settings);
  plan.threads = 2;
  plan.chunk_bytes = 140'000;
  const auto document = run_report(std::move(plan));
  std::vector<std::string> result;
  for (const auto& row : document.balance.decisions) {
    result.push_back(
        describe(row.target, row.since, row.until, row.rule, row.reason, row.addresses_covered, row.good_clients));
  }
  std::ranges::sort(result);
  return result;
}

class SameDecisions : public testing::TestWithParam<int> {};

TEST_P(SameDecisions, AsTheDaemons) {
  set_log_level(LogLevel::error);
  const auto seed = static_cast<uint64_t>(GetParam());
  const Logs logs{.access = make_access_log(seed, 5000), .auth = make_auth_log(seed + 100, 1500)};
  const std::vector<std::vector<std::string>> configurations = {
      {},
      {"ladder.route.one_in=0", "ladder.route.addresses=2", "ladder.asn.one_in=0", "ladder.asn.routes=2"},
      {"ladder.route.one_in=0", "ladder.route.addresses=4", "ladder.route.ban=10m", "ladder.route.budget_visitors=0",
       "allow.prefixes=['192.0.2.16/28']"},
  };
  for (const auto& settings : configurations) {
    const auto expected = of_daemon(logs, settings);
    EXPECT_GT(expected.size(), 10U);
    EXPECT_THAT(of_report(logs, settings), testing::ContainerEq(expected));
  }
}

// A daemon reads what was written meanwhile at once: whom a ban spares does not depend on that.
TEST_P(SameDecisions, AsThoseOfADaemonThatReadsBlocks) {
  set_log_level(LogLevel::error);
  const Logs logs{.access = make_access_log(static_cast<uint64_t>(GetParam()), 5000), .auth = {}};
  const std::vector<std::string> settings = {"ladder.route.one_in=0", "ladder.route.addresses=2",
                                             "ladder.route.budget_visitors=50", "ladder.asn.routes=0"};
  const auto expected = of_report(logs, settings);
  EXPECT_GT(expected.size(), 10U);
  for (const size_t lines_a_block : {1U, 40U}) {
    EXPECT_THAT(of_daemon(logs, settings, lines_a_block), testing::ContainerEq(expected)) << lines_a_block;
  }
}

INSTANTIATE_TEST_SUITE_P(Seeds, SameDecisions, testing::Values(1, 2, 3));

}  // namespace
}  // namespace ipguard::cli
