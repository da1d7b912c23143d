#include "enrich/netblocks.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "enrich/whois_source.h"
#include "fixtures.h"

namespace ipguard::enrich::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

using NetblocksTest = EnrichTest;

std::vector<std::string> around(std::string_view text) {
  std::vector<std::string> result;
  for (const auto* block : IanaBlocks::get().around(address(text))) {
    result.push_back(block->prefix.to_string() + " " + std::string(to_string(block->kind)) + " " + block->name);
  }
  return result;
}

TEST(IanaBlocks, TellsWhatIsAroundAnAddressNarrowestFirst) {
  EXPECT_THAT(around("192.0.2.1"),
              ElementsAre("192.0.2.0/24 special Documentation (TEST-NET-1)", "192.0.0.0/8 legacy ARIN"));
  EXPECT_THAT(around("10.1.2.3"), ElementsAre("10.0.0.0/8 special Private use"));
  EXPECT_THAT(around("1.1.1.1"), ElementsAre("1.0.0.0/8 allocated APNIC"));
  EXPECT_THAT(around("255.255.255.255"),
              ElementsAre("255.255.255.255/32 special Limited broadcast", "240.0.0.0/4 special Reserved"));
  EXPECT_THAT(around("2001:db8::1"), ElementsAre("2001:db8::/32 special Documentation", "2001:c00::/23 allocated APNIC",
                                                 "2000::/3 special Global unicast"));
  EXPECT_THAT(around("::1"), ElementsAre("::1/128 special Loopback address"));
  EXPECT_THAT(around("::2"), IsEmpty());
  EXPECT_THAT(around("ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"), ElementsAre("ff00::/8 special Multicast"));
  EXPECT_EQ(registry_label(IanaBlocks::get().around(address("1.1.1.1"))), "apnic");
  EXPECT_EQ(registry_label(IanaBlocks::get().around(address("2a00::1"))), "ripencc");
  EXPECT_EQ(registry_label(IanaBlocks::get().around(address("8.8.8.8"))), "arin");  // of the legacy block
  EXPECT_EQ(registry_label(IanaBlocks::get().around(address("10.1.2.3"))), "");
}

TEST(IanaBlocks, TheDataIsWholeAndSaysWhereItIsFrom) {
  const auto& blocks = IanaBlocks::get();
  EXPECT_THAT(blocks.source(), HasSubstr("iana.org"));
  EXPECT_EQ(blocks.as_of().size(), 10U);
  // Every /8 below multicast is with a registry or special.
  for (uint32_t octet = 0; octet < 256; ++octet) {
    EXPECT_FALSE(blocks.around(net::Address::from_ipv4(octet << 24U | 1)).empty()) << octet;
  }
  for (const auto& [text, reason] :
       std::vector<std::pair<std::string, std::string>>{{"1.0.0.0/8,allocated,APNIC", "line 1: a block has four cells"},
                                                        {"\n1.0.0.1/8,allocated,APNIC,x", "line 2: "},
                                                        {"1.0.0.0/8,lent,APNIC,x", "unknown kind 'lent'"}}) {
    const auto parsed = IanaBlocks::parse(text);
    ASSERT_FALSE(parsed) << text;
    EXPECT_THAT(parsed.error().message, HasSubstr(reason));
  }
}

TEST_F(NetblocksTest, JoinsRouteRangeBlocksAndSystem) {
  NetblockFinder finder(open({data_file("doc-ranges.mmdb")}));
  const auto found = finder.find(address("192.0.2.1"));
  EXPECT_EQ(found.answer.route(found.address).to_string(), "192.0.2.0/26");
  ASSERT_TRUE(found.range);
  EXPECT_EQ(found.range->first.to_string() + "-" + found.range->second.to_string(), "192.0.2.0-192.0.2.127");
  EXPECT_EQ(found.blocks.size(), 2U);
  ASSERT_NE(found.system, nullptr);
  EXPECT_EQ(found.system->number, 64496U);
  EXPECT_EQ(found.system->size.ipv4_addresses, 128U);
  std::vector<Netblocks> many;
  finder.find_routes(std::vector<net::Address>{address("127.0.0.1"), address("192.0.2.1")}, many);
  ASSERT_EQ(many.size(), 2U);
  for (auto& one : many) {
    finder.complete(one);
  }
  EXPECT_EQ(many[1].range, found.range);
  EXPECT_EQ(many[0].system, nullptr);
  EXPECT_FALSE(many[0].range);
  EXPECT_EQ(many[1].system, found.system);
  EXPECT_EQ(finder.facts(many[1]).asn, net::Asn{64496});
}

TEST_F(NetblocksTest, WhatAWhoisServerAsks) {
  const auto table = open({data_file("doc-ranges.mmdb")});
  WhoisSource source(table);
  // Also by the index for look-ups, once it is there.
  for (const bool indexed : {false, true}) {
    if (indexed) {
      table->index_lookups();
    }
    RecordFields fields;
    const auto take = [&fields](std::string_view key, std::string_view value) { fields.emplace_back(key, value); };
    const auto record = source.record(address("192.0.2.1"), take);
    EXPECT_TRUE(record.found);
    EXPECT_EQ(record.route.to_string(), "192.0.2.0/26");
    EXPECT_EQ(fields, table->fields(address("192.0.2.1")));
    fields.clear();
    const auto missing = source.record(address("127.0.0.1"), take);
    EXPECT_FALSE(missing.found);
    EXPECT_TRUE(fields.empty());
    EXPECT_EQ(missing.route, table->lookup(address("127.0.0.1")).prefix);
  }
  EXPECT_FALSE(source.wants_index());
  EXPECT_EQ(source.records_within(prefix("192.0.2.0/24"), 100).records.front().route.to_string(), "192.0.2.0/26");
  EXPECT_FALSE(source.systems_ready());
  const auto system = source.system(net::Asn{64496});
  ASSERT_TRUE(system);
  EXPECT_EQ(system->prefixes, table->prefixes_of({64496}));
  EXPECT_TRUE(source.systems_ready());
  EXPECT_FALSE(source.system(net::Asn{1}));
  const auto row = source.system_row(net::Asn{64496});
  ASSERT_TRUE(row);
  EXPECT_EQ(row->name, system->name);
  EXPECT_EQ(row->country_code, table->lookup(address("192.0.2.1")).country_code);
  EXPECT_EQ(row->registry, "arin");
  EXPECT_FALSE(source.system_row(net::Asn{1}));
  std::vector<model::RouteRow> rows(2);
  source.rows(std::vector<net::Address>{address("192.0.2.1"), address("1.1.1.1")}, rows);
  EXPECT_EQ(rows[0].facts->asn, net::Asn{64496});
  EXPECT_EQ(rows[1].registry, "apnic");
}

}  // namespace
}  // namespace ipguard::enrich::testing
