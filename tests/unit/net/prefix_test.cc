#include "net/prefix.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <vector>

#include "net/asn.h"

namespace ipguard::net {
namespace {

using testing::HasSubstr;

Prefix prefix(const char* text) { return Prefix::parse(text).value(); }
Address address(const char* text) { return Address::parse(text).value(); }

TEST(Prefix, Parses) {
  struct Case {
    const char* text;
    const char* canonical;
    const char* target;
  };
  for (const auto& each : std::vector<Case>{{"192.0.2.0/24", "192.0.2.0/24", "192.0.2.0/24"},
                                            {"192.0.2.7", "192.0.2.7/32", "192.0.2.7"},
                                            {"192.0.2.7/32", "192.0.2.7/32", "192.0.2.7"},
                                            {"0.0.0.0/0", "0.0.0.0/0", "0.0.0.0/0"},
                                            {"2001:DB8::/32", "2001:db8::/32", "2001:db8::/32"},
                                            {"2001:db8::1", "2001:db8::1/128", "2001:db8::1"},
                                            {"::/0", "::/0", "::/0"},
                                            {"::ffff:192.0.2.0/120", "192.0.2.0/24", "192.0.2.0/24"},
                                            {"::ffff:192.0.2.7/128", "192.0.2.7/32", "192.0.2.7"},
                                            {"::ffff:192.0.2.7", "192.0.2.7/32", "192.0.2.7"},
                                            {"::ffff:0:0/96", "0.0.0.0/0", "0.0.0.0/0"}}) {
    const auto parsed = Prefix::parse(each.text);
    ASSERT_TRUE(parsed) << each.text << ": " << parsed.error().message;
    EXPECT_EQ(parsed->to_string(), each.canonical);
    EXPECT_EQ(parsed->to_target(), each.target);
  }
}

TEST(Prefix, SaysWhatIsWrong) {
  struct Case {
    const char* text;
    const char* says;
  };
  for (const auto& each : std::vector<Case>{
           {"192.0.2.1/24", "has host bits set; the prefix is 192.0.2.0/24"},
           {"2001:db8::1/32", "has host bits set; the prefix is 2001:db8::/32"},
           {"192.0.2.0/33", "has a prefix length above 32"},
           {"2001:db8::/129", "has a prefix length above 128"},
           {"::ffff:192.0.2.0/95", "v4-mapped with a length below 96"},
           {"::ffff:192.0.2.0/24", "v4-mapped with a length below 96"},
           {"::ffff:192.0.2.0/129", "above 128"},
           {"192.0.2.0/", "no valid prefix length"},
           {"192.0.2.0/x", "no valid prefix length"},
           {"192.0.2.0/-1", "no valid prefix length"},
           {"192.0.2.0/024", "no valid prefix length"},
           {"192.0.2.0/24/24", "no valid prefix length"},
           {"192.0.2.0/ 24", "no valid prefix length"},
           {"192.0.2.0/255.255.255.0", "no valid prefix length"},
           {"192.0.2.0/99999999999999999999", "no valid prefix length"},
           {"", "is neither an address nor a prefix"},
           {"/24", "is neither an address nor a prefix"},
           {"192.0.2/24", "is neither an address nor a prefix"},
           {"example.net/24", "is neither an address nor a prefix"},
           {"fe80::%eth0/64", "is neither an address nor a prefix"},
           {"fe80::1%eth0", "is neither an address nor a prefix"},
           {"\x1b[2J", "'\\x1b[2J' is neither"},
       }) {
    const auto parsed = Prefix::parse(each.text);
    ASSERT_FALSE(parsed) << each.text;
    EXPECT_EQ(parsed.error().code, Errc::invalid);
    EXPECT_THAT(parsed.error().message, HasSubstr(each.says)) << each.text;
  }
}

TEST(Prefix, ClearsHostBitsAndKnowsItsEnds) {
  struct Case {
    const char* address;
    unsigned length;
    const char* prefix;
    const char* last;
  };
  for (const auto& each : std::vector<Case>{
           {"192.0.2.77", 24, "192.0.2.0/24", "192.0.2.255"},
           {"192.0.2.77", 31, "192.0.2.76/31", "192.0.2.77"},
           {"192.0.2.77", 32, "192.0.2.77/32", "192.0.2.77"},
           {"192.0.2.77", 0, "0.0.0.0/0", "255.255.255.255"},
           {"192.0.2.77", 99, "192.0.2.77/32", "192.0.2.77"},
           {"2001:db8::77", 33, "2001:db8::/33", "2001:db8:7fff:ffff:ffff:ffff:ffff:ffff"},
           {"2001:db8::77", 0, "::/0", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"},
           {"2001:db8::77", 200, "2001:db8::77/128", "2001:db8::77"},
           // The last addresses of these by number are mapped IPv4: their last IPv6 address comes before those.
           {"::1", 80, "::/80", "::fffe:ffff:ffff"},
           {"::fffe:0:1", 95, "::fffe:0:0/95", "::fffe:ffff:ffff"},
       }) {
    const Prefix made(address(each.address), each.length);
    EXPECT_EQ(made.to_string(), each.prefix);
    EXPECT_EQ(made.last().to_string(), each.last) << each.prefix;
  }
}

TEST(Prefix, ContainsByFamilyAndBits) {
  struct Case {
    const char* outer;
    const char* inner;
    bool contains;
  };
  for (const auto& each : std::vector<Case>{{"192.0.2.0/24", "192.0.2.0/24", true},
                                            {"192.0.2.0/24", "192.0.2.128/25", true},
                                            {"192.0.2.0/24", "192.0.3.0/25", false},
                                            {"192.0.2.0/25", "192.0.2.0/24", false},
                                            {"0.0.0.0/0", "255.255.255.255/32", true},
                                            {"192.0.2.0/31", "192.0.2.1/32", true},
                                            {"192.0.2.0/31", "192.0.2.2/32", false},
                                            {"::/0", "2001:db8::/32", true},
                                            {"::/0", "192.0.2.0/24", false},  // mapped, but another family
                                            {"0.0.0.0/0", "2001:db8::/32", false},
                                            {"2001:db8::/33", "2001:db8:8000::/33", false}}) {
    EXPECT_EQ(prefix(each.outer).contains(prefix(each.inner)), each.contains) << each.outer << " " << each.inner;
    EXPECT_EQ(prefix(each.outer).contains(prefix(each.inner).address()) &&
                  prefix(each.outer).contains(prefix(each.inner).last()),
              each.contains)
        << each.outer << " " << each.inner;
  }
  EXPECT_TRUE(prefix("192.0.2.0/25").overlaps(prefix("192.0.2.0/24")));
  EXPECT_FALSE(prefix("192.0.2.0/25").overlaps(prefix("192.0.2.128/25")));
}

TEST(Prefix, ChildrenHaveTheirParent) {
  std::mt19937 random(7);  // NOLINT(cert-msc32-c,cert-msc51-cpp): a failure must come back
  for (int i = 0; i < 20'000; ++i) {
    std::array<uint8_t, 16> bytes{};
    std::ranges::generate(bytes, [&] { return static_cast<uint8_t>(random()); });
    const auto any =
        random() % 2 == 0 ? Address::from_ipv4(static_cast<uint32_t>(random())) : Address::from_ipv6(bytes);
    const Prefix parent(any, static_cast<unsigned>(random() % any.bits()));
    const auto lower = parent.child(false);
    const auto upper = parent.child(true);
    ASSERT_EQ(lower.parent(), parent);
    ASSERT_EQ(upper.parent(), parent);
    ASSERT_EQ(lower.address(), parent.address());
    ASSERT_EQ(upper.last(), parent.last());
    ASSERT_EQ(next(lower.last()), upper.address());
    ASSERT_TRUE(parent.contains(lower) && parent.contains(upper));
    ASSERT_FALSE(lower.overlaps(upper));
    ASSERT_EQ(lower.contains(any), !any.bit(parent.length()));
    ASSERT_LT(parent, lower);
    ASSERT_LT(lower, upper);
    ASSERT_EQ(Prefix::parse(parent.to_string()), parent);
  }
}

TEST(Prefix, SortsACoveringOneFirst) {
  std::vector<Prefix> sorted;
  for (const char* text : {"0.0.0.0/0", "10.0.0.0/8", "10.0.0.0/9", "10.0.0.0/32", "10.128.0.0/9", "192.0.2.0/24",
                           "::/0", "2001:db8::/32", "2001:db8::/48"}) {
    sorted.push_back(prefix(text));
  }
  auto shuffled = sorted;
  std::mt19937 random(8);  // NOLINT(cert-msc32-c,cert-msc51-cpp): a failure must come back
  std::ranges::shuffle(shuffled, random);
  std::ranges::sort(shuffled);
  EXPECT_EQ(shuffled, sorted);
}

TEST(Asn, ParsesItsForms) {
  for (const char* text : {"AS64500", "as64500", "As64500", "64500"}) {
    EXPECT_EQ(Asn::parse(text), Asn{64500}) << text;
  }
  EXPECT_EQ(Asn::parse("AS4294967295"), Asn{4294967295U});
  EXPECT_EQ(Asn{13335}.to_string(), "AS13335");
  for (const char* text : {"", "AS", "A64500", "AS0", "0", "AS-1", "AS 1", " AS1", "AS1 ", "AS4294967296", "AS1.10",
                           "ASAS1", "S1", "AS99999999999999999999"}) {
    EXPECT_FALSE(Asn::parse(text)) << text;
  }
}

}  // namespace
}  // namespace ipguard::net
