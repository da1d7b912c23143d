#include "enrich/owner_index.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <cstdlib>
#include <filesystem>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "enrich/schema.h"
#include "fixtures.h"
#include "mmdb_builder.h"
#include "net/cover.h"

namespace ipguard::enrich::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

using OwnerIndexTest = EnrichTest;

std::string record(uint32_t asn, std::string_view country = "NL") {
  return mmdb::map({{"asn", mmdb::text("AS" + std::to_string(asn))}, {"country_code", mmdb::text(country)}});
}

OwnerIndex index_of(const std::vector<std::string>& paths, OwnerKind kind = OwnerKind::asn) {
  std::vector<std::unique_ptr<Mmdb>> files;
  std::vector<const Mmdb*> pointers;
  for (const auto& path : paths) {
    files.push_back(*Mmdb::open(path));
    pointers.push_back(files.back().get());
  }
  auto index = OwnerIndex::build(kind, pointers);
  EXPECT_TRUE(index) << index.error().message;
  return std::move(*index);
}

TEST_F(OwnerIndexTest, JoinsNetworksThatDifferInTheCountryOnly) {
  MmdbBuilder builder(6, 24);
  builder.network("192.0.2.0/26", record(64496, "NL"));
  builder.network("192.0.2.64/26", record(64496, "DE"));
  builder.network("192.0.2.128/26", record(64497));
  builder.network("192.0.2.192/26", record(64496));
  builder.network("198.51.100.0/24", mmdb::map({{"country_code", mmdb::text("FR")}}));
  builder.network("255.255.255.255/32", record(64496));
  builder.network("2001:db8::/33", record(64496, "NL"));
  builder.network("2001:db8:8000::/33", record(64496, "DE"));
  builder.network("ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff/128", record(64496));
  builder.alias("2002::/16", "0.0.0.0/0");
  const auto index = index_of({write(builder.build())});
  EXPECT_THAT(texts(index.prefixes_of({64496})),
              ElementsAre("192.0.2.0/25", "192.0.2.192/26", "255.255.255.255/32", "2001:db8::/32",
                          "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff/128"));
  EXPECT_THAT(texts(index.prefixes_of({64497})), ElementsAre("192.0.2.128/26"));
  EXPECT_THAT(index.prefixes_of({64498}), IsEmpty());
  EXPECT_EQ(index.address_of({64496}), address("192.0.2.0"));
  EXPECT_EQ(index.address_of({64498}), std::nullopt);
  EXPECT_THAT(index.networks(), ElementsAre(9U));
  EXPECT_EQ(index.damaged(), 0U);
}

TEST_F(OwnerIndexTest, RangesThatAreNoPrefixAreCutIntoTheFewest) {
  MmdbBuilder builder(4, 24);
  builder.network("192.0.2.1/32", record(64496));
  builder.network("192.0.2.2/31", record(64496));
  builder.network("192.0.2.4/30", record(64496));
  builder.network("192.0.2.8/32", record(64496));
  const auto index = index_of({write(builder.build())});
  EXPECT_THAT(texts(index.prefixes_of({64496})),
              ElementsAre("192.0.2.1/32", "192.0.2.2/31", "192.0.2.4/30", "192.0.2.8/32"));
}

// Of a later database only what lies outside of the AS networks of the earlier ones counts, as in lookup().
TEST_F(OwnerIndexTest, EarlierDatabasesWin) {
  MmdbBuilder first(6, 24);
  first.network("192.0.2.64/26", record(64496));
  first.network("198.51.100.0/25", record(64496));
  first.network("203.0.113.0/24", mmdb::map({{"country_code", mmdb::text("FR")}}));  // no AS: the later one's holds
  first.network("2001:db8:8000::/33", record(64496));
  MmdbBuilder second(6, 28);
  second.network("192.0.2.0/24", record(64497));
  second.network("198.51.100.32/27", record(64497));
  second.network("198.51.100.128/25", record(64496));
  second.network("203.0.113.0/24", record(64497));
  second.network("2001:db8::/32", record(64497));
  const std::vector<std::string> paths = {write(first.build()), write(second.build())};
  const auto index = index_of(paths);
  EXPECT_THAT(texts(index.prefixes_of({64496})), ElementsAre("192.0.2.64/26", "198.51.100.0/24", "2001:db8:8000::/33"));
  EXPECT_THAT(texts(index.prefixes_of({64497})),
              ElementsAre("192.0.2.0/26", "192.0.2.128/25", "203.0.113.0/24", "2001:db8::/33"));
  const auto table = open(paths);
  for (const uint32_t asn : {64496U, 64497U}) {
    for (const auto& one : table->prefixes_of({asn})) {
      EXPECT_EQ(table->lookup(one.address()).asn, net::Asn{asn}) << one.to_string();
      EXPECT_EQ(table->lookup(one.last()).asn, net::Asn{asn}) << one.to_string();
    }
  }
}

// ::8000:0:0/81 surrounds ::ffff:0:0/96, whose addresses are those of IPv4.
TEST_F(OwnerIndexTest, AWideIpv6LeafDoesNotBecomeIpv4) {
  MmdbBuilder first(6, 24);
  first.network("::fffe:0:0/96", record(64497));
  MmdbBuilder second(6, 24);
  second.network("::8000:0:0/81", record(64496));
  const auto prefixes = index_of({write(first.build()), write(second.build())}).prefixes_of({64496});
  EXPECT_FALSE(prefixes.empty());
  for (const auto& one : prefixes) {
    EXPECT_EQ(one.family(), net::Family::ipv6) << one.to_string();
  }
}

TEST_F(OwnerIndexTest, EqualsTheAggregateOfAllNetworks) {
  const auto mmdb = *Mmdb::open(data_file("ipguard-lite-small.mmdb"));
  std::map<uint32_t, std::vector<net::Prefix>> expected;
  ASSERT_TRUE(mmdb->walk([&](const net::Prefix& network, uint32_t offset) {
    if (const auto facts = read_facts(*mmdb, offset); facts && facts->asn) {
      expected[facts->asn->number].push_back(network);
    }
    return true;
  }));
  ASSERT_EQ(expected.size(), 65U);
  const auto index = index_of({data_file("ipguard-lite-small.mmdb")});
  for (const auto& [asn, networks] : expected) {
    EXPECT_EQ(texts(index.prefixes_of({asn})), texts(net::aggregate(networks))) << asn;
  }
}

TEST_F(OwnerIndexTest, ADamagedTreeHasNoIndex) {
  MmdbBuilder builder(6, 24);
  builder.network("2001:db8::/32", record(64496));
  builder.alias("2001:db9::/33", "2001:c00::/22");
  const std::string path = write(builder.build());
  const auto mmdb = *Mmdb::open(path);
  const std::array<const Mmdb*, 1> files{mmdb.get()};
  const auto index = OwnerIndex::build(OwnerKind::asn, files);
  ASSERT_FALSE(index);
  EXPECT_EQ(index.error().code, Errc::corrupt);
  EXPECT_THAT(index.error().message, HasSubstr("cycle"));
  const auto table = open({path});
  EXPECT_THAT(table->prefixes_of({64496}), IsEmpty());
  EXPECT_EQ(table->any_route_of({64496}), std::nullopt);
  EXPECT_EQ(table->databases().front().networks, std::nullopt);
  EXPECT_EQ(table->damaged(), 1U);
  EXPECT_TRUE(table->lookup(address("2001:db8::1")).found);
}

// The whole starter database, unpacked here; counts from the statistics made when it was built.
TEST_F(OwnerIndexTest, CountsOfTheStarterDatabase) {
  const std::string path = unpack_starter();
  if (path.empty()) {
    GTEST_SKIP() << "xz cannot unpack the starter database";
  }
  const auto index = index_of({path});
  EXPECT_THAT(index.networks(), ElementsAre(1'660'471U));
  EXPECT_LT(index.memory_bytes(), 40U << 20U);
  struct Case {
    uint32_t asn;
    size_t ipv4;
    size_t ipv6;
  };
  for (const auto& [asn, ipv4, ipv6] : std::vector<Case>{{13335, 910, 763},
                                                         {4134, 9550, 362},
                                                         {200142, 1, 3810},
                                                         {20940, 3838, 3802},
                                                         {749, 2719, 0},
                                                         {14061, 171, 34}}) {
    const auto prefixes = index.prefixes_of({asn});
    const auto of_ipv4 = std::ranges::count(prefixes, net::Family::ipv4, &net::Prefix::family);
    EXPECT_EQ(of_ipv4, static_cast<ptrdiff_t>(ipv4)) << asn;
    EXPECT_EQ(prefixes.size(), ipv4 + ipv6) << asn;
    EXPECT_TRUE(std::ranges::is_sorted(prefixes)) << asn;
    EXPECT_EQ(index.find(asn)->prefixes, prefixes.size()) << asn;
    EXPECT_EQ(index.find(asn)->size, model::Coverage::of(prefixes)) << asn;
  }
  EXPECT_EQ(index.owners().size(), 91'050U);
  uint64_t prefixes = 0;
  uint64_t addresses = 0;
  for (const auto& owner : index.owners()) {
    prefixes += owner.prefixes;
    addresses += owner.size.ipv4_addresses;
  }
  EXPECT_EQ(prefixes, 732'461U);
  EXPECT_EQ(addresses, 3'310'066'929U);
}

TEST_F(OwnerIndexTest, CountriesIgnoreTheAs) {
  MmdbBuilder builder(6, 24);
  builder.network("192.0.2.0/25", record(64496, "NL"));
  builder.network("192.0.2.128/25", record(64497, "NL"));
  builder.network("198.51.100.0/24", mmdb::map({{"country_code", mmdb::text("FR")}}));
  builder.network("203.0.113.0/24", mmdb::map({{"asn", mmdb::text("AS64496")}}));
  builder.network("2001:db8::/33", record(64496, "NL"));
  const std::string path = write(builder.build());
  const auto index = index_of({path}, OwnerKind::country);
  ASSERT_EQ(index.owners().size(), 2U);
  const auto table = open({path});
  EXPECT_THAT(texts(table->prefixes_of_country(*model::Country::parse("nl"))),
              ElementsAre("192.0.2.0/24", "2001:db8::/33"));
  EXPECT_THAT(texts(table->prefixes_of_country(*model::Country::parse("FR"))), ElementsAre("198.51.100.0/24"));
  EXPECT_THAT(table->prefixes_of_country(*model::Country::parse("DE")), IsEmpty());
  EXPECT_GT(table->index_sizes().countries, 0U);
  EXPECT_EQ(table->index_sizes().systems, 0U);
}

TEST_F(OwnerIndexTest, TellsTheRangeAroundAnAddressAndTheSizes) {
  MmdbBuilder builder(6, 24);
  builder.network("192.0.2.1/32", record(64496, "NL"));
  builder.network("192.0.2.2/31", record(64496, "DE"));
  builder.network("192.0.2.4/32", record(64496));
  builder.network("192.0.2.6/32", record(64496));
  builder.network("2001:db8::/32", record(64496));
  builder.network("2001:db9::/65", record(64496));
  builder.network("2001:db9:0:0:c000::/66", record(64496));
  builder.network("255.255.255.0/24", record(64497));
  const auto index = index_of({write(builder.build())});
  const Owner& owner = *index.find(64496);
  const auto range = [&](std::string_view text) {
    const auto found = index.range_around(owner, address(text));
    return found ? found->first.to_string() + "-" + found->second.to_string() : "";
  };
  EXPECT_EQ(range("192.0.2.1"), "192.0.2.1-192.0.2.4");
  EXPECT_EQ(range("192.0.2.4"), "192.0.2.1-192.0.2.4");
  EXPECT_EQ(range("192.0.2.6"), "192.0.2.6-192.0.2.6");
  EXPECT_EQ(range("192.0.2.5"), "");
  EXPECT_EQ(range("192.0.2.0"), "");
  EXPECT_EQ(range("2001:db8::7"), "2001:db8::-2001:db9::7fff:ffff:ffff:ffff");
  EXPECT_EQ(owner.size.ipv4_addresses, 5U);
  EXPECT_EQ(owner.size.ipv6_64s, (uint64_t{1} << 32U) + 1);  // the /65 and the /66 lie in one /64
  EXPECT_EQ(owner.prefixes, 3U + 1U + 3U);
  EXPECT_EQ(index.prefixes_of(64496).size(), owner.prefixes);
  EXPECT_EQ(index.find(64497)->size.ipv4_addresses, 256U);
  EXPECT_EQ(index.find(64498), nullptr);
}

}  // namespace
}  // namespace ipguard::enrich::testing
