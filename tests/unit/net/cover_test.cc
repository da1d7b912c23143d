// Set arithmetic against a naive model: worlds so small that every address of them can be listed.
#include "net/cover.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <bitset>
#include <random>
#include <string>

namespace ipguard::net {
namespace {

using testing::ElementsAre;

constexpr unsigned world_bits = 6;
constexpr unsigned world_size = 1U << world_bits;
using Members = std::bitset<world_size>;

// A prefix whose addresses, 64 of them, are the whole world.
struct World {
  const char* name;
  Prefix prefix;
};

std::vector<World> worlds() {
  std::vector<World> all;
  for (const char* text : {"0.0.0.0/26", "192.0.2.64/26", "255.255.255.192/26", "::/122", "2001:db8::40/122",
                           "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffc0/122"}) {
    all.push_back({text, Prefix::parse(text).value()});
  }
  return all;
}

Address nth(const World& world, unsigned number) {
  auto bytes = world.prefix.address().bytes();
  bytes[15] = static_cast<uint8_t>(bytes[15] + number);
  return Address::from_ipv6(bytes);
}

// 0 to bound - 1.
unsigned below(unsigned bound, std::mt19937& random) { return static_cast<unsigned>(random() % bound); }

Prefix random_prefix(const World& world, std::mt19937& random) {
  const unsigned shortest = world.prefix.length();
  // Long prefixes are more frequent, so that the result has structure.
  const unsigned length = shortest + std::max(below(world_bits + 1, random), below(world_bits + 1, random));
  return {nth(world, below(world_size, random)), length};
}

Members members(const World& world, const std::vector<Prefix>& prefixes) {
  Members set;
  for (unsigned i = 0; i < world_size; ++i) {
    for (const auto& prefix : prefixes) {
      if (prefix.contains(nth(world, i))) {
        set.set(i);
      }
    }
  }
  return set;
}

// The fewest aligned blocks that make up `set`: a block that is full is one, else its halves are asked.
size_t fewest(const Members& set, unsigned begin, unsigned size) {
  unsigned count = 0;
  for (unsigned i = begin; i < begin + size; ++i) {
    count += set[i] ? 1U : 0U;
  }
  if (count == 0) {
    return 0;
  }
  return count == size ? 1 : fewest(set, begin, size / 2) + fewest(set, begin + size / 2, size / 2);
}

void expect_canonical(const World& world, const std::vector<Prefix>& result, const Members& expected) {
  ASSERT_EQ(members(world, result), expected) << world.name;
  ASSERT_EQ(result.size(), fewest(expected, 0, world_size)) << world.name << ": not the fewest";
  for (size_t i = 1; i < result.size(); ++i) {
    ASSERT_LT(result[i - 1], result[i]);
    ASSERT_FALSE(result[i - 1].overlaps(result[i]));
  }
  ASSERT_EQ(count_addresses(result), expected.count());
}

TEST(Cover, AggregateIsTheSmallestCover) {
  std::mt19937 random(9);  // NOLINT(cert-msc32-c,cert-msc51-cpp): a failure must come back
  for (const auto& world : worlds()) {
    for (int i = 0; i < 2'000; ++i) {
      std::vector<Prefix> prefixes(random() % 24);
      std::ranges::generate(prefixes, [&] { return random_prefix(world, random); });
      ASSERT_NO_FATAL_FAILURE(expect_canonical(world, aggregate(prefixes), members(world, prefixes)));
    }
  }
}

TEST(Cover, SubtractLeavesWhatIsOutsideOfTheHoles) {
  std::mt19937 random(10);  // NOLINT(cert-msc32-c,cert-msc51-cpp): a failure must come back
  for (const auto& world : worlds()) {
    for (int i = 0; i < 2'000; ++i) {
      const auto from = random_prefix(world, random);
      std::vector<Prefix> holes(random() % 6);
      std::ranges::generate(holes, [&] { return random_prefix(world, random); });
      ASSERT_NO_FATAL_FAILURE(
          expect_canonical(world, subtract(from, holes), members(world, {from}) & ~members(world, holes)));
    }
  }
}

TEST(Cover, RangesBecomeTheFewestPrefixes) {
  for (const auto& world : worlds()) {
    for (unsigned first = 0; first < world_size; ++first) {
      for (unsigned last = first; last < world_size; ++last) {
        Members expected;
        for (unsigned i = first; i <= last; ++i) {
          expected.set(i);
        }
        ASSERT_NO_FATAL_FAILURE(
            expect_canonical(world, range_to_prefixes(nth(world, first), nth(world, last)), expected));
      }
    }
  }
}

std::vector<Prefix> parse_all(std::initializer_list<const char*> texts) {
  std::vector<Prefix> result;
  result.reserve(texts.size());
  for (const char* text : texts) {
    result.push_back(Prefix::parse(text).value());
  }
  return result;
}

std::vector<std::string> texts(const std::vector<Prefix>& prefixes) {
  std::vector<std::string> result;
  result.reserve(prefixes.size());
  for (const auto& prefix : prefixes) {
    result.push_back(prefix.to_string());
  }
  return result;
}

TEST(Cover, KeepsFamiliesApart) {
  EXPECT_THAT(texts(aggregate(parse_all({"2001:db8::/33", "192.0.2.128/25", "2001:db8:8000::/33", "192.0.2.0/25"}))),
              ElementsAre("192.0.2.0/24", "2001:db8::/32"));
  EXPECT_THAT(texts(aggregate(parse_all({"::/0", "0.0.0.0/0"}))), ElementsAre("0.0.0.0/0", "::/0"));
  EXPECT_THAT(texts(aggregate(parse_all({"128.0.0.0/1", "0.0.0.0/1"}))), ElementsAre("0.0.0.0/0"));
  EXPECT_THAT(texts(subtract(Prefix::parse("192.0.2.0/24").value(), parse_all({"::/0", "198.51.100.0/24"}))),
              ElementsAre("192.0.2.0/24"));
  EXPECT_THAT(texts(aggregate({})), ElementsAre());
}

TEST(Cover, WholeFamiliesAreOnePrefix) {
  for (const char* text : {"0.0.0.0/0", "::/0", "192.0.2.0/24", "2001:db8::/32"}) {
    const auto prefix = Prefix::parse(text).value();
    EXPECT_THAT(range_to_prefixes(prefix.address(), prefix.last()), ElementsAre(prefix));
  }
}

// The mapped IPv4 addresses lie, by number, inside of ::/64: an IPv6 range around them must not become an IPv4 ban.
TEST(Cover, AnIpv6RangeNeverYieldsIpv4) {
  const auto first = Address::parse("::1").value();
  const auto last = Address::parse("::1:0:0:0").value();
  for (const auto& prefix : range_to_prefixes(first, last)) {
    EXPECT_EQ(prefix.family(), Family::ipv6) << prefix.to_string();
  }
  const auto rest = subtract(Prefix::parse("::/0").value(), parse_all({"::fffe:0:1/128"}));
  for (const auto& prefix : rest) {
    EXPECT_EQ(prefix.family(), Family::ipv6) << prefix.to_string();
    EXPECT_FALSE(prefix.contains(Address::parse("::fffe:0:1").value()));
  }
}

TEST(Cover, CountsSaturate) {
  EXPECT_EQ(count_addresses(Prefix::parse("192.0.2.0/24").value()), 256U);
  EXPECT_EQ(count_addresses(Prefix::parse("0.0.0.0/0").value()), 1ULL << 32);
  EXPECT_EQ(count_addresses(Prefix::parse("2001:db8::/65").value()), 1ULL << 63);
  EXPECT_EQ(count_addresses(Prefix::parse("2001:db8::/64").value()), UINT64_MAX);
  EXPECT_EQ(count_addresses(Prefix::parse("::/0").value()), UINT64_MAX);
  EXPECT_EQ(count_addresses(parse_all({"2001:db8::/65", "2001:db8:0:1::/65"})), UINT64_MAX);
  EXPECT_EQ(count_addresses(parse_all({"2001:db8::/65", "192.0.2.7"})), (1ULL << 63) + 1);
  EXPECT_EQ(count_addresses(std::vector<Prefix>{}), 0U);
}

}  // namespace
}  // namespace ipguard::net
