// parts_where() against lookup(), and what databases say that they know.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>
#include <set>

#include "fixtures.h"
#include "mmdb_builder.h"
#include "net/cover.h"

namespace ipguard::enrich::testing {
namespace {

using mmdb::map;
using mmdb::text;
using mmdb::uint32;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

using PartsTest = EnrichTest;

std::function<bool(const model::Route&)> country_is(std::string code) {
  return [code = std::move(code)](const model::Route& route) { return route.country_code == code; };
}

std::string country(std::string_view code) { return map({{"country_code", text(code)}}); }

TEST_F(PartsTest, CutsAndMergesWhatIsWanted) {
  const auto table = open({data_file("doc-ranges.mmdb")});
  const struct {
    const char* prefix;
    const char* country;
    std::vector<std::string> parts;
  } cases[] = {
      {"192.0.2.0/24", "NL", {"192.0.2.0/26", "192.0.2.128/25"}},
      {"192.0.2.0/24", "DE", {"192.0.2.64/26"}},
      {"192.0.2.70/31", "DE", {"192.0.2.70/31"}},  // inside of one network
      {"192.0.2.1/32", "NL", {"192.0.2.1/32"}},
      {"192.0.2.0/24", "FR", {}},
      {"203.0.113.128/25", "FR", {}},  // no data
      {"255.255.255.0/24", "FR", {}},  // the family's end
      {"2001:db8:1::/48", "NL", {"2001:db8:1::/48"}},
      {"2001:db8:3:2::1/128", "CN", {"2001:db8:3:2::1/128"}},
  };
  for (const auto& c : cases) {
    const auto parts = table->parts_where(prefix(c.prefix), country_is(c.country));
    ASSERT_TRUE(parts) << c.prefix;
    EXPECT_EQ(texts(*parts), c.parts) << c.prefix << " in " << c.country;
  }
}

// What one database lacks another has, in networks of other sizes: the case that stepping from route to route misses.
TEST_F(PartsTest, SeesWhatALaterDatabaseKnowsWithinAnEarlierOnesNetwork) {
  MmdbBuilder as(4, 24);
  as.network("192.0.2.0/24", map({{"asn", text("AS64500")}}));
  MmdbBuilder countries(4, 24);
  countries.network("192.0.2.96/27", country("DE"));
  const auto table = open({write(as.build()), write(countries.build())});
  const auto parts = table->parts_where(prefix("192.0.2.0/24"), country_is("DE"));
  ASSERT_TRUE(parts);
  EXPECT_THAT(texts(*parts), ElementsAre("192.0.2.96/27"));
  const auto both = table->parts_where(prefix("192.0.2.0/24"), [](const model::Route& route) {
    return route.asn == net::Asn{64500} && route.country_code.empty();
  });
  ASSERT_TRUE(both);
  EXPECT_THAT(texts(*both), ElementsAre("192.0.2.0/26", "192.0.2.64/27", "192.0.2.128/25"));
}

TEST_F(PartsTest, AgreesWithLookupForEveryAddress) {
  std::mt19937 random(20260225);
  const auto pick = [&random](unsigned below) { return static_cast<unsigned>(random() % below); };
  for (int round = 0; round < 40; ++round) {
    std::vector<std::string> files;
    for (unsigned database = 0; database < 1 + pick(3); ++database) {
      MmdbBuilder builder(pick(2) == 0 ? 4 : 6, 24);
      // Wider networks first, as the builder wants it.
      for (unsigned length = 22; length <= 32; ++length) {
        for (unsigned i = 0; i < pick(4); ++i) {
          const net::Prefix network(net::Address::from_ipv4(0xcb007000U + pick(1024)), length);
          const auto code = std::string(1, static_cast<char>('A' + pick(3))) + "A";
          builder.network(network.to_string(), pick(3) == 0 ? map({{"asn", uint32(64500 + pick(2))}}) : country(code));
        }
      }
      files.push_back(write(builder.build()));
    }
    const auto table = open(files);
    for (const char* code : {"AA", "BA"}) {
      const auto parts = table->parts_where(prefix("203.0.112.0/22"), country_is(code));
      ASSERT_TRUE(parts);
      EXPECT_EQ(*parts, net::aggregate(*parts)) << "fewest prefixes";
      for (uint32_t value = 0xcb007000U; value < 0xcb007400U; ++value) {
        const auto one = net::Address::from_ipv4(value);
        const bool listed = std::ranges::any_of(*parts, [&](const net::Prefix& part) { return part.contains(one); });
        ASSERT_EQ(listed, table->lookup(one).country_code == code) << one.to_string() << " round " << round;
      }
    }
  }
}

TEST_F(PartsTest, AsksOnceForNetworksWithTheSameRecord) {
  MmdbBuilder builder(4, 24);
  const uint32_t record = builder.data(country("DE"));
  for (int i = 0; i < 128; ++i) {
    builder.network("192.0.2." + std::to_string(2 * i) + "/32", record);
  }
  const auto table = open({write(builder.build())});
  int asked = 0;
  const auto parts = table->parts_where(prefix("192.0.2.0/24"), [&](const model::Route&) {
    ++asked;
    return true;
  });
  ASSERT_TRUE(parts);
  EXPECT_EQ(parts->size(), 128U);
  EXPECT_EQ(asked, 1);
}

TEST_F(PartsTest, DamageIsAnError) {
  MmdbBuilder builder(4, 24);
  builder.network("192.0.2.0/25", country("DE"));
  builder.alias("192.0.2.128/25", "192.0.2.0/24");  // a cycle
  const auto path = write(builder.build());
  const auto table = RouteTable::open({path});
  ASSERT_TRUE(table) << table.error().message;
  const auto parts = (*table)->parts_where(prefix("192.0.2.0/24"), country_is("DE"));
  ASSERT_FALSE(parts);
  EXPECT_EQ(parts.error().code, Errc::corrupt);
  EXPECT_THAT(parts.error().message, HasSubstr(path));
}

TEST_F(PartsTest, KnowsWhatTheDatabasesCanTell) {
  const auto as_text = [](const Knowledge& known) {
    return std::string(known.asn ? "asn " : "") + (known.country ? "country" : "");
  };
  const struct {
    std::vector<std::string> files;
    const char* known;
  } cases[] = {
      {{"mmdb/good/GeoLite2-ASN-Test.mmdb"}, "asn "},
      {{"mmdb/good/GeoLite2-Country-Test.mmdb"}, "country"},
      {{"mmdb/good/GeoLite2-City-Test.mmdb"}, "country"},
      {{"mmdb/good/GeoIP2-Enterprise-Test.mmdb"}, "asn country"},
      {{"mmdb/good/GeoLite2-ASN-Test.mmdb", "mmdb/good/GeoLite2-Country-Test.mmdb"}, "asn country"},
      {{"doc-ranges.mmdb"}, "asn country"},
      {{"mmdb/good/MaxMind-DB-test-decoder.mmdb"}, ""},
      {{}, ""},
  };
  for (const auto& c : cases) {
    std::vector<std::string> paths;
    for (const auto& file : c.files) {
      paths.push_back(data_file(file));
    }
    EXPECT_EQ(as_text(open(paths)->knowledge()), c.known) << ::testing::PrintToString(c.files);
  }
}

TEST_F(PartsTest, ATypeNameCountsWhereTheFirstRecordsHaveNothing) {
  MmdbBuilder builder(4, 24);
  builder.network("192.0.2.0/24", map({{"other", text("x")}}));
  builder.type = "Example-ASN";
  EXPECT_TRUE(open({write(builder.build())})->knowledge().asn);
  builder.type = "Example";
  EXPECT_FALSE(open({write(builder.build())})->knowledge().asn);
}

}  // namespace
}  // namespace ipguard::enrich::testing
