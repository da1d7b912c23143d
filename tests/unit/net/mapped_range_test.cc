// A range that ends right before the v4-mapped block once came out as a prefix that covers it, because the last address
// of that prefix reads as IPv4.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "net/cover.h"

namespace ipguard::net {
namespace {

TEST(MappedRangeTest, ARangeUpToTheMappedBlockDoesNotCoverIt) {
  const auto mapped = *Address::parse("192.0.2.1");
  const auto prefixes = range_to_prefixes(*Address::parse("::fffe:0:0"), *Address::parse("::fffe:ffff:ffff"));
  ASSERT_EQ(prefixes.size(), 1);
  EXPECT_EQ(prefixes.front().last(), *Address::parse("::fffe:ffff:ffff"));
  EXPECT_FALSE(prefixes.front().contains(mapped));
}

TEST(MappedRangeTest, ARangeFromZeroToTheMappedBlockStopsThere) {
  const auto prefixes = range_to_prefixes(*Address::parse("::"), *Address::parse("::fffe:ffff:ffff"));
  for (const auto& prefix : prefixes) {
    EXPECT_EQ(prefix.family(), Family::ipv6);
    EXPECT_EQ(prefix.last().family(), Family::ipv6) << prefix.to_string();
  }
  EXPECT_EQ(prefixes.back().last(), *Address::parse("::fffe:ffff:ffff"));
}

}  // namespace
}  // namespace ipguard::net
