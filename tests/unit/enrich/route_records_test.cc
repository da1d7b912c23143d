// The records of all routes inside a prefix, and what a record has beside route, AS and country.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>
#include <set>
#include <string>
#include <vector>

#include "enrich/mmdb_writer.h"
#include "enrich/route_reader.h"
#include "enrich/route_table.h"
#include "fixtures.h"

namespace ipguard::enrich::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::Pair;

struct Network {
  std::string prefix;
  Fields fields;
};

class RouteRecordsTest : public EnrichTest {
 protected:
  std::string build(const std::vector<Network>& networks) {
    MmdbWriter writer;
    for (const auto& [text, fields] : networks) {
      const auto network = prefix(text);
      writer.put(network.address(), network.last(), fields);
    }
    return write(writer.build({.type = "Test", .description = "", .build_epoch = 1}).value());
  }
  static std::vector<std::string> routes(const model::RecordList& list) {
    std::vector<std::string> result;
    for (const auto& record : list.records) {
      result.push_back(record.route.to_string());
    }
    return result;
  }
};

TEST_F(RouteRecordsTest, ASparseDatabaseIsToldWhole) {
  std::mt19937 random(42);
  std::vector<Network> networks;
  std::set<net::Prefix> expected;
  for (int i = 0; i < 300; ++i) {
    std::string text = "2001:db8";
    for (int group = 0; group < 6; ++group) {
      text += ':' + std::to_string(random() % 9999);
    }
    networks.push_back({text + "/128", {{"label", std::to_string(i)}}});
    expected.insert(prefix(text + "/128"));
  }
  const auto table = open({build(networks)});
  for (const auto* around : {"2001:db8::/32", "2000::/3", "::/0"}) {
    const auto list = table->records_within(prefix(around), 1000);
    EXPECT_FALSE(list.cut) << around;
    ASSERT_EQ(list.records.size(), expected.size()) << around;
    auto next = expected.begin();
    for (const auto& record : list.records) {
      EXPECT_EQ(record.route, *next++) << around;
      EXPECT_EQ(record.fields, table->fields(record.route.address()));
    }
  }
}

TEST_F(RouteRecordsTest, SaysWhetherThereAreMore) {
  const auto table = open({build({{"192.0.2.0/25", {{"asn", "AS64496"}}},
                                  {"192.0.2.192/26", {{"asn", "AS64497"}}},
                                  {"198.51.100.0/24", {{"asn", "AS64498"}}},
                                  {"2001:db8::/48", {{"asn", "AS64499"}}}})});
  const auto all = table->records_within(prefix("0.0.0.0/0"), 3);
  EXPECT_THAT(routes(all), ElementsAre("192.0.2.0/25", "192.0.2.192/26", "198.51.100.0/24"));
  EXPECT_FALSE(all.cut);
  const auto some = table->records_within(prefix("0.0.0.0/0"), 2);
  EXPECT_THAT(routes(some), ElementsAre("192.0.2.0/25", "192.0.2.192/26"));
  EXPECT_TRUE(some.cut);
  EXPECT_THAT(routes(table->records_within(prefix("192.0.2.1/32"), 10)), ElementsAre("192.0.2.0/25"));
  EXPECT_THAT(routes(table->records_within(prefix("192.0.2.64/26"), 10)), ElementsAre("192.0.2.0/25"));
  EXPECT_THAT(routes(table->records_within(prefix("127.0.0.0/8"), 10)), IsEmpty());
  // What the tree has below ::/96 are the IPv4 addresses: they are told under their own names only.
  EXPECT_THAT(routes(table->records_within(prefix("::/0"), 10)), ElementsAre("2001:db8::/48"));
  EXPECT_THAT(routes(table->records_within(prefix("::/90"), 10)), IsEmpty());
}

TEST_F(RouteRecordsTest, OfSeveralDatabasesEveryRouteIsTold) {
  const auto wide = build({{"192.0.2.0/24", {{"asn", "AS64496"}}}});
  const auto narrow = build({{"192.0.2.64/26", {{"country_code", "NL"}}}, {"192.0.3.0/28", {{"country_code", "DE"}}}});
  const auto table = open({wide, narrow});
  const auto list = table->records_within(prefix("192.0.0.0/16"), 10);
  EXPECT_THAT(routes(list), ElementsAre("192.0.2.0/24", "192.0.2.64/26", "192.0.3.0/28"));
  EXPECT_FALSE(list.cut);
}

// Against asking for every address.
TEST_F(RouteRecordsTest, SaysWhatLookUpsSay) {
  std::mt19937 random(7);
  for (int round = 0; round < 20; ++round) {
    std::vector<std::string> files;
    for (int file = 0; file < 3; ++file) {
      std::vector<Network> networks;
      for (int i = 0; i < 6; ++i) {
        const auto length = static_cast<unsigned>(24 + random() % 9);
        const auto address = net::Address::from_ipv4(static_cast<uint32_t>(0xc0000200U | random() % 256));
        const auto network = net::Prefix(address, length);
        networks.push_back({network.to_string(), {{file == 0 ? "asn" : "country_code", file == 0 ? "AS64496" : "NL"}}});
      }
      files.push_back(build(networks));
    }
    const auto table = open(files);
    std::set<std::string> expected;
    for (uint32_t i = 0; i < 256; ++i) {
      const auto route = table->lookup(net::Address::from_ipv4(0xc0000200U | i));
      if (route.found) {
        expected.insert(route.prefix.to_string());
      }
    }
    const auto found = routes(table->records_within(prefix("192.0.2.0/24"), 1000));
    EXPECT_EQ(std::set<std::string>(found.begin(), found.end()), expected);
    EXPECT_EQ(found.size(), expected.size());
  }
}

TEST_F(RouteRecordsTest, FurtherFieldsAreThoseThatAreNoFacts) {
  const auto own = build({{"10.1.0.0/16", {{"label", "lab"}, {"owner", "us"}}}});
  const auto base = build({{"10.0.0.0/8", {{"asn", "AS64496"}, {"label", "other"}, {"site", "A"}}}});
  EXPECT_THAT(open({own})->further_fields(address("10.1.2.3")), ElementsAre(Pair("label", "lab"), Pair("owner", "us")));
  EXPECT_THAT(open({own, base})->further_fields(address("10.1.2.3")),
              ElementsAre(Pair("label", "lab"), Pair("owner", "us"), Pair("site", "A")));
  EXPECT_THAT(open({own})->further_fields(address("10.2.0.0")), IsEmpty());
  RouteReader reader(open({own, base}));
  EXPECT_THAT(reader.further_fields(reader.find(address("10.1.2.3")).facts),
              ElementsAre(Pair("label", "lab"), Pair("owner", "us"), Pair("site", "A")));
  EXPECT_THAT(reader.further_fields(reader.find(address("192.0.2.1")).facts), IsEmpty());
  EXPECT_THAT(open({data_file("doc-ranges.mmdb")})->further_fields(address("192.0.2.1")), IsEmpty());
}

}  // namespace
}  // namespace ipguard::enrich::testing
