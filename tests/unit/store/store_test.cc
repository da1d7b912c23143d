// The store's meaning, in memory: what is written is read back, batches, history, cursors, pruning.
#include "store/store.h"

#include <gtest/gtest.h>

#include "samples.h"
#include "store/rows.h"

namespace ipguard::store {
namespace {

TEST(Store, ReadsBackEveryFieldOfADecision) {
  auto store = Store::in_memory();
  auto address = decision_on("192.0.2.7");
  auto permanent = decision_on("203.0.113.0/24", 5);
  permanent.until.reset();
  permanent.issuer = "manual";
  permanent.rule.clear();
  permanent.route = {};
  permanent.evidence.clear();
  permanent.addresses_covered = UINT64_MAX;
  permanent.repeat = UINT32_MAX;
  auto as = decision_on("AS4294967295", 6);
  as.since += std::chrono::microseconds{123456};
  as.route.as_domain = "example.net";
  as.route.country = "Netherlands";
  as.route.continent = "Europe";
  as.route.continent_code = "EU";
  as.evidence.push_back({.path = "journal", .offset = UINT64_MAX, .time = at(-7), .text = ""});
  ASSERT_TRUE(store->write(begin({address, permanent, as})));
  const auto read = active_decisions(*store);
  ASSERT_TRUE(read);
  ASSERT_EQ(read->size(), 3U);
  EXPECT_EQ(text_of(read->at(0)), text_of(address));
  EXPECT_EQ(text_of(read->at(1)), text_of(permanent));
  EXPECT_EQ(text_of(read->at(2)), text_of(as));
  EXPECT_EQ(store->bad_rows(), 0U);
}

TEST(Store, KeepsHostileTextByteForByte) {
  auto store = Store::in_memory();
  auto decision = decision_on("2001:db8::1");
  const std::string hostile("\x1b[2J'; DROP TABLE decisions;--\0\xff\xfe\xc3", 33);
  decision.evidence[0].text = hostile;
  decision.evidence[0].path = "/var/log/a\nb\xff.log";
  decision.route.as_name = hostile;
  decision.reason = hostile;
  ASSERT_TRUE(store->write(begin({decision})));
  const auto read = active_decisions(*store);
  ASSERT_TRUE(read && read->size() == 1);
  EXPECT_EQ(text_of(read->front()), text_of(decision));
}

TEST(Store, BoundsWhatItWritesSoThatItCanBeReadBack) {
  auto store = Store::in_memory();
  auto decision = decision_on("192.0.2.7");
  decision.reason = std::string(max_text_bytes + 1, 'r');
  decision.evidence.assign(max_evidence_lines + 5, {.path = "p", .offset = 1, .time = at(0), .text = "t"});
  decision.evidence[0].text = std::string(max_evidence_bytes + 1, 'x');
  decision.until = TimePoint::max();
  ASSERT_TRUE(store->write(begin({decision})));
  const auto read = active_decisions(*store);
  ASSERT_TRUE(read && read->size() == 1);
  EXPECT_EQ(read->front().reason.size(), max_text_bytes);
  EXPECT_EQ(read->front().evidence.size(), max_evidence_lines);
  EXPECT_EQ(read->front().evidence[0].text.size(), max_evidence_bytes);
  EXPECT_EQ(format_rfc3339(read->front().until.value()), "9999-12-31T23:59:59.999999Z");
}

TEST(Store, BeginningReplacesTheActiveDecisionOnTheSameTarget) {
  auto store = Store::in_memory();
  ASSERT_TRUE(store->write(begin({decision_on("192.0.2.7"), decision_on("192.0.2.8")})));
  auto longer = decision_on("192.0.2.7");
  longer.until = at(7200);
  longer.evidence.clear();
  ASSERT_TRUE(store->write(begin({longer})));
  const auto read = active_decisions(*store);
  ASSERT_TRUE(read && read->size() == 2);
  EXPECT_EQ(text_of(read->at(0)), text_of(decision_on("192.0.2.8")));
  EXPECT_EQ(text_of(read->at(1)), text_of(longer)) << "with its own evidence, not that of the one it replaced";
  EXPECT_TRUE(store->ended_decisions(10)->empty()) << "a renewed decision has not ended";
}

TEST(Store, AddressAndRouteScopeOfOneAddressAreTwoTargets) {
  auto store = Store::in_memory();
  auto route = decision_on("192.0.2.7");
  route.target.scope = model::Scope::route;
  ASSERT_TRUE(store->write(begin({decision_on("192.0.2.7"), route})));
  const auto read = active_decisions(*store);
  ASSERT_TRUE(read && read->size() == 2);
  EXPECT_EQ(read->at(1).target, route.target);
}

TEST(Store, EndingMovesADecisionToTheEndedOnes) {
  auto store = Store::in_memory();
  ASSERT_TRUE(store->write(begin({decision_on("192.0.2.7"), decision_on("192.0.2.8"), decision_on("192.0.2.9")})));
  StoreBatch batch;
  batch.ended = {{.decision = decision_on("192.0.2.7"), .ending = model::Ending::expired, .at = at(3600)},
                 {.decision = decision_on("192.0.2.9"), .ending = model::Ending::lifted, .at = at(3601)}};
  ASSERT_TRUE(store->write(batch));
  EXPECT_EQ(active_targets(*store), "192.0.2.8");
  const auto ended = store->ended_decisions(10);
  ASSERT_TRUE(ended && ended->size() == 2);
  EXPECT_EQ(text_of(ended->at(0).decision), text_of(decision_on("192.0.2.9"))) << "newest first";
  EXPECT_EQ(ended->at(0).ending, model::Ending::lifted);
  EXPECT_EQ(ended->at(1).ending, model::Ending::expired);
  EXPECT_EQ(ended->at(1).at, at(3600));
  EXPECT_EQ(store->ended_decisions(1)->size(), 1U);
}

// What is active after one batch, over beginnings (B) and endings (E) of 192.0.2.7 by the second they began at.
TEST(Store, ABatchMayHoldSeveralTurnsOfOneTarget) {
  struct Case {
    const char* name;
    std::vector<int> active_before, begun, ended;
    int active_after;  // -1 = none
  };
  const std::vector<Case> cases = {
      {"begins and ends at once", {}, {1}, {1}, -1},
      {"ends, then begins again", {0}, {9}, {0}, 9},
      {"begins, ends, begins again", {}, {1, 5}, {1}, 5},
      {"ends what was renewed and not written", {0}, {}, {3}, -1},
      {"ends, begins, ends", {0}, {5}, {0, 5}, -1},
      {"ends without having been written", {}, {}, {3}, -1},
      {"begins twice", {0}, {1, 2}, {}, 2},
  };
  for (const auto& each : cases) {
    auto store = Store::in_memory();
    for (const int since : each.active_before) {
      ASSERT_TRUE(store->write(begin({decision_on("192.0.2.7", since)})));
    }
    StoreBatch batch;
    for (const int since : each.begun) {
      batch.begun.push_back(decision_on("192.0.2.7", since));
    }
    for (const int since : each.ended) {
      batch.ended.push_back(
          {.decision = decision_on("192.0.2.7", since), .ending = model::Ending::expired, .at = at(since + 2)});
    }
    ASSERT_TRUE(store->write(batch)) << each.name;
    const auto read = active_decisions(*store);
    ASSERT_TRUE(read) << each.name;
    if (each.active_after < 0) {
      EXPECT_TRUE(read->empty()) << each.name;
    } else {
      ASSERT_EQ(read->size(), 1U) << each.name;
      EXPECT_EQ(read->front().since, at(each.active_after)) << each.name;
    }
    EXPECT_EQ(store->ended_decisions(10)->size(), each.ended.size()) << each.name;
  }
}

TEST(Store, HistoryCountsBansThatWereInForce) {
  auto store = Store::in_memory();
  auto first = decision_on("192.0.2.7");
  auto second = decision_on("192.0.2.7", 100);
  second.repeat = 1;
  StoreBatch batch;
  batch.ended = {{.decision = first, .ending = model::Ending::expired, .at = at(10)},
                 {.decision = second, .ending = model::Ending::lifted, .at = at(110)},
                 {.decision = decision_on("AS64500"), .ending = model::Ending::refused, .at = at(120)}};
  ASSERT_TRUE(store->write(batch));
  const auto history = store->history();
  ASSERT_TRUE(history && history->size() == 1) << "a refused ban was none";
  EXPECT_EQ(history->front().target, target_of("192.0.2.7"));
  EXPECT_EQ(history->front().bans, 2U);
  EXPECT_EQ(history->front().last_end, at(110));
}

TEST(Store, CursorsAreACompleteSet) {
  auto store = Store::in_memory();
  const model::Cursor access{.path = "/var/log/nginx/access.log",
                             .device = UINT64_MAX,
                             .inode = 1ULL << 63,
                             .fingerprint = 0xfedcba9876543210ULL,
                             .fingerprint_length = 256,
                             .offset = 123,
                             .tail_fingerprint = 1ULL << 63,
                             .tail_length = 64,
                             .seen_size = 124,
                             .journal_cursor = "s=0123;i=4f"};
  model::Cursor auth{
      .path = "/var/log/auth\xff.log", .device = 1, .inode = 2, .fingerprint = 3, .fingerprint_length = 4, .offset = 5};
  const auto write = [&](std::vector<model::Cursor> rows) {
    StoreBatch batch;
    batch.cursors = std::move(rows);
    batch.has_cursors = true;
    return store->write(batch).has_value();
  };
  ASSERT_TRUE(write({auth, access}));
  EXPECT_EQ(store->cursors().value(), (std::vector<model::Cursor>{auth, access}));
  auth.offset = UINT64_MAX;
  ASSERT_TRUE(write({access, auth}));
  EXPECT_EQ(store->cursors().value(), (std::vector<model::Cursor>{auth, access}));
  ASSERT_TRUE(store->write(begin({decision_on("192.0.2.7")})));
  EXPECT_EQ(store->cursors()->size(), 2U) << "a batch without cursors leaves them";
  // A rotated file that is still read and its successor share a path.
  auto successor = access;
  successor.inode = 77;
  ASSERT_TRUE(write({access, successor}));
  EXPECT_EQ(store->cursors().value(), (std::vector<model::Cursor>{access, successor}));
  ASSERT_TRUE(write({}));
  EXPECT_TRUE(store->cursors()->empty());
}

TEST(Store, LossesAreWrittenWithTheCursors) {
  auto store = Store::in_memory();
  using Losses = std::vector<model::SourceLosses>;
  model::SourceLosses web{
      .source = "web",
      .losses = {.bytes = UINT64_MAX, .of_unknown_size = 2, .messages = 3, .reread_bytes = 4, .truncations = 5},
      .since = at(1),
      .last = at(2)};
  const model::SourceLosses mail{.source = "mail", .since = at(3)};
  const auto write = [&](Losses losses, bool has_cursors = true) {
    StoreBatch batch;
    batch.losses = std::move(losses);
    batch.has_cursors = has_cursors;
    return store->write(batch).has_value();
  };
  ASSERT_TRUE(write({web, mail}));
  EXPECT_EQ(store->losses().value(), (Losses{mail, web}));
  web.last = at(9);
  ASSERT_TRUE(write({web}, false));
  EXPECT_EQ(store->losses().value().at(1).last, at(2)) << "a batch without cursors leaves them";
  ASSERT_TRUE(write({web}));
  EXPECT_EQ(store->losses().value(), Losses{web});
}

TEST(Store, PruneForgetsWhatIsOldInSmallSteps) {
  auto store = Store::in_memory();
  StoreBatch batch;
  for (int i = 0; i < 2500; ++i) {
    const auto address = "2001:db8::" + std::to_string(i);
    batch.ended.push_back({.decision = decision_on(address.c_str()), .ending = model::Ending::expired, .at = at(i)});
  }
  batch.begun = {decision_on("192.0.2.7")};
  ASSERT_TRUE(store->write(batch));
  EXPECT_EQ(store->prune(at(2400)), true) << "there is more to forget";
  EXPECT_EQ(store->ended_decisions(5000)->size(), 2300U);
  for (int i = 0; i < 11; ++i) {
    EXPECT_EQ(store->prune(at(2400)), true);
  }
  EXPECT_EQ(store->prune(at(2400)), false);
  const auto left = store->ended_decisions(5000);
  ASSERT_TRUE(left);
  EXPECT_EQ(left->size(), 100U);
  EXPECT_EQ(left->back().at, at(2400));
  EXPECT_EQ(left->back().decision.evidence.size(), 1U);
  EXPECT_EQ(store->history()->size(), 100U);
  EXPECT_EQ(active_targets(*store), "192.0.2.7");
}

TEST(Store, AnEmptyBatchWritesNothing) {
  auto store = Store::in_memory();
  EXPECT_TRUE(store->write({}));
  EXPECT_TRUE(active_decisions(*store)->empty());
  EXPECT_TRUE(store->set_aside().empty());
}

}  // namespace
}  // namespace ipguard::store
