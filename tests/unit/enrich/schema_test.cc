#include "enrich/schema.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "fixtures.h"
#include "mmdb_builder.h"

namespace ipguard::enrich::testing {
namespace {

using mmdb::array;
using mmdb::boolean;
using mmdb::int32;
using mmdb::map;
using mmdb::text;
using mmdb::uint16;
using mmdb::uint32;
using mmdb::uint64;

struct Facts {
  uint32_t asn = 0;
  std::string as_name;
  std::string as_domain;
  std::string country;
  std::string country_code;
  std::string continent;
  std::string continent_code;
  bool operator==(const Facts&) const = default;
};

Facts facts_of(const model::Route& route) {
  return {route.asn ? route.asn->number : 0,
          route.as_name,
          route.as_domain,
          route.country,
          route.country_code,
          route.continent,
          route.continent_code};
}

void PrintTo(const Facts& facts, std::ostream* out) {
  *out << facts.asn << '|' << facts.as_name << '|' << facts.as_domain << '|' << facts.country << '|'
       << facts.country_code << '|' << facts.continent << '|' << facts.continent_code;
}

struct Case {
  std::string name;
  std::string record;
  Facts facts;
};

std::string names(std::string_view english) { return map({{"de", text("falsch")}, {"en", text(english)}}); }

std::vector<Case> ipinfo_databases() {
  return {
      {"IPinfo Lite",
       map({{"as_domain", text("one.example")},
            {"as_name", text("One")},
            {"asn", text("AS64496")},
            {"continent", text("Europe")},
            {"continent_code", text("EU")},
            {"country", text("Italy")},
            {"country_code", text("IT")}}),
       {64496, "One", "one.example", "Italy", "IT", "Europe", "EU"}},
      {"IPinfo Lite without AS",
       map({{"continent", text("Asia")},
            {"continent_code", text("AS")},
            {"country", text("China")},
            {"country_code", text("CN")}}),
       {0, "", "", "China", "CN", "Asia", "AS"}},
      {"older IPinfo country and ASN",
       map({{"as_domain", text("one.example")},
            {"as_name", text("One")},
            {"asn", text("AS64496")},
            {"continent", text("NA")},
            {"continent_name", text("North America")},
            {"country", text("US")},
            {"country_name", text("United States")}}),
       {64496, "One", "one.example", "United States", "US", "North America", "NA"}},
      {"IPinfo country code alone", map({{"country", text("US")}}), {0, "", "", "", "US", "", ""}},
      {"country name alone", map({{"country", text("Chad")}}), {0, "", "", "Chad", "", "", ""}},
      {"IPinfo ASN",
       map({{"asn", text("AS64496")}, {"domain", text("one.example")}, {"name", text("One")}, {"type", text("isp")}}),
       {64496, "One", "one.example", "", "", "", ""}},
      {"a name and a domain without an AS", map({{"domain", text("home.example")}, {"name", text("Home")}}), {}},
      {"nested asn",
       map({{"asn", map({{"asn", text("AS64496")}, {"domain", text("one.example")}, {"name", text("One")}})}}),
       {64496, "One", "one.example", "", "", "", ""}},
  };
}

std::vector<Case> maxmind_like_databases() {
  return {
      {"GeoLite2-ASN, DB-IP ASN Lite",
       map({{"autonomous_system_number", uint32(64500)}, {"autonomous_system_organization", text("Five")}}),
       {64500, "Five", "", "", "", "", ""}},
      {"GeoLite2-Country",
       map({{"continent", map({{"code", text("EU")}, {"names", names("Europe")}})},
            {"country", map({{"geoname_id", uint32(1)}, {"iso_code", text("GB")}, {"names", names("United Kingdom")}})},
            {"registered_country", map({{"iso_code", text("US")}, {"names", names("United States")}})}}),
       {0, "", "", "United Kingdom", "GB", "Europe", "EU"}},
      {"GeoLite2-Country with the registered country only",
       map({{"registered_country", map({{"iso_code", text("US")}, {"names", names("United States")}})}}),
       {0, "", "", "United States", "US", "", ""}},
      {"the name of one country never stands beside the code of another",
       map({{"country", map({{"iso_code", text("GB")}})},
            {"registered_country", map({{"iso_code", text("US")}, {"names", names("United States")}})}}),
       {0, "", "", "", "GB", "", ""}},
      {"GeoIP2 Enterprise",
       map({{"country", map({{"iso_code", text("GB")}})},
            {"traits", map({{"autonomous_system_number", uint32(64500)},
                            {"autonomous_system_organization", text("Five")},
                            {"domain", text("customer.example")},
                            {"is_anonymous", boolean(true)}})}}),
       {64500, "Five", "", "", "GB", "", ""}},
      {"DB-IP Country Lite",
       map({{"continent", map({{"code", text("EU")}, {"geoname_id", uint32(6255148)}, {"names", names("Europe")}})},
            {"country", map({{"geoname_id", uint32(3175395)},
                             {"is_in_european_union", boolean(true)},
                             {"iso_code", text("IT")},
                             {"names", names("Italy")}})}}),
       {0, "", "", "Italy", "IT", "Europe", "EU"}},
      {"ip-location-db country", map({{"country_code", text("IT")}}), {0, "", "", "", "IT", "", ""}},
  };
}

std::vector<Case> oddities() {
  return {
      {"a code in lower case", map({{"country_code", text("it")}}), {0, "", "", "", "IT", "", ""}},
      {"AS number as digits", map({{"asn", text("64496")}}), {64496, "", "", "", "", "", ""}},
      {"AS number of 16 bits", map({{"asn", uint16(64496)}}), {64496, "", "", "", "", "", ""}},
      {"AS number, signed", map({{"asn", int32(64496)}}), {64496, "", "", "", "", "", ""}},
      {"the largest AS number", map({{"asn", uint64(4294967295)}}), {4294967295, "", "", "", "", "", ""}},
      {"AS number beyond 32 bits",
       map({{"asn", uint64(4294967296)}, {"as_name", text("X")}}),
       {0, "X", "", "", "", "", ""}},
      {"AS 0", map({{"asn", uint32(0)}}), {}},
      {"AS 0 in text", map({{"asn", text("AS0")}}), {}},
      {"a negative AS", map({{"asn", int32(-1)}}), {}},
      {"no AS at all", map({{"asn", text("ASDF")}}), {}},
      {"a wrong type", map({{"as_name", uint32(1)}, {"country_code", boolean(true)}}), {}},
      {"an empty text",
       map({{"as_name", text("")}, {"country", text("")}, {"country_code", text("IT")}}),
       {0, "", "", "", "IT", "", ""}},
      {"an empty record", map({}), {}},
      {"a record that is a string", text("AS64496"), {}},
      {"a record that is an array", array({map({{"asn", text("AS64496")}})}), {}},
      {"a name of 1000 bytes is cut",
       map({{"as_name", text(std::string(1000, 'n'))}}),
       {0, std::string(256, 'n'), "", "", "", "", ""}},
      {"a name is not cut within a character",
       map({{"as_name", text(std::string(255, 'n') + "é and more")}}),
       {0, std::string(255, 'n'), "", "", "", "", ""}},
  };
}

class SchemaTest : public EnrichTest {
 protected:
  void check(const std::vector<Case>& cases) {
    for (const auto& [name, record, facts] : cases) {
      MmdbBuilder builder(6, 28);
      const uint32_t offset = builder.data(record);
      builder.network("192.0.2.0/24", offset);
      const auto mmdb = Mmdb::open(write(builder.build()));
      ASSERT_TRUE(mmdb) << name << ": " << mmdb.error().message;
      const auto route = read_facts(**mmdb, offset);
      ASSERT_TRUE(route) << name;
      EXPECT_EQ(facts_of(*route), facts) << name;
      EXPECT_EQ(has_facts(*route), facts != Facts{}) << name;
    }
  }
};

TEST_F(SchemaTest, KnowsTheKeysOfIpinfo) { check(ipinfo_databases()); }

TEST_F(SchemaTest, KnowsTheKeysOfMaxmindDbIpAndIpLocationDb) { check(maxmind_like_databases()); }

TEST_F(SchemaTest, TakesOddValuesForWhatTheyAre) { check(oddities()); }

model::Route route_of(const Facts& facts) {
  model::Route route;
  if (facts.asn != 0) {
    route.asn = net::Asn{facts.asn};
  }
  route.as_name = facts.as_name;
  route.as_domain = facts.as_domain;
  route.country = facts.country;
  route.country_code = facts.country_code;
  route.continent = facts.continent;
  route.continent_code = facts.continent_code;
  return route;
}

TEST(CompleteTest, FillsWhatIsMissingAndAgrees) {
  struct Row {
    Facts have;
    Facts more;
    Facts result;
    bool taken;
  };
  const Facts full{64496, "One", "one.example", "Italy", "IT", "Europe", "EU"};
  const Facts other{64497, "Two", "two.example", "China", "CN", "Asia", "AS"};
  const std::vector<Row> rows = {
      {{}, full, full, true},
      {full, {}, full, false},
      {full, other, full, false},
      {{}, {}, {}, false},
      {{64496, "", "", "", "", "", ""}, full, full, true},
      {{64496, "", "", "", "", "", ""}, other, {64496, "", "", "China", "CN", "Asia", "AS"}, true},
      {{0, "", "", "", "IT", "", ""}, full, full, true},
      {{0, "", "", "", "IT", "", ""}, other, {64497, "Two", "two.example", "", "IT", "", ""}, true},
      {{0, "", "", "", "IT", "", "EU"}, full, full, true},
      {{0, "", "", "", "", "", "EU"}, other, {64497, "Two", "two.example", "", "", "", "EU"}, true},
  };
  for (const auto& row : rows) {
    auto route = route_of(row.have);
    EXPECT_EQ(complete(route, route_of(row.more)), row.taken);
    EXPECT_EQ(facts_of(route), row.result);
  }
}

}  // namespace
}  // namespace ipguard::enrich::testing
