// PrefixMap against a plain list.
#include "net/prefix_set.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>

namespace ipguard::net {
namespace {

// Few distinct prefixes of both families, so that they cover each other often.
Prefix random_prefix(std::mt19937& random) {
  const auto below = [&](unsigned bound) { return static_cast<unsigned>(random() % bound); };
  const bool any_length = below(4) == 0;
  if (below(2) == 0) {
    return {Address::from_ipv4(0xc0000200U + below(32)), any_length ? below(33) : 24 + below(9)};
  }
  auto bytes = Address::parse("2001:db8::").value().bytes();
  bytes[15] = static_cast<uint8_t>(below(32));
  return {Address::from_ipv6(bytes), any_length ? below(129) : 120 + below(9)};
}

using Model = std::vector<std::pair<Prefix, int>>;

// The member that contains `prefix` and has the least or greatest length; null when there is none.
const std::pair<Prefix, int>* covering(const Model& model, const Prefix& prefix, bool widest) {
  const std::pair<Prefix, int>* found = nullptr;
  for (const auto& member : model) {
    if (member.first.contains(prefix) &&
        (found == nullptr || (member.first.length() < found->first.length()) == widest)) {
      found = &member;
    }
  }
  return found;
}

void expect_same(const PrefixMap<int>& map, const Model& model, const Prefix& question) {
  for (const bool widest : {true, false}) {
    const auto* expected = covering(model, question, widest);
    const auto* actual = widest ? map.widest_covering(question) : map.longest_covering(question);
    ASSERT_EQ(actual == nullptr, expected == nullptr) << question.to_string();
    if (actual != nullptr) {
      ASSERT_EQ(actual->first, expected->first) << question.to_string();
      ASSERT_EQ(actual->second, expected->second);
    }
  }
  std::vector<Prefix> expected;
  for (const auto& member : model) {
    if (question.contains(member.first)) {
      expected.push_back(member.first);
    }
  }
  std::ranges::sort(expected);
  std::vector<Prefix> actual;
  for (const auto* member : map.inside(question)) {
    actual.push_back(member->first);
  }
  ASSERT_EQ(actual, expected) << question.to_string();
}

TEST(PrefixMap, AnswersAsAListWould) {
  std::mt19937 random(11);  // NOLINT(cert-msc32-c,cert-msc51-cpp): a failure must come back
  for (int round = 0; round < 50; ++round) {
    PrefixMap<int> map;
    Model model;
    for (int step = 0; step < 400; ++step) {
      const auto prefix = random_prefix(random);
      const auto it = std::ranges::find(model, prefix, &std::pair<Prefix, int>::first);
      if (random() % 3 == 0) {
        ASSERT_EQ(map.erase(prefix), it != model.end());
        if (it != model.end()) {
          model.erase(it);
        }
      } else {
        map[prefix] = step;
        if (it != model.end()) {
          it->second = step;
        } else {
          model.emplace_back(prefix, step);
        }
      }
      ASSERT_EQ(map.size(), model.size());
      const auto question = random_prefix(random);
      ASSERT_NO_FATAL_FAILURE(expect_same(map, model, question));
      const auto known = std::ranges::find(model, question, &std::pair<Prefix, int>::first);
      const int* found = map.find(question);
      ASSERT_EQ(found == nullptr, known == model.end());
      if (found != nullptr) {
        ASSERT_EQ(*found, known->second);
      }
    }
  }
}

TEST(PrefixMap, ClearsWhole) {
  PrefixSet set;
  const auto net = Prefix::parse("192.0.2.0/24").value();
  set[net];
  EXPECT_FALSE(set.empty());
  set.clear();
  EXPECT_TRUE(set.empty());
  EXPECT_EQ(set.longest_covering(net), nullptr);
  EXPECT_FALSE(set.erase(net));
  set[net];
  EXPECT_NE(set.widest_covering(net), nullptr);
}

}  // namespace
}  // namespace ipguard::net
