// The random operations of the planner's property tests, sent to the real kernel: what nft(8) then lists is what the
// naive model of the planner says, address by address, with the time each is blocked.
#include "../decide/planner_walk.h"
#include "kernel_fixture.h"

namespace ipguard::writer {
namespace {

using decide::test::at;
using decide::test::Walk;
using model::Scope;

class PlannerAndKernel : public testing::KernelTest {
 protected:
  // The prefix of an element as nft writes it: "10.0.0.1", "10.0.0.0/24" as {"prefix": …}, or any other range.
  static void add_element(const nlohmann::json& value, std::vector<net::Prefix>& prefixes) {
    if (value.is_string()) {
      prefixes.push_back(net::Prefix::parse(value.get<std::string>()).value());
    } else if (value.contains("prefix")) {
      const auto& parts = value["prefix"];
      prefixes.push_back(net::Prefix::parse(parts["addr"].get<std::string>() + "/" + parts["len"].dump()).value());
    } else {
      ADD_FAILURE() << "not a prefix: " << value.dump();
    }
  }

  // `nft -j list set` for every set.
  static Walk::Elements listed(TimePoint now) {
    Walk::Elements elements;
    for (const auto scope : model::all_scopes) {
      for (const char* family : {"4", "6"}) {
        const std::string set = std::string(model::to_string(scope)) + family;
        const auto answer = nlohmann::json::parse(testing::run("nft -j list set inet ipguard " + set).output);
        for (const auto& entry : answer.at("nftables").back().at("set").value("elem", nlohmann::json::array())) {
          const bool timed = entry.is_object() && entry.contains("elem");
          std::vector<net::Prefix> prefixes;
          add_element(timed ? entry["elem"]["val"] : entry, prefixes);
          for (const auto& prefix : prefixes) {
            elements[{scope, prefix}] =
                timed ? decide::test::Until(now + Seconds(entry["elem"]["timeout"].get<int64_t>()) - backstop)
                      : std::nullopt;
          }
        }
      }
    }
    return elements;
  }

  static constexpr Seconds backstop{60};  // what enforce/ adds to a ban's end
};

TEST_F(PlannerAndKernel, AgreeOverRandomOperations) {
  const TimePoint now = at(-3600);
  for (unsigned seed = 51; seed <= 54; ++seed) {
    Walk walk(seed);
    auto enforcer = make();
    ASSERT_TRUE(enforcer->prepare().has_value());
    size_t changes = 0;
    for (int tick = 0; tick < 60; ++tick) {
      for (int i = 0; i < 25; ++i) {
        walk.step();
      }
      const auto batch = walk.planner().take_batch();
      const auto report = enforcer->apply(batch, now);
      ASSERT_TRUE(report.failures.empty())
          << report.failures.front().element.prefix.to_string() << ": " << report.failures.front().reason;
      changes += report.added + report.removed;
      ASSERT_EQ(enforcer->enforced(), walk.planner().size());
      if (tick % 4 != 0) {
        continue;
      }
      const auto elements = listed(now);
      ASSERT_EQ(elements, walk.desired()) << "seed " << seed << " tick " << tick;
      ASSERT_NO_FATAL_FAILURE(walk.check(elements)) << "seed " << seed << " tick " << tick;
    }
    EXPECT_GT(changes, 1000U);
    // What is asked of the kernel itself, over the whole world.
    for (const auto family : {net::Family::ipv4, net::Family::ipv6}) {
      for (uint32_t i = 0; i < decide::test::world_size; i += 7) {
        const auto address = decide::test::nth(family, i);
        bool expected = false;
        for (const auto& [key, until] : walk.desired()) {
          expected = expected || key.second.contains(address);
        }
        ASSERT_EQ(enforcer->holds(address), expected) << address.to_string();
      }
    }
    ASSERT_TRUE(enforcer->remove_all().has_value());
  }
}

}  // namespace
}  // namespace ipguard::writer
