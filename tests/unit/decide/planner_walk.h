// Random operations on SetPlanner, and a naive model of what they ought to do: every address of a small world is looked
// at one by one. Shared by the property tests and the test that asks the real kernel.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <map>
#include <optional>
#include <random>
#include <utility>
#include <vector>

#include "decide/set_planner.h"
#include "world.h"

namespace ipguard::decide::test {

using model::Scope;

inline constexpr unsigned world_bits = 12;
inline constexpr uint32_t world_size = 1U << world_bits;

// Address number `index` of a world of 4096: the last 12 bits of 10.0.0.0/20 or 2001:db8::/116.
inline net::Address nth(net::Family family, uint32_t index) {
  if (family == net::Family::ipv4) {
    return net::Address::from_ipv4(0x0a000000U + index);
  }
  std::array<uint8_t, 16> bytes{0x20, 0x01, 0x0d, 0xb8};
  bytes[14] = static_cast<uint8_t>(index >> 8);
  bytes[15] = static_cast<uint8_t>(index);
  return net::Address::from_ipv6(bytes);
}

inline uint32_t index_of(const net::Address& address) {
  return static_cast<uint32_t>((address.bytes()[14] & 0x0f) << 8 | address.bytes()[15]);
}

using Key = std::pair<Scope, net::Prefix>;
using Until = std::optional<TimePoint>;

inline bool later(const Until& a, const Until& b) { return b && (!a || *a > *b); }

// What each address should get, found by looking at every want and every hole.
struct Naive {
  std::map<std::pair<Key, Owner>, Until> wants;
  std::vector<net::Prefix> holes;

  // nullopt: not blocked; else the latest end of all bans of the address: no sooner may the kernel let it go.
  [[nodiscard]] std::vector<std::optional<Until>> expected(Scope scope, net::Family family) const {
    std::vector<std::optional<Until>> result(world_size);
    for (const auto& [key, until] : wants) {
      const auto& prefix = key.first.second;
      if (key.first.first != scope || prefix.family() != family) {
        continue;
      }
      for (uint32_t i = index_of(prefix.address()); i <= index_of(prefix.last()); ++i) {
        if (!result[i] || later(until, *result[i])) {
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

  // The time-out of an element: as late as anything needs that is wanted in it or around it, and no later.
  [[nodiscard]] Until time_out(const Key& element) const {
    std::optional<Until> result;
    for (const auto& [key, until] : wants) {
      const auto& [scope, prefix] = key.first;
      if (scope == element.first && prefix.overlaps(element.second) && (!result || later(until, *result))) {
        result = until;
      }
    }
    return result.value_or(at(-1));
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

  using Elements = std::map<Key, Until>;
  [[nodiscard]] Elements desired() const {
    Elements elements;
    for (const auto& element : planner_.desired()) {
      elements[{element.scope, element.prefix}] = element.until;
    }
    return elements;
  }
  void check() const { check(desired()); }
  // Whether these elements block exactly what they ought to, as long as they ought to.
  void check(const Elements& elements) const {
    for (const auto& [key, until] : elements) {
      for (const auto& hole : naive_.holes) {
        ASSERT_FALSE(hole.overlaps(key.second)) << "law 3: " << key.second.to_string();
      }
      ASSERT_EQ(until, naive_.time_out(key)) << key.second.to_string();
    }
    for (const auto scope : model::all_scopes) {
      for (const auto family : {net::Family::ipv4, net::Family::ipv6}) {
        const auto blocked = painted(elements, scope, family);
        const auto expected = naive_.expected(scope, family);
        for (uint32_t i = 0; i < world_size; ++i) {
          ASSERT_EQ(blocked[i].has_value(), expected[i].has_value()) << nth(family, i).to_string();
          ASSERT_FALSE(blocked[i] && later(*expected[i], *blocked[i]))
              << "the kernel would let " << nth(family, i).to_string() << " go while it is banned";
        }
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
    const auto owner = static_cast<Owner>(1 + random_() % 6);
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

}  // namespace ipguard::decide::test
