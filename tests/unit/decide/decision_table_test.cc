#include "decide/decision_table.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <random>

#include "world.h"

namespace ipguard::decide {
namespace {

using test::at;
using test::prefix;
using test::target;

model::Decision decision(std::string_view what, std::optional<int64_t> until, std::vector<net::Prefix> prefixes = {}) {
  model::Decision result;
  result.target = target(what);
  result.prefixes = prefixes.empty() ? std::vector{result.target.prefix} : std::move(prefixes);
  result.since = at(0);
  result.reason = "reason";
  if (until) {
    result.until = at(*until);
  }
  return result;
}

std::vector<std::string> names(const std::vector<const ActiveBan*>& bans) {
  std::vector<std::string> result;
  result.reserve(bans.size());
  for (const auto* ban : bans) {
    result.push_back(ban->target().to_string());
  }
  return result;
}

void end(DecisionTable& table, std::string_view what, model::Ending ending, int64_t time, std::string_view note = {}) {
  auto decision = table.decision(*table.find(target(what)));
  decision.reason = "reason";
  table.end(std::move(decision), ending, at(time), note);
}

// Everything that a decision says, but for the texts, is the same when it is asked for.
TEST(DecisionTable, GivesBackWhatItWasGiven) {
  DecisionTable table;
  auto plain = decision("192.0.2.7", 60);
  plain.route.prefix = prefix("192.0.2.0/24");
  plain.route.found = true;
  plain.route.asn = net::Asn{64500};
  plain.route.as_name = "Example";
  plain.route.as_domain = "example.net";
  plain.route.country = "Netherlands";
  plain.route.country_code = "NL";
  plain.route.continent = "Europe";
  plain.route.continent_code = "EU";
  plain.rule = "sshd/failed-password";
  plain.issuer = "ledger";
  plain.repeat = 3;
  auto elsewhere = plain;
  elsewhere.target = target("198.51.100.7");
  elsewhere.prefixes = {elsewhere.target.prefix};
  auto wide = plain;
  wide.target = target("AS64500");
  wide.prefixes = {prefix("192.0.2.0/24"), prefix("2001:db8::/48")};
  wide.confirm_by = at(30);
  wide.good_clients = {.logins = 1, .users = 2, .visitors = 3};
  wide.left_out = {prefix("192.0.2.9")};
  auto country = wide;
  country.target = target("NL");
  auto cut = plain;
  cut.target = target("2001:db8::/32");
  cut.prefixes = {prefix("2001:db8::/33")};
  cut.until.reset();
  for (auto* each : {&plain, &elsewhere, &wide, &country, &cut}) {
    each->cover(each->prefixes);
    const auto read = table.decision(table.restore(*each, nullptr));
    EXPECT_EQ(read.target, each->target);
    EXPECT_EQ(read.prefixes, each->prefixes) << each->target.to_string();
    EXPECT_EQ(read.addresses_covered, each->addresses_covered);
    EXPECT_EQ(read.ipv6_64s_covered, each->ipv6_64s_covered);
    EXPECT_EQ(read.route.prefix, each->route.prefix) << each->target.to_string();
    EXPECT_TRUE(read.route.found);
    EXPECT_EQ(read.route.asn, each->route.asn);
    EXPECT_EQ(read.route.as_name + read.route.as_domain, "Exampleexample.net");
    EXPECT_EQ(read.route.country + read.route.country_code, "NetherlandsNL");
    EXPECT_EQ(read.route.continent + read.route.continent_code, "EuropeEU");
    EXPECT_EQ(read.rule + read.issuer, "sshd/failed-passwordledger");
    EXPECT_EQ(read.since, each->since);
    EXPECT_EQ(read.until, each->until);
    EXPECT_EQ(read.confirm_by, each->confirm_by);
    EXPECT_EQ(read.repeat, 3U);
    EXPECT_EQ(read.good_clients.visitors, each->good_clients.visitors);
    EXPECT_EQ(read.left_out, each->left_out);
    EXPECT_EQ(read.reason, "") << "that is not kept";
  }
  EXPECT_EQ(table.count(model::Scope::address), 2U);
  EXPECT_LE(sizeof(ActiveBan), 88U) << "there may be a million of them";
}

// The texts are there until the report is taken.
TEST(DecisionTable, KnowsTheReportOfABeginningUntilItIsTaken) {
  DecisionTable table;
  table.begin(decision("192.0.2.1", 60));
  const auto& ban = table.begin(decision("192.0.2.2", 60));
  ASSERT_NE(table.reported(ban), nullptr);
  EXPECT_EQ(table.reported(ban)->target, target("192.0.2.2"));
  EXPECT_EQ(table.reported(ban)->reason, "reason");
  EXPECT_EQ(table.take_changes().size(), 2U);
  EXPECT_EQ(table.reported(ban), nullptr);
  table.begin(decision("192.0.2.3", 60));
  EXPECT_EQ(table.reported(ban), nullptr) << "that is another one's";
}

// Random beginnings, renewals and endings against a plain map.
TEST(DecisionTable, FindsAndOrdersWhatThereIsWhateverHappened) {
  std::mt19937 random(7);
  DecisionTable table;
  std::map<std::string, std::pair<uint64_t, std::optional<int64_t>>> expected;  // order of beginning, end
  uint64_t begun = 0;
  for (int i = 0; i < 20'000; ++i) {
    const std::string name = "192.0." + std::to_string(random() % 4) + "." + std::to_string(random() % 200);
    const auto until = random() % 8 == 0 ? std::nullopt : std::optional<int64_t>(random() % 1000);
    const auto known = expected.find(name);
    if (known == expected.end()) {
      table.begin(decision(name, until));
      expected[name] = {++begun, until};
    } else if (random() % 3 == 0) {
      table.renew(decision(name, until), at(0));
      known->second.second = until;
    } else {
      end(table, name, model::Ending::lifted, 0);
      expected.erase(known);
    }
    if (i % 500 != 0) {
      continue;
    }
    std::map<uint64_t, std::string> in_order;
    std::optional<TimePoint> first;
    for (const auto& [each, what] : expected) {
      in_order[what.first] = each;
      if (what.second) {
        first = std::min(first.value_or(TimePoint::max()), at(*what.second));
      }
      ASSERT_NE(table.find(target(each)), nullptr) << each;
    }
    std::vector<std::string> names_in_order;
    for (const auto& [id, each] : in_order) {
      names_in_order.push_back(each);
    }
    ASSERT_EQ(names(table.all()), names_in_order);
    ASSERT_EQ(table.next_expiry(), first);
    (void)table.take_changes();
  }
  // All that end, in the order of their ends.
  TimePoint last = TimePoint::min();
  size_t permanent = expected.size();
  while (const ActiveBan* due = table.due(at(100'000))) {
    EXPECT_LE(last, due->end().time());
    last = due->end().time();
    end(table, due->target().to_string(), model::Ending::expired, 0);
    --permanent;
  }
  EXPECT_EQ(table.size(), permanent);
}

TEST(DecisionTable, IsWalkedThroughWhileItChanges) {
  DecisionTable table;
  for (int i = 1; i <= 6; ++i) {
    table.begin(decision("192.0.2." + std::to_string(i), 60));
  }
  TablePlace place;
  using Names = std::vector<std::string>;
  EXPECT_EQ(names(table.after(place, 2)), (Names{"192.0.2.1", "192.0.2.2"}));
  end(table, "192.0.2.2", model::Ending::lifted, 1);  // where the walk stands
  end(table, "192.0.2.3", model::Ending::lifted, 1);
  table.begin(decision("192.0.2.7", 60));  // in the place of one of them
  table.begin(decision("192.0.2.8", 60));
  EXPECT_EQ(names(table.after(place, 2)), (Names{"192.0.2.4", "192.0.2.5"}));
  EXPECT_EQ(names(table.after(place, 9)), (Names{"192.0.2.6", "192.0.2.7", "192.0.2.8"}));
  EXPECT_TRUE(table.after(place, 9).empty());
}

TEST(DecisionTable, ExpiresInOrderOfTheEnds) {
  DecisionTable table;
  EXPECT_EQ(table.next_expiry(), std::nullopt);
  table.begin(decision("192.0.2.1", 300));
  table.begin(decision("192.0.2.2", 100));
  table.begin(decision("192.0.2.3", std::nullopt));
  table.begin(decision("192.0.2.4", 100));
  EXPECT_EQ(table.next_expiry(), at(100));
  EXPECT_EQ(table.due(at(99)), nullptr);
  EXPECT_EQ(names(table.all()), (std::vector<std::string>{"192.0.2.1", "192.0.2.2", "192.0.2.3", "192.0.2.4"}));
  for (const char* next : {"192.0.2.2", "192.0.2.4"}) {
    ASSERT_NE(table.due(at(100)), nullptr);
    EXPECT_EQ(table.due(at(100))->target(), target(next)) << "those that end together in the order of their beginning";
    end(table, next, model::Ending::expired, 100);
  }
  EXPECT_EQ(table.due(at(100)), nullptr);
  EXPECT_EQ(table.due(at(100'000))->target(), target("192.0.2.1"));
}

TEST(DecisionTable, RenewalKeepsTheNumber) {
  DecisionTable table;
  const auto id = table.begin(decision("192.0.2.1", 300)).id;
  const auto& renewed = table.renew(decision("192.0.2.1", 900), at(50));
  EXPECT_EQ(renewed.id, id);
  EXPECT_EQ(table.next_expiry(), at(900));
  EXPECT_EQ(table.size(), 1U);
  const auto changes = table.take_changes();
  ASSERT_EQ(changes.size(), 2U);
  EXPECT_EQ(changes[1].ending, std::nullopt);
  EXPECT_EQ(changes[1].at, at(50));
  EXPECT_TRUE(table.take_changes().empty());
}

TEST(DecisionTable, RestoringIsNotReported) {
  DecisionTable table;
  const auto id = table.restore(decision("192.0.2.1", 300), nullptr).id;
  EXPECT_EQ(table.restore(decision("192.0.2.1", 400), table.find(target("192.0.2.1"))).id, id);
  EXPECT_TRUE(table.take_changes().empty());
  EXPECT_EQ(table.next_expiry(), at(400));
}

TEST(DecisionTable, CountsEarlierBans) {
  DecisionTable table;
  const auto what = target("192.0.2.1");
  EXPECT_EQ(table.past(what), nullptr);
  table.begin(decision("192.0.2.1", 300));
  end(table, "192.0.2.1", model::Ending::refused, 1);
  EXPECT_EQ(table.past(what), nullptr);  // it blocked nobody
  table.begin(decision("192.0.2.1", 300));
  end(table, "192.0.2.1", model::Ending::expired, 300);
  EXPECT_EQ(table.past(what)->bans, 1U);
  EXPECT_EQ(table.past(what)->last_end, at(300));
  auto later = decision("192.0.2.1", 900);
  later.repeat = 5;  // as the store remembers it
  table.begin(later);
  end(table, "192.0.2.1", model::Ending::lifted, 500);
  EXPECT_EQ(table.past(what)->bans, 6U);
  table.restore_past(target("AS64500"), 2, at(7));
  EXPECT_EQ(table.past(target("AS64500"))->bans, 2U);
}

TEST(DecisionTable, KnowsWhenABanRanOutByItself) {
  DecisionTable table;
  const auto what = target("192.0.2.1");
  table.begin(decision("192.0.2.1", 300));
  EXPECT_FALSE(table.was_banned(what, at(10)));  // it is active, not past
  end(table, "192.0.2.1", model::Ending::expired, 300);
  EXPECT_TRUE(table.was_banned(what, at(0)));
  EXPECT_TRUE(table.was_banned(what, at(299)));
  EXPECT_FALSE(table.was_banned(what, at(300)));
  table.begin(decision("192.0.2.1", 900));
  end(table, "192.0.2.1", model::Ending::lifted, 500);
  EXPECT_FALSE(table.was_banned(what, at(400)));  // who lifted it meant it
}

TEST(DecisionTable, KeepsEndedOnesNewestFirstWithTheReason) {
  DecisionTable table;
  table.pass(decision("192.0.2.1", 10));
  table.begin(decision("192.0.2.1", 300));
  table.begin(decision("192.0.2.2", 300));
  end(table, "192.0.2.2", model::Ending::lifted, 1);
  end(table, "192.0.2.1", model::Ending::refused, 2, "protected: own address");
  const auto ended = table.ended(target("192.0.2.1"));
  ASSERT_EQ(ended.size(), 2U);
  EXPECT_EQ(ended[0].ending, model::Ending::refused);
  EXPECT_EQ(ended[0].decision.reason, "reason; refused: protected: own address");
  EXPECT_EQ(ended[1].ending, model::Ending::expired);
  EXPECT_EQ(ended[1].at, at(10));
}

TEST(DecisionTable, IsBounded) {
  DecisionTable table({.active = 2, .past = 2, .ended = 2});
  for (int i = 1; i <= 4; ++i) {
    table.pass(decision("192.0.2." + std::to_string(i), i));
  }
  EXPECT_EQ(table.past(target("192.0.2.2")), nullptr);
  EXPECT_NE(table.past(target("192.0.2.3")), nullptr);
  EXPECT_TRUE(table.ended(target("192.0.2.2")).empty());
  EXPECT_EQ(table.ended(target("192.0.2.4")).size(), 1U);
  auto again = decision("192.0.2.3", 50);  // later again: .4 is the older one now
  again.repeat = 1;
  table.pass(std::move(again));
  table.pass(decision("192.0.2.5", 60));
  EXPECT_EQ(table.past(target("192.0.2.4")), nullptr);
  EXPECT_EQ(table.past(target("192.0.2.3"))->bans, 2U);
  EXPECT_FALSE(table.full());
  table.begin(decision("192.0.2.1", 300));
  table.begin(decision("192.0.2.2", 300));
  EXPECT_TRUE(table.full());
}

// Against a map that is searched for who ended first.
TEST(DecisionTable, RemembersWhoEndedLast) {
  constexpr size_t most = 20;
  DecisionTable table({.past = most});
  std::map<std::string, int64_t> ends;
  std::mt19937 random(13);
  for (uint32_t step = 1; step <= 5000; ++step) {
    const std::string name = "192.0.2." + std::to_string(random() % 40);
    const int64_t end = static_cast<int64_t>(random() % 1000) * 10'000 + step;  // each another one, in no order
    table.restore_past(target(name), step, at(end));
    ends[name] = end;
    if (ends.size() > most) {
      ends.erase(std::ranges::min_element(ends, {}, [](const auto& each) { return each.second; }));
    }
    for (int i = 0; i < 40; ++i) {
      const std::string each = "192.0.2." + std::to_string(i);
      const TargetPast* past = table.past(target(each));
      ASSERT_EQ(past != nullptr, ends.contains(each)) << step;
      ASSERT_TRUE(past == nullptr || past->last_end == at(ends[each]));
    }
  }
}

TEST(DecisionTable, EndingsHaveNames) {
  EXPECT_EQ(to_string(model::Ending::expired), "expired");
  EXPECT_EQ(to_string(model::Ending::lifted), "lifted");
  EXPECT_EQ(to_string(model::Ending::refused), "refused");
}

}  // namespace
}  // namespace ipguard::decide
