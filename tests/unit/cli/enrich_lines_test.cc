#include "cli/enrich_lines.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <array>
#include <fstream>
#include <random>
#include <string>
#include <vector>

#include "base/text.h"
#include "cli/db_build.h"
#include "cli/netblocks_output.h"
#include "match/rule_set.h"

namespace ipguard::cli {
namespace {

using ::testing::HasSubstr;

std::shared_ptr<const enrich::RouteTable> routes() {
  return enrich::RouteTable::open({IPGUARD_SOURCE_DIR "/tests/data/doc-ranges.mmdb"}).value();
}

std::string enriched(EnrichOptions options, std::string_view line) {
  LineEnricher enricher(options, routes());
  enricher.take(line, TimePoint{});
  enricher.take(line, TimePoint{});  // the second time from memory
  const std::string text = enricher.output();
  const std::string once = text.substr(0, text.size() / 2);
  EXPECT_EQ(text, once + once);
  return once;
}

TEST(LineEnricher, AddsWhatIsKnownOfTheAddress) {
  const std::string line = "192.0.2.7 - - [25/Feb/2020:04:30:17 +0000] \"GET / HTTP/1.1\" 200 1";
  const auto route = routes()->lookup(*net::Address::parse("192.0.2.7"));
  const std::string name = route.as_name;
  const std::string country = route.country_code;
  EXPECT_EQ(enriched({}, line), line + "\t192.0.2.0/26\tAS64496\t" + name + "\t" + country + "\n");
  EXPECT_EQ(enriched({.shape = EnrichShape::append}, line),
            line + " route=192.0.2.0/26 asn=AS64496 as_name=\"" + name + "\" country=" + country + "\n");
  EXPECT_THAT(enriched({.shape = EnrichShape::json}, line),
              HasSubstr("\"address\":\"192.0.2.7\",\"route\":\"192.0.2.0/26\",\"asn\":\"AS64496\""));
}

TEST(LineEnricher, FindsTheAddress) {
  struct Case {
    std::string_view line;
    size_t field;
    std::string_view format;
    bool found;
  };
  for (const auto& [line, field, format, found] : std::vector<Case>{
           {"192.0.2.7", 0, "", true},
           {"x,192.0.2.7:443,y", 2, "", true},
           {"x [192.0.2.7] y", 2, "", false},
           {"a b", 3, "", false},
           {"", 0, "", false},
           {"example.org 192.0.2.7 - - [25/Feb/2020:04:30:17 +0000] \"GET / HTTP/1.1\" 200 1 \"-\" \"-\"", 0, "", true},
           {"example.org 192.0.2.7 - - [25/Feb/2020:04:30:17 +0000] \"GET / HTTP/1.1\" 200 1 \"-\" \"-\"", 0,
            "vhost-combined", true},
           {"no address in here", 0, "", false},
       }) {
    const auto text = enriched({.field = field, .format = format.empty() ? nullptr : match::find_format(format)}, line);
    EXPECT_EQ(text, std::string(line) + (found ? text.substr(line.size()) : "\t-\t-\t-\t-\n"));
    EXPECT_EQ(text.find("192.0.2.0/26") != std::string::npos, found) << line;
  }
}

TEST(LineEnricher, NothingOfALineReachesATerminal) {
  EXPECT_EQ(enriched({.terminal = true}, "\x1b[31m"), "\\x1b[31m\t-\t-\t-\t-\n");
  EXPECT_EQ(enriched({}, "\x1b[31m"), "\x1b[31m\t-\t-\t-\t-\n");
  EXPECT_EQ(enriched({.shape = EnrichShape::json}, "a\"\x01\xff\xc3\xa4\\"),
            "{\"line\":\"a\\\"\\u0001\xef\xbf\xbd\xc3\xa4\\\\\",\"address\":null,\"route\":null,\"asn\":null,"
            "\"as_name\":null,\"country_code\":null}\n");
}

TEST(NetblocksOutput, NarrowestFirst) {
  enrich::NetblockFinder finder(routes());
  const auto found = finder.find(*net::Address::parse("192.0.2.1"));
  JsonWriter json;
  enrich::NetblocksJson(finder).write(json, found);
  const auto text = json.take();
  size_t at = 0;
  for (const auto* kind : {"\"route\"", "\"range\"", "\"special\"", "\"legacy\"", "\"asn\""}) {
    const auto next = text.find(std::string("\"kind\":") + kind, at);
    ASSERT_NE(next, std::string::npos) << kind << " in " << text;
    at = next;
  }
  EXPECT_THAT(text, HasSubstr("\"prefixes\":[\"192.0.2.0/25\"]"));
  std::string row;
  NetblocksLines(finder, false).append(row, {&found.address, 1});
  EXPECT_THAT(row, HasSubstr("192.0.2.1\t192.0.2.0/26\t192.0.2.0-192.0.2.127\t192.0.2.0/24 Documentation (TEST-NET-1)"
                             "\tAS64496\t"));
}

// What is kept of earlier lines must not show: each line is the one that a look at this address alone gives.
TEST(NetblocksOutput, ManyAreWrittenAsOneIs) {
  std::vector<net::Address> addresses;
  std::mt19937 random(42);
  for (int i = 0; i < 3000; ++i) {
    const auto ipv4 = static_cast<uint32_t>(random());
    addresses.push_back(net::Address::from_ipv4(ipv4));
    addresses.push_back(net::Address::from_ipv4(ipv4 ^ (1U << (random() % 32))));  // often a neighbour in the route
    addresses.push_back(net::Address::from_ipv4(0xc0000000U | ipv4 >> 16U));       // 192.0.0.0/16 has blocks in it
    addresses.push_back(*net::Address::parse("2001:" + std::to_string(i % 10) + "::" + std::to_string(i % 1000)));
    addresses.push_back(*net::Address::parse("2002:" + std::to_string(i % 10) + "::1"));
  }
  const std::string folder = IPGUARD_SOURCE_DIR "/tests/data/";
  for (const auto& databases : std::vector<std::vector<std::string>>{
           {folder + "ipguard-lite-small.mmdb"}, {folder + "doc-ranges.mmdb", folder + "ipguard-lite-small.mmdb"}}) {
    enrich::NetblockFinder finder(*enrich::RouteTable::open(databases));
    std::string many;
    std::string columns;
    NetblocksLines json_lines(finder, true);
    NetblocksLines column_lines(finder, false);
    json_lines.append(many, addresses);
    column_lines.append(columns, addresses);
    const auto lines = split(columns, '\n');
    ASSERT_EQ(lines.size(), addresses.size() + 1);
    std::string expected;
    for (size_t i = 0; i < addresses.size(); ++i) {
      const auto found = finder.find(addresses[i]);
      JsonWriter json;
      enrich::NetblocksJson(finder).write(json, found);
      expected += json.take();
      if (i % 100 < 5) {
        std::string alone;
        NetblocksLines(finder, false).append(alone, {&addresses[i], 1});
        EXPECT_EQ(alone, std::string(lines[i]) + '\n');
      }
    }
    EXPECT_TRUE(many == expected);
  }
}

TEST(DbBuild, ReadsTheNamedSchemas) {
  struct Case {
    std::string_view schema;
    std::string_view text;
    std::string_view address;
    uint32_t asn;
    std::string_view country;
    std::string_view name;
  };
  for (const auto& [schema, text, address, asn, country, name] : std::vector<Case>{
           {"ip-location-db-asn", "192.0.2.0,192.0.2.255,64496,\"One, Inc.\"\n", "192.0.2.7", 64496, "", "One, Inc."},
           {"ip-location-db-country", "192.0.2.0,192.0.2.255,NL\r\n", "192.0.2.7", 0, "NL", ""},
           {"iptoasn", "192.0.2.0\t192.0.2.255\t64496\tNL\tOne\n198.51.100.0\t198.51.100.1\t0\tNone\tNot routed\n",
            "192.0.2.7", 64496, "NL", "One"},
           {"ipinfo", "network,country,country_code,asn,as_name\n192.0.2.7,Netherlands,NL,AS64496,One\n", "192.0.2.7",
            64496, "NL", "One"},
           {"netblocks", "# own\nlabel,network,asn\nlab,2001:db8::-2001:db8::ff,AS64496\n", "2001:db8::7f", 64496, "",
            ""},
       }) {
    enrich::MmdbWriter writer;
    const auto added = add_table(schema, text, writer);
    ASSERT_TRUE(added) << added.error().message;
    EXPECT_EQ(*added, 1U) << schema;
    const auto file = writer.build({.type = "Test", .description = "", .build_epoch = 1});
    ASSERT_TRUE(file);
    const std::string path = ::testing::TempDir() + "ipguard-db-build.mmdb";
    std::ofstream(path, std::ios::binary) << *file;
    const auto table = enrich::RouteTable::open({path});
    ASSERT_TRUE(table) << table.error().message;
    const auto route = (*table)->lookup(*net::Address::parse(address));
    EXPECT_EQ(route.asn ? route.asn->number : 0, asn) << schema;
    EXPECT_EQ(route.country_code, country) << schema;
    EXPECT_EQ(route.as_name, name) << schema;
    ::unlink(path.c_str());
  }
}

TEST(DbBuild, SaysWhichRowIsNotInOrder) {
  std::string many_levels = "network,a";
  for (int i = 0; i < 100'000; ++i) {
    many_levels += ".a";
  }
  many_levels += "\n192.0.2.0/24,1\n";
  for (const auto& [schema, text, reason] : std::vector<std::array<std::string_view, 3>>{
           {"ip-location-db-asn", "192.0.2.0,192.0.2.255,64496,One\n192.0.2.0,198\n", "2: a row has 4 cells"},
           {"ip-location-db-country", "192.0.2.9,192.0.2.0,NL\n", "1: the range ends before it begins"},
           {"ip-location-db-country", "192.0.2.9,2001:db8::,NL\n", "1: the range ends before it begins"},
           {"iptoasn", "x\ty\t1\tNL\tz\n", "1: 'x' is no address"},
           {"netblocks", "prefix,label\n192.0.2.0/24,x\n", "1: the first row names the columns"},
           {"netblocks", "network,a,a\n192.0.2.0/24,1,2\n", "1: two columns are named 'a'"},
           {"netblocks", "network,a.b,a\n192.0.2.0/24,1,2\n", "1: columns 'a' and 'a.b' cannot be in one record"},
           {"netblocks", "network,,a,\n192.0.2.0/24,,1,\n192.0.2.0/25,,1,x\n",
            "3: 'x' stands in a column without a name"},
           {"netblocks", many_levels, "has more than 32 levels"},
           {"netblocks", "network,label\n192.0.2.1/24,x\n", "2: "},
           {"netblocks", "network,label\n192.0.2.0/24\n", "2: the header has 2 columns"},
           {"ip-location-db-asn", "192.0.2.0,192.0.2.255,x,One\n", "1: 'x' is no AS number"},
           {"nonsense", "", "unknown schema"}}) {
    enrich::MmdbWriter writer;
    const auto added = add_table(schema, text, writer);
    ASSERT_FALSE(added) << text;
    EXPECT_THAT(added.error().message, HasSubstr(reason));
  }
}

}  // namespace
}  // namespace ipguard::cli
