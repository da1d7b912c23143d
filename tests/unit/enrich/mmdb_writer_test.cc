#include "enrich/mmdb_writer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <string>
#include <vector>

#include "enrich/database_check.h"
#include "fixtures.h"

namespace ipguard::enrich::testing {
namespace {

using ::testing::HasSubstr;

using MmdbWriterTest = EnrichTest;

Fields named(const std::string& asn, const std::string& country) { return {{"asn", asn}, {"country_code", country}}; }

// All networks with their records as text.
std::map<std::string, std::string> contents(const Mmdb& mmdb) {
  std::map<std::string, std::string> result;
  EXPECT_TRUE(mmdb.walk([&](const net::Prefix& network, uint32_t record) {
    std::map<std::string, std::string> fields;
    EXPECT_TRUE(
        mmdb.read(record, [&](std::string_view path, const Scalar& value) { fields.emplace(path, to_text(value)); }));
    std::string& text = result[network.to_string()];
    for (const auto& [path, value] : fields) {
      text += path + "=" + value + " ";
    }
    return true;
  }));
  return result;
}

TEST_F(MmdbWriterTest, WhatIsPutIsRead) {
  MmdbWriter writer;
  writer.put(prefix("192.0.2.0/24"), named("AS64496", "NL"));
  writer.put(address("198.51.100.1"), address("198.51.100.4"), named("AS64497", "FR"));
  writer.put(prefix("2001:db8::/32"), named("AS64496", "NL"));
  writer.put(prefix("192.0.2.128/26"), {{"asn", std::string("AS64500")}, {"label", std::string("our own")}});
  const auto file = writer.build({.type = "Test", .description = "Made here", .build_epoch = 1'790'000'000});
  ASSERT_TRUE(file) << file.error().message;
  const std::string path = write(*file);
  const auto mmdb = *Mmdb::open(path);
  EXPECT_EQ(mmdb->metadata().type, "Test");
  EXPECT_EQ(mmdb->metadata().description, "Made here");
  EXPECT_EQ(mmdb->metadata().build_epoch, 1'790'000'000U);
  EXPECT_EQ(mmdb->metadata().record_size, 24U);
  const std::map<std::string, std::string> expected = {
      {"192.0.2.0/25", "asn=AS64496 country_code=NL "},
      {"192.0.2.128/26", "asn=AS64500 country_code=NL label=our own "},
      {"192.0.2.192/26", "asn=AS64496 country_code=NL "},
      {"198.51.100.1/32", "asn=AS64497 country_code=FR "},
      {"198.51.100.2/31", "asn=AS64497 country_code=FR "},
      {"198.51.100.4/32", "asn=AS64497 country_code=FR "},
      {"2001:db8::/32", "asn=AS64496 country_code=NL "},
  };
  EXPECT_EQ(contents(*mmdb), expected);
  // IPv4 is there under its other names too.
  const auto table = open({path});
  EXPECT_EQ(table->lookup(address("2002:c000:201::1")).asn, net::Asn{64496});
  EXPECT_EQ(table->lookup(address("::ffff:192.0.2.1")).asn, net::Asn{64496});
  EXPECT_FALSE(table->lookup(address("2002:c633:6405::")).found);
  const auto checked = check_database(path);
  ASSERT_TRUE(checked) << checked.error().message;
  EXPECT_EQ(checked->ipv4_networks, 6U);
  EXPECT_EQ(checked->ipv6_networks, 1U);
  EXPECT_EQ(checked->records, 3U);
  EXPECT_EQ(checked->with_asn, 7U);
}

TEST_F(MmdbWriterTest, EveryKindOfValueAndNestingComesBack) {
  const std::vector<uint8_t> bytes(300, 7);
  const Fields fields = {{"array.0", std::string("first")},
                         {"array.1.deep", true},
                         {"big", uint64_t{1} << 40U},
                         {"bytes", bytes},
                         {"double", 1.5},
                         {"float", 2.5F},
                         {"map.a", int32_t{-7}},
                         {"map.b.c", false},
                         {"small", uint64_t{7}},
                         {"text", std::string(70'000, 'x').substr(0, 60'000)}};
  MmdbWriter writer;
  writer.put(prefix("2001:db8::/32"), fields);
  writer.put(prefix("::/0"), {{"everywhere", std::string("yes")}});
  const auto file = writer.build({.type = "Test", .description = "", .build_epoch = 1});
  ASSERT_TRUE(file) << file.error().message;
  const auto mmdb = *Mmdb::open(write(*file));
  std::map<std::string, std::string> read;
  const auto entry = *mmdb->find(address("2001:db8::1"));
  ASSERT_TRUE(entry.record);
  ASSERT_TRUE(mmdb->read(*entry.record,
                         [&](std::string_view path, const Scalar& value) { read.emplace(path, to_text(value)); }));
  EXPECT_EQ(read.size(), fields.size() + 1);
  EXPECT_EQ(read["array.0"], "first");
  EXPECT_EQ(read["array.1.deep"], "true");
  EXPECT_EQ(read["big"], "1099511627776");
  EXPECT_EQ(read["bytes"].size(), 2 + 600U);
  EXPECT_EQ(read["double"], "1.5");
  EXPECT_EQ(read["float"], "2.5");
  EXPECT_EQ(read["map.a"], "-7");
  EXPECT_EQ(read["map.b.c"], "false");
  EXPECT_EQ(read["small"], "7");
  EXPECT_EQ(read["text"].size(), 60'000U);
  EXPECT_EQ(read["everywhere"], "yes");
  EXPECT_EQ(mmdb->find(address("8.8.8.8"))->record, mmdb->find(address("2a00::1"))->record);
}

TEST_F(MmdbWriterTest, WhatClashesGivesWay) {
  MmdbWriter writer;
  writer.put(prefix("192.0.2.0/24"), {{"city.name", std::string("x")}, {"country", std::string("Switzerland")}});
  writer.put(prefix("192.0.2.0/25"), {{"city", std::string("y")}, {"country.iso_code", std::string("CH")}});
  const auto file = writer.build({.type = "Test", .description = "", .build_epoch = 1});
  ASSERT_TRUE(file) << file.error().message;
  const std::map<std::string, std::string> expected = {{"192.0.2.0/25", "city=y country.iso_code=CH "},
                                                       {"192.0.2.128/25", "city.name=x country=Switzerland "}};
  EXPECT_EQ(contents(**Mmdb::open(write(*file))), expected);
}

// Found by the fuzz target `db_build`.
TEST_F(MmdbWriterTest, ARangeAroundTheMappedAddressesIsNotIPv4) {
  MmdbWriter writer;
  writer.put(address("::fffe:8000:0"), address("1::"), {{"label", std::string("x")}});
  const auto file = writer.build({.type = "Test", .description = "", .build_epoch = 1});
  ASSERT_TRUE(file) << file.error().message;
  const auto mmdb = *Mmdb::open(write(*file));
  EXPECT_FALSE(mmdb->find(address("192.0.2.7"))->record);
  EXPECT_TRUE(mmdb->find(address("::fffe:8000:0"))->record);
  EXPECT_TRUE(mmdb->find(address("::1:0:0:0"))->record);
  EXPECT_TRUE(mmdb->find(address("1::"))->record);
  EXPECT_FALSE(mmdb->find(address("1::1"))->record);
}

TEST_F(MmdbWriterTest, ACopyOfADatabaseIsTheSame) {
  for (const auto* name : {"ipguard-lite-small.mmdb", "doc-ranges.mmdb", "mmdb/good/MaxMind-DB-test-decoder.mmdb"}) {
    const auto base = *Mmdb::open(data_file(name));
    MmdbWriter writer;
    ASSERT_TRUE(writer.load(*base));
    const auto file = writer.build({.type = "Copy", .description = "", .build_epoch = 1});
    ASSERT_TRUE(file);
    const auto copy = *Mmdb::open(write(*file));
    auto expected = contents(*base);
    expected.erase("::/0");
    EXPECT_EQ(contents(*copy).size(), expected.size()) << name;
    if (std::string_view(name).find("decoder") == std::string_view::npos) {  // it has 128-bit numbers
      EXPECT_EQ(contents(*copy), expected) << name;
    }
  }
}

TEST_F(MmdbWriterTest, OnlyWhatIsNotWorseMayReplace) {
  const auto whole = *check_database(data_file("ipguard-lite-small.mmdb"));
  EXPECT_EQ(whole.networks(), 2921U);
  EXPECT_TRUE(may_replace(whole, whole));
  struct Case {
    std::string_view reason;
    void (*change)(DatabaseContents&);
  };
  for (const auto& [reason, change] : std::vector<Case>{
           {"shrunk from 2,921 to 1,821 networks", [](DatabaseContents& one) { one.ipv4_networks -= 1100; }},
           {"networks with an AS", [](DatabaseContents& one) { one.with_asn = 1; }},
           {"networks with a country", [](DatabaseContents& one) { one.with_country /= 2; }},
           {"no AS and no country", [](DatabaseContents& one) { one.with_asn = one.with_country = 0; }},
           {"built before", [](DatabaseContents& one) { --one.metadata.build_epoch; }},
       }) {
    auto fresh = whole;
    change(fresh);
    const auto result = may_replace(whole, fresh);
    ASSERT_FALSE(result) << reason;
    EXPECT_THAT(result.error().message, HasSubstr(reason));
  }
  auto smaller = whole;
  smaller.ipv4_networks -= 100;
  EXPECT_TRUE(may_replace(whole, smaller));
}

TEST_F(MmdbWriterTest, TheCheckRefusesEveryBadDatabase) {
  for (const auto& path : files_in(data_file("mmdb/bad"))) {
    EXPECT_FALSE(check_database(path)) << path;
  }
}

}  // namespace
}  // namespace ipguard::enrich::testing
