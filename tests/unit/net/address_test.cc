#include "net/address.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <vector>

namespace ipguard::net {
namespace {

// What inet_pton(3) makes of the text, for either family.
std::optional<Address> by_the_c_library(const std::string& text) {
  if (text.find('\0') != std::string::npos) {
    return std::nullopt;
  }
  in_addr ipv4{};
  if (::inet_pton(AF_INET, text.c_str(), &ipv4) == 1) {
    return Address::from_ipv4(ntohl(ipv4.s_addr));
  }
  std::array<uint8_t, 16> ipv6{};
  if (::inet_pton(AF_INET6, text.c_str(), ipv6.data()) == 1) {
    return Address::from_ipv6(ipv6);
  }
  return std::nullopt;
}

TEST(Address, ParsesAndWritesRfc5952) {
  struct Case {
    const char* text;
    const char* canonical;
  };
  for (const auto& each : std::vector<Case>{
           {"0.0.0.0", "0.0.0.0"},
           {"192.0.2.7", "192.0.2.7"},
           {"255.255.255.255", "255.255.255.255"},
           {"::", "::"},
           {"::1", "::1"},
           {"2001:DB8::A", "2001:db8::a"},
           {"2001:0db8:0000:0000:0000:0000:0000:0001", "2001:db8::1"},
           {"2001:db8:0:0:1:0:0:1", "2001:db8::1:0:0:1"},     // the first of two equal runs
           {"2001:db8:0:1:0:0:0:1", "2001:db8:0:1::1"},       // the longer run
           {"2001:db8:0:1:1:1:1:1", "2001:db8:0:1:1:1:1:1"},  // a single zero stays
           {"1:2:3:4:5:6:7::", "1:2:3:4:5:6:7:0"},
           {"::ffff:192.0.2.7", "192.0.2.7"},
           {"::ffff:c000:207", "192.0.2.7"},
           {"0:0:0:0:0:FFFF:192.0.2.7", "192.0.2.7"},
           {"::ffff:0:0", "0.0.0.0"},
           {"::fffe:ffff:ffff", "::fffe:ffff:ffff"},
           {"::1:0:0:0", "::1:0:0:0"},
           {"64:ff9b::192.0.2.7", "64:ff9b::c000:207"},
           {"fe80::1%eth0", "fe80::1"},
           {"fe80::1%25", "fe80::1"},
       }) {
    const auto address = Address::parse(each.text);
    ASSERT_TRUE(address) << each.text;
    EXPECT_EQ(address->to_string(), each.canonical) << each.text;
  }
}

TEST(Address, RefusesAnythingElse) {
  using namespace std::string_literals;
  for (const auto& text : {""s,
                           " 192.0.2.7"s,
                           "192.0.2.7 "s,
                           "192.0.2"s,
                           "192.0.2.7."s,
                           ".192.0.2.7"s,
                           "192.0.2.7.1"s,
                           "192.0..7"s,
                           "192.0.2.256"s,
                           "192.0.2.07"s,
                           "192.0.2.00"s,
                           "01.2.3.4"s,
                           "192.0.2.0x7"s,
                           "3221225991"s,
                           "0xc0000207"s,
                           "192.0.2.-7"s,
                           "192.0.2.+7"s,
                           "192.0.2.1111"s,
                           "192,0,2,7"s,
                           "\xd9\xa1.2.3.4"s,
                           "192.0.2.7\0"s,
                           "1.2.3.4\0.5"s,
                           ":"s,
                           ":::"s,
                           "::1::"s,
                           "1:2:3:4:5:6:7"s,
                           "1:2:3:4:5:6:7:8:9"s,
                           "1:2:3:4:5:6:7:8::"s,
                           ":1:2:3:4:5:6:7"s,
                           "12345::"s,
                           "g::"s,
                           "2001:db8::/32"s,
                           "[::1]"s,
                           "::ffff:192.0.2"s,
                           "::ffff:192.0.2.07"s,
                           "::192.0.2.7:1"s,
                           "fe80::1%"s,
                           "192.0.2.7%eth0"s,
                           "%eth0"s,
                           "::1\0"s,
                           "::1\n"s,
                           "localhost"s,
                           "example.net"s,
                           "AS64500"s}) {
    EXPECT_FALSE(Address::parse(text)) << testing::PrintToString(text);
  }
  EXPECT_FALSE(Address::parse(std::string(1'000'000, ':')));
  EXPECT_FALSE(Address::parse(std::string(1'000'000, '1')));
}

TEST(Address, ParsesTheFormsThatLogsUse) {
  struct Case {
    const char* text;
    const char* canonical;  // null = refused
  };
  for (const auto& each : std::vector<Case>{{"192.0.2.7", "192.0.2.7"},
                                            {"2001:db8::1", "2001:db8::1"},
                                            {"[2001:db8::1]", "2001:db8::1"},
                                            {"[2001:db8::1]:443", "2001:db8::1"},
                                            {"[::ffff:192.0.2.7]:443", "192.0.2.7"},
                                            {"[fe80::1%eth0]:22", "fe80::1"},
                                            {"192.0.2.7:443", "192.0.2.7"},
                                            {"192.0.2.7:0", "192.0.2.7"},
                                            {"192.0.2.7:65535", "192.0.2.7"},
                                            // An IPv6 address with a port but no brackets is another address.
                                            {"2001:db8::1:443", "2001:db8::1:443"},
                                            {"192.0.2.7:65536", nullptr},
                                            {"192.0.2.7:", nullptr},
                                            {"192.0.2.7:x", nullptr},
                                            {"192.0.2.7:000443", nullptr},
                                            {"192.0.2.7:443:1", nullptr},
                                            {":443", nullptr},
                                            {"[192.0.2.7]", nullptr},
                                            {"[192.0.2.7]:443", nullptr},
                                            {"[2001:db8::1", nullptr},
                                            {"[2001:db8::1]443", nullptr},
                                            {"[2001:db8::1]:", nullptr},
                                            {"[2001:db8::1]:65536", nullptr},
                                            {"[]", nullptr},
                                            {"[]:443", nullptr},
                                            {"[[::1]]", nullptr},
                                            {"example.net:443", nullptr},
                                            {"", nullptr}}) {
    const auto address = Address::parse_logged(each.text);
    EXPECT_EQ(address ? address->to_string() : "none", each.canonical == nullptr ? "none" : each.canonical)
        << each.text;
  }
}

// Random addresses as text, and the same text with a few characters changed: parse() agrees with inet_pton(3) on both.
TEST(Address, AgreesWithInetPton) {
  std::mt19937 random(5);  // NOLINT(cert-msc32-c,cert-msc51-cpp): a failure must come back
  const std::string alphabet = "0123456789abcdefABCDEF:::...g%/ []-";
  size_t accepted = 0;
  for (int i = 0; i < 200'000; ++i) {
    std::array<uint8_t, 16> bytes{};
    // Few bits set, so that runs of zeros and mapped addresses are frequent.
    for (auto& byte : bytes) {
      byte = random() % 3 == 0 ? static_cast<uint8_t>(random()) : static_cast<uint8_t>(0);
    }
    if (random() % 8 == 0) {
      std::fill_n(bytes.begin(), 10, uint8_t{0});
      bytes[10] = bytes[11] = 0xff;
    }
    std::array<char, INET6_ADDRSTRLEN> buffer{};
    const bool ipv4 = random() % 2 == 0;
    ::inet_ntop(ipv4 ? AF_INET : AF_INET6, bytes.data(), buffer.data(), buffer.size());
    std::string text = buffer.data();
    for (auto changes = random() % 4; changes > 0; --changes) {
      const auto position = random() % text.size();
      const char letter = alphabet[random() % alphabet.size()];
      switch (random() % 3) {
        case 0:
          text[position] = letter;
          break;
        case 1:
          text.insert(position, 1, letter);
          break;
        default:
          text.erase(position, 1);
          break;
      }
      if (text.empty()) {
        break;
      }
    }
    if (text.find('%') != std::string::npos) {
      continue;  // a zone is ours, not inet_pton's
    }
    const auto address = Address::parse(text);
    ASSERT_EQ(address, by_the_c_library(text)) << text;
    if (address) {
      ++accepted;
      ASSERT_EQ(Address::parse(address->to_string()), address) << text;
    }
  }
  EXPECT_GT(accepted, 50'000U) << "the test must reach what is accepted, too";
}

TEST(Address, WritesAsInetNtop) {
  std::mt19937 random(6);  // NOLINT(cert-msc32-c,cert-msc51-cpp): a failure must come back
  for (int i = 0; i < 50'000; ++i) {
    std::array<uint8_t, 16> bytes{};
    for (auto& byte : bytes) {
      byte = random() % 3 == 0 ? static_cast<uint8_t>(random()) : static_cast<uint8_t>(0);
    }
    const auto address = Address::from_ipv6(bytes);
    ASSERT_FALSE(address.is_ipv4());
    std::array<char, INET6_ADDRSTRLEN> buffer{};
    ::inet_ntop(AF_INET6, bytes.data(), buffer.data(), buffer.size());
    ASSERT_EQ(address.to_string(), buffer.data());
  }
}

TEST(Address, AMappedAddressIsTheIpv4Address) {
  const auto mapped = Address::parse("::ffff:192.0.2.7").value();
  const auto plain = Address::from_ipv4(0xc0000207);
  EXPECT_EQ(mapped, plain);
  EXPECT_EQ(std::hash<Address>{}(mapped), std::hash<Address>{}(plain));
  EXPECT_TRUE(mapped.is_ipv4());
  EXPECT_EQ(mapped.ipv4(), 0xc0000207U);
  EXPECT_EQ(mapped.bits(), 32U);
}

TEST(Address, BitsCountFromTheFamilysFirst) {
  const auto ipv4 = Address::parse("128.0.0.1").value();
  EXPECT_TRUE(ipv4.bit(0));
  EXPECT_FALSE(ipv4.bit(1));
  EXPECT_TRUE(ipv4.bit(31));
  const auto ipv6 = Address::parse("8000::1").value();
  EXPECT_TRUE(ipv6.bit(0));
  EXPECT_FALSE(ipv6.bit(126));
  EXPECT_TRUE(ipv6.bit(127));
}

TEST(Address, IsOrderedByFamilyThenNumber) {
  std::vector<Address> sorted;
  for (const char* text : {"0.0.0.0", "0.0.0.1", "9.255.0.0", "10.0.0.0", "128.0.0.0", "255.255.255.255", "::", "::1",
                           "::fffe:ffff:ffff", "::1:0:0:0", "2001:db8::", "ffff::"}) {
    sorted.push_back(Address::parse(text).value());
  }
  EXPECT_TRUE(std::ranges::is_sorted(sorted));
  for (size_t i = 0; i < sorted.size(); ++i) {
    for (size_t k = 0; k < sorted.size(); ++k) {
      EXPECT_EQ(sorted[i] <=> sorted[k], i <=> k);
    }
  }
}

// IPv6's own order has a hole where IPv4 is mapped: the neighbours on both sides of it are neighbours.
TEST(Address, NextAndPreviousStayInTheirFamily) {
  struct Case {
    const char* lower;
    const char* upper;
  };
  for (const auto& each : std::vector<Case>{{"0.0.0.0", "0.0.0.1"},
                                            {"192.0.2.255", "192.0.3.0"},
                                            {"255.255.255.254", "255.255.255.255"},
                                            {"::", "::1"},
                                            {"2001:db8::ffff:ffff:ffff:ffff", "2001:db8:0:1::"},
                                            {"::fffe:ffff:ffff", "::1:0:0:0"}}) {
    const auto lower = Address::parse(each.lower).value();
    const auto upper = Address::parse(each.upper).value();
    EXPECT_EQ(next(lower), upper) << each.lower;
    EXPECT_EQ(previous(upper), lower) << each.upper;
  }
  for (const char* text : {"255.255.255.255", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"}) {
    EXPECT_FALSE(next(Address::parse(text).value())) << text;
  }
  for (const char* text : {"0.0.0.0", "::"}) {
    EXPECT_FALSE(previous(Address::parse(text).value())) << text;
  }
}

}  // namespace
}  // namespace ipguard::net
