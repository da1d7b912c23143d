// Random operations on SetPlanner against a naive model: every address of a small world looked at one by one.
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <map>
#include <optional>
#include <random>
#include <set>

#include "decide/set_planner.h"
#include "world.h"

namespace ipguard::decide {
namespace {

using model::Scope;
using test::at;

constexpr unsigned world_bits = 12;
constexpr uint32_t world_size = 1U << world_bits;

// Address number `index` of a world of 4096: the last 12 bits of 10.0.0.0/20 or 2001:db8::/116.
net::Address nth(net::Family family, uint32_t index) {
  if (family == net::Family::ipv4) {
    return net::Address::from_ipv4(0x0a000000U + index);
  }
  std::array<uint8_t, 16> bytes{0x20, 0x01, 0x0d, 0xb8};
  bytes[14] = static_cast<uint8_t>(index >> 8);
  bytes[15] = static_cast<uint8_t>(index);
  return net::Address::from_ipv6(bytes);
}

uint32_t index_of(const net::Address& address) {
  return static_cast<uint32_t>((address.bytes()[14] & 0x0f) << 8 | address.bytes()[15]);
}

using Key = std::pair<Scope, net::Prefix>;
using Until = std::optional<TimePoint>;

bool later(const Until& a, const Until& b) { return b && (!a || *a > *b); }

// What each address should get, found by looking at every want and every hole.
struct Naive {
  std::map<std::pair<Key, Owner>, Until> wants;
  std::vector<net::Prefix> holes;

  // nullopt: not blocked; else until when.
  [[nodiscard]] std::vector<std::optional<Until>> expected(Scope scope, net::Family family) const {
    std::vector<std::optional<Until>> result(world_size);
    std::vector<unsigned> widest(world_size, 999);
    for (const auto& [key, until] : wants) {
      const auto& prefix = key.first.second;
      if (key.first.first != scope || prefix.family() != family) {
        continue;
      }
      for (uint32_t i = index_of(prefix.address()); i <= index_of(prefix.last()); ++i) {
        const bool same = prefix.length() == widest[i];
        if (prefix.length() < widest[i] || (same && later(until, *result[i]))) {
          widest[i] = prefix.length();
          result[i] = until;
        }
      }
    }
    for (const auto& hole : holes) {
      if (hole.family() == family) {
        for (uint32_t i = index_of(hole.address()); i <= index_of(hole.last()); ++i) {
          result[i].reset();
        }
      }
    }
    return result;
  }
};

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

class Walk {
 public:
  explicit Walk(unsigned seed) : random_(seed) {}

  void step() {
    switch (random_() % 10) {
      case 0:
        return change_holes();
      case 1:
      case 2:
      case 3:
      case 4:
        return drop();
      default:
        return want();
    }
  }

  void check() const {
    std::map<Key, Until> planned;
    for (const auto& element : planner_.desired()) {
      planned[{element.scope, element.prefix}] = element.until;
      for (const auto& hole : naive_.holes) {
        ASSERT_FALSE(hole.overlaps(element.prefix)) << "law 3: " << element.prefix.to_string();
      }
    }
    for (const auto scope : {Scope::address, Scope::route, Scope::asn}) {
      for (const auto family : {net::Family::ipv4, net::Family::ipv6}) {
        ASSERT_EQ(painted(planned, scope, family), naive_.expected(scope, family)) << model::to_string(scope);
      }
    }
  }

  SetPlanner& planner() { return planner_; }
  std::mt19937& random() { return random_; }

 private:
  static std::vector<std::optional<Until>> painted(const std::map<Key, Until>& planned, Scope scope,
                                                   net::Family family) {
    std::vector<std::optional<Until>> result(world_size);
    for (const auto& [key, until] : planned) {
      if (key.first != scope || key.second.family() != family) {
        continue;
      }
      for (uint32_t i = index_of(key.second.address()); i <= index_of(key.second.last()); ++i) {
        EXPECT_FALSE(result[i]) << "elements overlap at " << nth(family, i).to_string();
        result[i] = until;
      }
    }
    return result;
  }

  net::Prefix random_prefix(unsigned shortest) {
    const auto family = random_() % 3 == 0 ? net::Family::ipv6 : net::Family::ipv4;
    const unsigned host_bits = static_cast<unsigned>(random_() % (world_bits + 1 - shortest));
    return {nth(family, static_cast<uint32_t>(random_() % world_size)), net::address_bits(family) - host_bits};
  }

  void want() {
    const auto scope = static_cast<Scope>(random_() % model::scope_count);
    // Mostly small prefixes in crowded places, so that they nest, and now and then one around everything.
    const auto prefix =
        scope == Scope::address ? net::Prefix(random_prefix(4).address()) : random_prefix(random_() % 8 == 0 ? 0U : 3U);
    const Owner owner = 1 + random_() % 6;
    const Until until = random_() % 5 == 0 ? Until{} : Until{at(static_cast<int64_t>(random_() % 5) * 60)};
    planner_.want(scope, prefix, owner, until);
    naive_.wants[{{scope, prefix}, owner}] = until;
  }

  void drop() {
    if (naive_.wants.empty()) {
      return;
    }
    auto it = naive_.wants.begin();
    std::advance(it, static_cast<std::ptrdiff_t>(random_() % naive_.wants.size()));
    planner_.drop(it->first.first.first, it->first.first.second, it->first.second);
    naive_.wants.erase(it);
  }

  void change_holes() {
    if (!naive_.holes.empty() && random_() % 2 == 0) {
      naive_.holes.erase(naive_.holes.begin());
    } else {
      naive_.holes.push_back(random_prefix(5));
    }
    planner_.set_holes(naive_.holes);
  }

  std::mt19937 random_;
  SetPlanner planner_;
  Naive naive_;
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
      const auto batch = walk.planner().take_batch();
      changes += batch.add.size() + batch.remove.size();
      ASSERT_NO_FATAL_FAILURE(kernel.apply(batch)) << "seed " << seed << " step " << i;
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
