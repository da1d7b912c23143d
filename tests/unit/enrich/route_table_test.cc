#include "enrich/route_table.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <string>
#include <thread>
#include <vector>

#include "enrich/route_reader.h"
#include "fixtures.h"
#include "mmdb_builder.h"

namespace ipguard::enrich::testing {
namespace {

using mmdb::map;
using mmdb::text;
using mmdb::uint32;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Pair;

using RouteTableTest = EnrichTest;

TEST_F(RouteTableTest, RefusesIfAnyDatabaseIsBad) {
  const auto table = RouteTable::open({data_file("doc-ranges.mmdb"), data_file("mmdb/bad/unexpected-bytes.mmdb")});
  ASSERT_FALSE(table);
  EXPECT_EQ(table.error().code, Errc::corrupt);
  EXPECT_THAT(table.error().message, HasSubstr("unexpected-bytes.mmdb"));
  EXPECT_EQ(RouteTable::open({folder() + "/absent"}).error().code, Errc::not_found);
}

TEST_F(RouteTableTest, GivesRouteAndFactsAlsoAtTheBoundaries) {
  struct Case {
    const char* address;
    const char* route;
    uint32_t asn;  // 0: none
    const char* country_code;
    bool found;
  };
  const auto table = open({data_file("doc-ranges.mmdb")});
  for (const auto& expected : std::vector<Case>{
           {"192.0.2.0", "192.0.2.0/26", 64496, "NL", true},
           {"192.0.2.63", "192.0.2.0/26", 64496, "NL", true},
           {"192.0.2.64", "192.0.2.64/26", 64496, "DE", true},
           {"::ffff:192.0.2.64", "192.0.2.64/26", 64496, "DE", true},
           {"192.0.2.255", "192.0.2.128/25", 64497, "NL", true},
           {"192.0.3.0", "192.0.3.0/24", 0, "", false},
           {"198.51.100.31", "198.51.100.16/28", 64498, "SG", true},
           {"198.51.100.200", "198.51.100.128/25", 0, "FR", true},
           {"203.0.113.128", "203.0.113.128/25", 0, "", false},
           {"0.0.0.0", "0.0.0.0/1", 0, "", false},
           {"255.255.255.255", "224.0.0.0/3", 0, "", false},
           {"2001:db8:1:ffff:ffff:ffff:ffff:ffff", "2001:db8:1::/48", 64496, "NL", true},
           {"2001:db8:3:2::1", "2001:db8:3:2::/64", 64499, "CN", true},
           {"2001:db8:3:4::", "2001:db8:3:4::/62", 0, "", false},
           {"::", "::/97", 0, "", false},
           {"ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "8000::/1", 0, "", false},
       }) {
    const auto route = table->lookup(address(expected.address));
    EXPECT_EQ(route.prefix.to_string(), expected.route) << expected.address;
    EXPECT_EQ(route.found, expected.found) << expected.address;
    EXPECT_EQ(route.asn ? route.asn->number : 0, expected.asn) << expected.address;
    EXPECT_EQ(route.country_code, expected.country_code) << expected.address;
  }
  EXPECT_EQ(table->damaged(), 0U);
}

TEST_F(RouteTableTest, FieldsComeInTheDatabasesOrder) {
  const auto table = open({data_file("doc-ranges.mmdb")});
  EXPECT_THAT(table->fields(address("192.0.2.7")),
              ElementsAre(Pair("as_domain", "one.example"), Pair("as_name", "Doc Hosting One"), Pair("asn", "AS64496"),
                          Pair("continent", "Europe"), Pair("continent_code", "EU"), Pair("country", "Netherlands"),
                          Pair("country_code", "NL")));
  EXPECT_THAT(table->fields(address("192.0.3.7")), IsEmpty());
  const auto nested = open({data_file("mmdb/good/MaxMind-DB-test-nested.mmdb")});
  EXPECT_THAT(nested->fields(address("1.1.1.1")),
              ElementsAre(Pair("map1.map2.array.0.map3.a", "1"), Pair("map1.map2.array.0.map3.b", "2"),
                          Pair("map1.map2.array.0.map3.c", "3")));
  const auto bare = open({data_file("mmdb/good/MaxMind-DB-string-value-entries.mmdb")});
  EXPECT_THAT(bare->fields(address("1.1.1.2")), ElementsAre(Pair("value", "1.1.1.2/31")));
}

TEST_F(RouteTableTest, ReadsGeoLite2) {
  const auto table =
      open({data_file("mmdb/good/GeoLite2-ASN-Test.mmdb"), data_file("mmdb/good/GeoLite2-Country-Test.mmdb")});
  const auto telstra = table->lookup(address("1.128.0.1"));
  EXPECT_EQ(telstra.asn, net::Asn{1221});
  EXPECT_EQ(telstra.as_name, "Telstra Pty Ltd");
  EXPECT_EQ(telstra.prefix.to_string(), "1.128.0.0/11");
  const auto japan = table->lookup(address("2001:218::1"));
  EXPECT_EQ(japan.country, "Japan");
  EXPECT_EQ(japan.country_code, "JP");
  EXPECT_EQ(japan.continent, "Asia");
  EXPECT_EQ(japan.continent_code, "AS");
  EXPECT_EQ(japan.prefix.to_string(), "2001:218::/32");
  // AS from one, country from the other: the route is where both hold.
  const auto both = table->lookup(address("216.160.83.58"));
  EXPECT_EQ(both.asn, net::Asn{209});
  EXPECT_EQ(both.country_code, "US");
  EXPECT_EQ(both.prefix.to_string(), "216.160.83.56/29");
}

// IPinfo publishes the same rows as CSV and as MMDB.
TEST_F(RouteTableTest, AgreesWithTheCsvOfIpinfosSample) {
  const auto table = open({data_file("mmdb/ipinfo/ipinfo_lite_sample.mmdb")});
  std::ifstream csv(data_file("mmdb/ipinfo/ipinfo_lite_sample.csv"));
  std::string line;
  std::getline(csv, line);
  int rows = 0;
  while (std::getline(csv, line)) {
    std::vector<std::string> cells(1);
    bool quoted = false;
    for (const char c : line) {
      if (c == '"') {
        quoted = !quoted;
      } else if (c == ',' && !quoted) {
        cells.emplace_back();
      } else if (c != '\r') {
        cells.back() += c;
      }
    }
    ASSERT_EQ(cells.size(), 8U) << line;
    const auto network = prefix(cells[0]);
    for (const auto& one : {network.address(), network.last()}) {
      const auto route = table->lookup(one);
      EXPECT_TRUE(route.found);
      EXPECT_EQ(route.prefix, network);
      const std::string asn = route.asn ? route.asn->to_string() : "";
      EXPECT_THAT((std::vector{route.country, route.country_code, route.continent, route.continent_code, asn,
                               route.as_name, route.as_domain}),
                  ElementsAre(cells[1], cells[2], cells[3], cells[4], cells[5], cells[6], cells[7]));
    }
    ++rows;
  }
  EXPECT_EQ(rows, 100);
}

TEST_F(RouteTableTest, RecordSizesAgree) {
  const auto a = open({data_file("ipguard-lite-small.mmdb")});
  const auto b = open({data_file("ipguard-lite-small-24.mmdb")});
  const auto c = open({data_file("ipguard-lite-small-32.mmdb")});
  int found = 0;
  for (uint32_t i = 0; i < 1U << 16U; ++i) {
    const auto one = net::Address::from_ipv4(i << 16U | 0x0101U);
    const auto route = a->lookup(one);
    EXPECT_EQ(route.prefix, b->lookup(one).prefix);
    EXPECT_EQ(route.prefix, c->lookup(one).prefix);
    EXPECT_EQ(a->fields(one), b->fields(one));
    EXPECT_EQ(a->fields(one), c->fields(one));
    found += route.found ? 1 : 0;
  }
  EXPECT_GT(found, 100);
}

TEST_F(RouteTableTest, LaterDatabasesFillWhatEarlierOnesLack) {
  MmdbBuilder as(4, 24);  // IPv4 only
  as.network("192.0.2.0/24", map({{"autonomous_system_number", uint32(64496)}}));
  MmdbBuilder country(6, 28);
  country.network("192.0.0.0/16", map({{"country_code", text("NL")}}));
  country.network("2001:db8::/32", map({{"country_code", text("DE")}}));
  MmdbBuilder narrow(6, 32);
  narrow.network("192.0.2.4/30", map({{"autonomous_system_number", uint32(64497)}, {"country_code", text("FR")}}));
  narrow.network("192.0.2.8/30",
                 map({{"autonomous_system_number", uint32(64496)}, {"autonomous_system_organization", text("One")}}));
  const auto table = open({write(as.build()), write(country.build()), write(narrow.build())});

  struct Case {
    const char* address;
    const char* route;
    uint32_t asn;
    const char* as_name;
    const char* country_code;
    bool found;
  };
  for (const auto& expected : std::vector<Case>{
           {"192.0.2.1", "192.0.2.0/24", 64496, "", "NL", true},
           {"192.0.9.1", "192.0.0.0/16", 0, "", "NL", true},
           {"192.0.2.5", "192.0.2.0/24", 64496, "", "NL", true},     // the third one says nothing new
           {"192.0.2.9", "192.0.2.8/30", 64496, "One", "NL", true},  // here it does
           {"203.0.113.1", "200.0.0.0/5", 0, "", "", false},         // the first one's empty network
           {"2001:db8::1", "2001:db8::/32", 0, "", "DE", true},
           {"2001:db9::1", "2001:db9::/32", 0, "", "", false},  // the first one that knows about IPv6
       }) {
    const auto route = table->lookup(address(expected.address));
    EXPECT_EQ(route.prefix.to_string(), expected.route) << expected.address;
    EXPECT_EQ(route.asn ? route.asn->number : 0, expected.asn) << expected.address;
    EXPECT_EQ(route.as_name, expected.as_name) << expected.address;
    EXPECT_EQ(route.country_code, expected.country_code) << expected.address;
    EXPECT_EQ(route.found, expected.found) << expected.address;
  }
  // The record of the first database that has one.
  EXPECT_THAT(table->fields(address("192.0.2.5")), ElementsAre(Pair("autonomous_system_number", "64496")));
  EXPECT_THAT(table->fields(address("192.0.9.5")), ElementsAre(Pair("country_code", "NL")));
}

TEST_F(RouteTableTest, Ipv4DatabasesKnowNothingAboutIpv6) {
  const auto table = open({data_file("mmdb/good/MaxMind-DB-test-ipv4-24.mmdb")});
  const auto route = table->lookup(address("2001:db8::1"));
  EXPECT_FALSE(route.found);
  EXPECT_EQ(route.prefix.to_string(), "::/0");
  EXPECT_THAT(table->fields(address("2001:db8::1")), IsEmpty());
}

TEST_F(RouteTableTest, AnEmptyTableFindsNothing) {
  const auto table = open({});
  EXPECT_FALSE(table->lookup(address("192.0.2.1")).found);
  EXPECT_EQ(table->lookup(address("192.0.2.1")).prefix.to_string(), "192.0.2.1/32");
  EXPECT_THAT(table->fields(address("192.0.2.1")), IsEmpty());
  EXPECT_THAT(table->prefixes_of({64496}), IsEmpty());
  EXPECT_THAT(table->databases(), IsEmpty());
}

TEST_F(RouteTableTest, ADamagedRecordIsNoDataAndCounted) {
  // More nodes than are looked at when the file is opened, the damaged record below one that is not.
  MmdbBuilder builder(4, 24);
  const uint32_t sound = builder.data(map({{"asn", text("AS64496")}}));
  for (int i = 0; i < 4096; ++i) {
    builder.network("10." + std::to_string(i / 256) + "." + std::to_string(i % 256) + ".0/24", sound);
  }
  const uint32_t damaged = builder.data(mmdb::control(7, 1) + mmdb::uint16(1));
  std::shared_ptr<const RouteTable> table;
  std::string victim;
  for (int i = 0; !table && i < 16; ++i) {
    MmdbBuilder copy = builder;
    victim = "10.9." + std::to_string(i) + ".0/24";
    copy.network(victim, damaged);
    table = RouteTable::open({write(copy.build())}).value_or(nullptr);
  }
  ASSERT_NE(table, nullptr);
  const auto inside = prefix(victim).address();
  EXPECT_FALSE(table->lookup(inside).found);
  EXPECT_EQ(table->lookup(inside).prefix, net::Prefix(inside));
  EXPECT_THAT(table->fields(inside), IsEmpty());
  EXPECT_EQ(table->damaged(), 3U);
  EXPECT_TRUE(table->lookup(address("10.0.0.1")).found);
  EXPECT_EQ(table->prefixes_of({64496}).size(), 12U);  // 10.0.0.0/12 without one /24
  EXPECT_EQ(table->damaged(), 4U);
  for (int round = 0; round < 2; ++round) {  // the second time with an index
    RouteReader reader(table);
    EXPECT_FALSE(reader.find(inside).found);
    EXPECT_EQ(reader.find(inside).route(inside), net::Prefix(inside));
    table->index_lookups();
  }
}

TEST_F(RouteTableTest, SaysWhatItHas) {
  const auto table = open({data_file("doc-ranges.mmdb"), data_file("ipguard-lite-small.mmdb")});
  auto databases = table->databases();
  ASSERT_EQ(databases.size(), 2U);
  EXPECT_EQ(databases[0].type, "ipguard-doc-ranges");
  EXPECT_EQ(databases[0].build_epoch, 1790000000U);
  EXPECT_EQ(databases[1].path, data_file("ipguard-lite-small.mmdb"));
  EXPECT_THAT(databases[1].description, HasSubstr("DB-IP.com"));
  EXPECT_EQ(databases[0].networks, std::nullopt);
  EXPECT_THAT(texts(table->prefixes_of({64496})), ElementsAre("192.0.2.0/25", "2001:db8:1::/48"));
  databases = table->databases();
  EXPECT_EQ(databases[0].networks, 13U);
  EXPECT_EQ(databases[1].networks, 2921U);
}

TEST_F(RouteTableTest, FindsTheNameOfAnAs) {
  const auto table = open({data_file("doc-ranges.mmdb")});
  const auto route = table->any_route_of({64498});
  ASSERT_TRUE(route);
  EXPECT_EQ(route->as_name, "Doc Cloud Three");
  EXPECT_EQ(route->asn, net::Asn{64498});
  EXPECT_EQ(table->any_route_of({64511}), std::nullopt);
}

TEST_F(RouteTableTest, MayBeAskedByManyThreads) {
  const auto table = open({data_file("ipguard-lite-small.mmdb")});
  const auto expected = table->lookup(address("1.1.1.1")).prefix;
  std::vector<size_t> counts(4);
  std::vector<std::thread> threads;
  threads.reserve(counts.size());
  for (size_t& count : counts) {
    threads.emplace_back([&] {
      count = table->prefixes_of({13335}).size();
      EXPECT_EQ(table->lookup(address("1.1.1.1")).prefix, expected);
      EXPECT_EQ(table->databases().front().networks, 2921U);
    });
  }
  for (auto& thread : threads) {
    thread.join();
  }
  EXPECT_GT(counts[0], 0U);
  EXPECT_EQ(counts, std::vector<size_t>(4, counts[0]));
}

// A file replaced by rename goes on being readable through the old table.
TEST_F(RouteTableTest, KeepsTheFileThatItOpened) {
  const std::string path = write(read_bytes(data_file("doc-ranges.mmdb")));
  const auto table = open({path});
  std::filesystem::rename(write("something else"), path);
  EXPECT_EQ(table->lookup(address("192.0.2.1")).asn, net::Asn{64496});
  EXPECT_FALSE(RouteTable::open({path}));
}

}  // namespace
}  // namespace ipguard::enrich::testing
