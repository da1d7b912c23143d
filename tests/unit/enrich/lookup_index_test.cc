#include "enrich/lookup_index.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>
#include <string>
#include <utility>
#include <vector>

#include "enrich/route_reader.h"
#include "fixtures.h"
#include "mmdb_builder.h"

namespace ipguard::enrich::testing {
namespace {

using ::testing::HasSubstr;

using LookupIndexTest = EnrichTest;

net::Address random_address(std::mt19937_64& random) {
  if (random() % 2 == 0) {
    return net::Address::from_ipv4(static_cast<uint32_t>(random()));
  }
  std::array<uint8_t, 16> bytes{};
  for (auto& byte : bytes) {
    byte = static_cast<uint8_t>(random());
  }
  if (random() % 4 != 0) {
    bytes[0] = static_cast<uint8_t>(0x20 | bytes[0] % 16);  // where IPv6 is in use
    bytes[1] %= 16;
  }
  return net::Address::from_ipv6(bytes);
}

// First and last address of each network, and those beside it.
std::vector<net::Address> boundaries(const Mmdb& mmdb, size_t every) {
  std::vector<net::Address> result;
  size_t count = 0;
  EXPECT_TRUE(mmdb.walk([&](const net::Prefix& network, uint32_t) {
    if (count++ % every == 0) {
      result.push_back(network.address());
      result.push_back(network.last());
      for (const auto& beside : {net::previous(network.address()), net::next(network.last())}) {
        if (beside) {
          result.push_back(*beside);
        }
      }
    }
    return true;
  }));
  return result;
}

// How many of these addresses libmaxminddb answers differently.
size_t differences(const Mmdb& mmdb, const LookupIndex& index, const std::vector<net::Address>& addresses) {
  std::vector<LookupIndex::Leaf> leaves(addresses.size());
  index.find(addresses, leaves);
  size_t count = 0;
  for (size_t i = 0; i < addresses.size(); ++i) {
    const auto& one = addresses[i];
    const auto expected = *mmdb.find(one);
    const auto leaf = i % 2 == 0 ? index.find(one) : leaves[i];
    const bool same =
        leaf.length == expected.network.length() &&
        (leaf.record == LookupIndex::no_record ? !expected.record : expected.record == index.offset_of(leaf.record));
    if (!same && ++count < 5) {
      ADD_FAILURE() << mmdb.path() << ": " << one.to_string() << ": /" << unsigned{leaf.length} << " instead of "
                    << expected.network.to_string();
    }
  }
  return count;
}

TEST_F(LookupIndexTest, AgreesWithLibmaxminddbOnEveryFixture) {
  std::mt19937_64 random(7);
  std::vector<std::string> paths = files_in(IPGUARD_SOURCE_DIR "/tests/data");
  ASSERT_FALSE(paths.empty());
  for (const auto& path : paths) {
    const auto mmdb = *Mmdb::open(path);
    const auto index = LookupIndex::build(*mmdb);
    ASSERT_TRUE(index) << index.error().message;
    auto addresses = boundaries(*mmdb, 1);
    for (int i = 0; i < 20'000; ++i) {
      addresses.push_back(random_address(random));
    }
    EXPECT_EQ(differences(*mmdb, *index, addresses), 0U) << path;
  }
}

TEST_F(LookupIndexTest, AliasesAndWideLeavesAndIpv4Trees) {
  MmdbBuilder six(6, 28);
  six.network("192.0.2.0/24", mmdb::map({{"asn", mmdb::text("AS64496")}}));
  six.network("192.0.2.77/32", mmdb::map({{"asn", mmdb::text("AS64497")}}));
  six.network("2001:db8::/29", mmdb::map({{"asn", mmdb::text("AS64498")}}));
  six.network("2001:db8::1/128", mmdb::map({{"asn", mmdb::text("AS64499")}}));
  six.alias("2002::/16", "0.0.0.0/0");
  six.alias("2001::/32", "0.0.0.0/0");
  six.alias("::ffff:0:0/95", "::fffe:0:0/95");
  MmdbBuilder wide(6, 24);
  wide.network("::/64", mmdb::map({{"asn", mmdb::text("AS64496")}}));
  MmdbBuilder four(4, 24);
  four.network("0.0.0.0/1", mmdb::map({{"asn", mmdb::text("AS64496")}}));
  four.network("128.1.2.3/32", mmdb::map({{"asn", mmdb::text("AS64496")}}));
  std::vector<net::Address> addresses;
  for (const auto* text : {"192.0.2.0",
                           "192.0.2.77",
                           "192.0.2.78",
                           "0.0.0.0",
                           "255.255.255.255",
                           "128.1.2.3",
                           "128.1.2.2",
                           "::",
                           "::1",
                           "::192.0.2.77",
                           "2002:c000:24d::",
                           "2002:c000:24e::1",
                           "2001:0:c000:24d::",
                           "2001:db8::1",
                           "2001:db8::2",
                           "2001:dbf:ffff:ffff:ffff:ffff:ffff:ffff",
                           "2001:dc0::",
                           "fe80::1",
                           "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff",
                           "::1:0:0:0:0",
                           "0:0:0:1::"}) {
    addresses.push_back(address(text));
  }
  for (const auto& bytes : {six.build(), wide.build(), four.build()}) {
    const auto mmdb = *Mmdb::open(write(bytes));
    const auto index = LookupIndex::build(*mmdb);
    ASSERT_TRUE(index) << index.error().message;
    EXPECT_EQ(differences(*mmdb, *index, addresses), 0U);
  }
}

TEST_F(LookupIndexTest, ATreeWithCyclesHasNone) {
  MmdbBuilder builder(6, 24);
  builder.network("2001:db8::/32", mmdb::map({{"asn", mmdb::text("AS64496")}}));
  builder.alias("2001:db9::/33", "2001:c00::/22");
  const std::string path = write(builder.build());
  const auto index = LookupIndex::build(**Mmdb::open(path));
  ASSERT_FALSE(index);
  EXPECT_EQ(index.error().code, Errc::corrupt);
  const auto table = open({path});
  table->index_lookups();
  EXPECT_TRUE(table->lookup_indexes().empty());
  EXPECT_EQ(table->index_sizes().lookups, 0U);
  RouteReader reader(table);
  EXPECT_EQ(reader.find(address("2001:db8::1")).asn, 64496U);
}

TEST_F(LookupIndexTest, AgreesOnTheStarterDatabase) {
  const std::string path = unpack_starter();
  if (path.empty()) {
    GTEST_SKIP() << "xz cannot unpack the starter database";
  }
  const auto mmdb = *Mmdb::open(path);
  const auto index = LookupIndex::build(*mmdb);
  ASSERT_TRUE(index) << index.error().message;
  EXPECT_LT(index->memory_bytes(), 64U << 20U);
  auto addresses = boundaries(*mmdb, 3);
  std::mt19937_64 random(1);
  for (int i = 0; i < 2'000'000; ++i) {
    addresses.push_back(random_address(random));
  }
  EXPECT_GT(addresses.size(), 4'000'000U);
  EXPECT_EQ(differences(*mmdb, *index, addresses), 0U);
}

void expect_same(const std::shared_ptr<const RouteTable>& table, RouteReader& reader, const net::Address& one) {
  const auto expected = table->lookup(one);
  const auto answer = reader.find(one);
  EXPECT_EQ(answer.route(one).to_string(), expected.prefix.to_string()) << one.to_string();
  EXPECT_EQ(answer.found, expected.found) << one.to_string();
  EXPECT_EQ(answer.asn, expected.asn ? expected.asn->number : 0) << one.to_string();
  const auto country = model::Country::parse(expected.country_code);
  EXPECT_EQ(answer.country, country ? country->number() : 0) << one.to_string();
  const auto& facts = reader.facts(answer.facts);
  EXPECT_EQ(std::tie(facts.asn, facts.as_name, facts.as_domain, facts.country, facts.country_code, facts.continent),
            std::tie(expected.asn, expected.as_name, expected.as_domain, expected.country, expected.country_code,
                     expected.continent))
      << one.to_string();
}

TEST_F(LookupIndexTest, TheReaderSaysWhatTheTableSaysBeforeAndAfterItsIndexIsThere) {
  MmdbBuilder asn(4, 24);
  asn.network("192.0.2.0/25", mmdb::map({{"autonomous_system_number", mmdb::uint32(64496)}}));
  asn.network("198.51.100.0/24", mmdb::map({{"unknown", mmdb::uint32(1)}}));
  MmdbBuilder country(6, 24);
  country.network("192.0.2.0/24", mmdb::map({{"country_code", mmdb::text("NL")}}));
  country.network("198.51.100.0/26", mmdb::map({{"country_code", mmdb::text("FR")}}));
  country.network("203.0.113.0/25", mmdb::map({{"country_code", mmdb::text("DE")}}));
  country.network("2001:db8::/32", mmdb::map({{"country_code", mmdb::text("ES")}}));
  const std::string first = write(asn.build());
  const std::string second = write(country.build());
  const std::vector<std::vector<std::string>> tables = {
      {},
      {first},
      {second},
      {first, second},
      {second, first},
      {data_file("doc-ranges.mmdb"), data_file("ipguard-lite-small.mmdb"), second}};
  std::mt19937_64 random(3);
  for (const auto& paths : tables) {
    const auto table = open(paths);
    RouteReader reader(table, RouteReader::Indexing::by_others);
    for (int round = 0; round < 2; ++round) {
      for (const auto* text : {"192.0.2.1", "192.0.2.200", "198.51.100.1", "198.51.100.200", "203.0.113.1",
                               "203.0.113.200", "8.8.8.8", "2001:db8::1", "2001:db9::1", "::1"}) {
        expect_same(table, reader, address(text));
      }
      for (int i = 0; i < 3000; ++i) {
        expect_same(table, reader, random_address(random));
      }
      table->index_lookups();
    }
    EXPECT_EQ(table->lookup_indexes().size(), paths.size());
  }
}

TEST_F(LookupIndexTest, TheIndexIsBuiltWhenTheWorkWarrantsIt) {
  const auto table = open({data_file("ipguard-lite-small.mmdb")});
  RouteReader patient(table, RouteReader::Indexing::by_others);
  RouteReader reader(table);
  uint32_t value = 0;
  EXPECT_FALSE(patient.warranted());
  for (int i = 0; i < 100; ++i) {
    EXPECT_GE(reader.find(net::Address::from_ipv4(value += 12'345'678)).length, 1);
  }
  EXPECT_TRUE(table->lookup_indexes().empty());
  for (int i = 0; i < 100'000; ++i) {
    (void)patient.find(net::Address::from_ipv4(value += 12'345'678));
  }
  EXPECT_TRUE(patient.warranted());
  EXPECT_TRUE(table->lookup_indexes().empty());
  for (int i = 0; i < 100'000; ++i) {
    (void)reader.find(net::Address::from_ipv4(value += 12'345'678));
  }
  EXPECT_EQ(table->lookup_indexes().size(), 1U);
  // Who knows that many are to come need not wait for them.
  const auto other = open({data_file("ipguard-lite-small.mmdb")});
  RouteReader(other, RouteReader::Indexing::by_others).expect(1'000'000);
  RouteReader expecting(other);
  expecting.expect(100);
  EXPECT_TRUE(other->lookup_indexes().empty());
  expecting.expect(1'000'000);
  EXPECT_EQ(other->lookup_indexes().size(), 1U);
  EXPECT_EQ(expecting.find(address("8.8.8.8")).route(address("8.8.8.8")), table->lookup(address("8.8.8.8")).prefix);
  const std::vector<net::Address> many = {address("8.8.8.8"), address("192.0.2.1"), address("2001:db8::1")};
  std::vector<RouteReader::Answer> answers(many.size());
  reader.find(many, answers);
  for (size_t i = 0; i < many.size(); ++i) {
    EXPECT_EQ(answers[i].route(many[i]), table->lookup(many[i]).prefix);
  }
  EXPECT_GT(table->index_sizes().lookups, 512U << 10U);
  (void)patient.find(net::Address::from_ipv4(1));
  EXPECT_FALSE(patient.warranted());
}

}  // namespace
}  // namespace ipguard::enrich::testing
