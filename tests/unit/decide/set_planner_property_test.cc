// Random operations on SetPlanner against a naive model: every address of a small world looked at one by one.
#include "planner_walk.h"

namespace ipguard::decide {
namespace {

using test::Key;
using test::Until;
using test::Walk;

// The kernel's sets: complains where nftables would.
struct Kernel {
  std::map<Key, Until> elements;

  void apply(const model::SetBatch& batch) {
    for (const auto& element : batch.remove) {
      ASSERT_EQ(elements.erase({element.scope, element.prefix}), 1U) << "removes what is not there";
    }
    for (const auto& element : batch.add) {
      ASSERT_NO_FATAL_FAILURE(add(element));
    }
  }
  void add(const model::SetElement& element) {
    const Key key{element.scope, element.prefix};
    // Disjoint elements in order: only the neighbours can overlap.
    const auto next = elements.upper_bound(key);
    if (next != elements.end() && next->first.first == element.scope) {
      ASSERT_FALSE(element.prefix.overlaps(next->first.second)) << "overlap";
    }
    if (next != elements.begin() && std::prev(next)->first.first == element.scope && std::prev(next)->first != key) {
      ASSERT_FALSE(element.prefix.overlaps(std::prev(next)->first.second)) << "overlap";
    }
    elements[key] = element.until;
  }
  [[nodiscard]] bool equals(const std::vector<model::SetElement>& desired) const {
    return desired.size() == elements.size() && std::ranges::all_of(desired, [this](const auto& element) {
             const auto it = elements.find({element.scope, element.prefix});
             return it != elements.end() && it->second == element.until;
           });
  }
};

TEST(SetPlannerProperty, BlocksExactlyWhatTheDefinitionSays) {
  for (unsigned seed = 1; seed <= 4; ++seed) {
    Walk walk(seed);
    for (int i = 0; i < 1500; ++i) {
      walk.step();
      if (i % 3 == 0) {
        ASSERT_NO_FATAL_FAILURE(walk.check()) << "seed " << seed << " step " << i;
      }
    }
  }
}

TEST(SetPlannerProperty, BatchesAppliedInOrderReproduceWhatIsDesired) {
  for (unsigned seed = 11; seed <= 20; ++seed) {
    Walk walk(seed);
    Kernel kernel;
    size_t changes = 0;
    for (int i = 0; i < 4000; ++i) {
      walk.step();
      if (walk.random()() % 4 != 0) {
        continue;  // several operations a batch
      }
      // Often only a portion: no element may overlap what another portion will remove.
      const bool portion = walk.random()() % 2 == 0;
      const auto batch = portion ? walk.planner().take_batch(1 + walk.random()() % 8) : walk.planner().take_batch();
      changes += batch.add.size() + batch.remove.size();
      ASSERT_NO_FATAL_FAILURE(kernel.apply(batch)) << "seed " << seed << " step " << i;
      if (walk.planner().pending() > 0) {
        continue;
      }
      ASSERT_TRUE(kernel.equals(walk.planner().desired())) << "seed " << seed << " step " << i;
      ASSERT_EQ(walk.planner().size(), kernel.elements.size());
    }
    EXPECT_GT(changes, 4000U);
  }
}

// A kernel in which any single change may fail, and a report of it: once nothing fails any more, one batch mends all.
TEST(SetPlannerProperty, FailuresAreMendedByTheNextBatch) {
  for (unsigned seed = 31; seed <= 36; ++seed) {
    Walk walk(seed);
    Kernel kernel;
    const auto fails = [&walk] { return walk.random()() % 10 == 0; };
    for (int i = 0; i < 2000; ++i) {
      walk.step();
      const auto batch = walk.planner().take_batch();
      for (const auto& element : batch.remove) {
        if (fails()) {
          walk.planner().offer_again(element);
        } else {
          kernel.elements.erase({element.scope, element.prefix});
        }
      }
      for (const auto& element : batch.add) {
        const bool blocked = std::ranges::any_of(kernel.elements, [&](const auto& present) {
          return present.first.first == element.scope && present.first.second != element.prefix &&
                 present.first.second.overlaps(element.prefix);
        });
        if (blocked || fails()) {
          walk.planner().offer_again(element);
        } else {
          kernel.elements[{element.scope, element.prefix}] = element.until;
        }
      }
    }
    const auto batch = walk.planner().take_batch();
    for (const auto& element : batch.remove) {
      kernel.elements.erase({element.scope, element.prefix});
    }
    for (const auto& element : batch.add) {
      ASSERT_NO_FATAL_FAILURE(kernel.add(element));
    }
    EXPECT_TRUE(kernel.equals(walk.planner().desired())) << "seed " << seed;
  }
}

}  // namespace
}  // namespace ipguard::decide
