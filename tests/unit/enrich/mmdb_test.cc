#include "enrich/mmdb.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "fixtures.h"
#include "mmdb_builder.h"

namespace ipguard::enrich::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Pair;

using MmdbTest = EnrichTest;

std::vector<std::pair<std::string, std::string>> scalars(const Mmdb& mmdb, uint32_t record) {
  std::vector<std::pair<std::string, std::string>> result;
  const auto read =
      mmdb.read(record, [&](std::string_view path, const Scalar& value) { result.emplace_back(path, to_text(value)); });
  EXPECT_TRUE(read) << read.error().message;
  return result;
}

std::vector<std::string> networks(const Mmdb& mmdb) {
  std::vector<std::string> result;
  const auto walked = mmdb.walk([&](const net::Prefix& network, uint32_t) {
    result.push_back(network.to_string());
    return true;
  });
  EXPECT_TRUE(walked) << walked.error().message;
  return result;
}

TEST_F(MmdbTest, OpensEverySoundFile) {
  const auto files = files_in(data_file("mmdb/good"));
  ASSERT_EQ(files.size(), 20U);
  for (const auto& path : files) {
    const auto opened = Mmdb::open(path);
    ASSERT_TRUE(opened) << opened.error().message;
    const auto walked = (*opened)->walk([&](const net::Prefix& network, uint32_t record) {
      EXPECT_TRUE((*opened)->read(record, [](std::string_view, const Scalar&) {}))
          << path << ' ' << network.to_string();
      return true;
    });
    EXPECT_TRUE(walked) << walked.error().message;
  }
}

TEST_F(MmdbTest, RefusesEveryDamagedFileWithPathAndReason) {
  const auto files = files_in(data_file("mmdb/bad"));
  ASSERT_EQ(files.size(), 22U);
  for (const auto& path : files) {
    const auto opened = Mmdb::open(path);
    ASSERT_FALSE(opened) << path;
    EXPECT_EQ(opened.error().code, Errc::corrupt) << opened.error().message;
    EXPECT_THAT(opened.error().message, HasSubstr("database " + path + ": "));
  }
}

TEST_F(MmdbTest, NamesTheReasonThatAPersonCanActOn) {
  const std::string sound = read_bytes(data_file("doc-ranges.mmdb"));
  MmdbBuilder too_many_nodes(6, 28);
  too_many_nodes.network("192.0.2.0/24", mmdb::text("x"));
  too_many_nodes.claimed_nodes = 4'000'000'000;
  MmdbBuilder odd_languages(6, 28);
  odd_languages.network("192.0.2.0/24", mmdb::text("x"));
  odd_languages.languages = mmdb::array({mmdb::text("en"), mmdb::array({})});
  const std::vector<std::pair<std::string, std::string>> cases = {
      {"", "no metadata: truncated, or not an MMDB file"},
      {"\xab\xcd\xefMaxMind.com", "the metadata is truncated"},
      {std::string(4096 - 14, 'x') + "\xab\xcd\xefMaxMind.com", "the metadata is truncated"},
      {sound.substr(0, sound.size() / 2), "no metadata: truncated, or not an MMDB file"},
      {sound.substr(0, sound.size() - 1), "metadata: record at data offset"},
      {std::string(200'000, '\0'), "no metadata: truncated, or not an MMDB file"},
      {too_many_nodes.build(), "(4000000000 nodes of 28-bit records) does not fit into the file's"},
      {odd_languages.build(), "metadata: languages is no list of strings"},
  };
  for (const auto& [bytes, reason] : cases) {
    const auto opened = Mmdb::open(write(bytes));
    ASSERT_FALSE(opened) << reason;
    EXPECT_EQ(opened.error().code, Errc::corrupt);
    EXPECT_THAT(opened.error().message, HasSubstr(reason));
  }
}

TEST_F(MmdbTest, TellsUnreadableFilesFromCorruptOnes) {
  EXPECT_EQ(Mmdb::open(folder() + "/absent.mmdb").error().code, Errc::not_found);
  EXPECT_EQ(Mmdb::open(folder()).error().code, Errc::invalid);
  const std::string fifo = folder() + "/fifo";
  ASSERT_EQ(::mkfifo(fifo.c_str(), 0600), 0);
  EXPECT_EQ(Mmdb::open(fifo).error().code, Errc::invalid);
}

TEST_F(MmdbTest, ReadsTheMetadata) {
  const auto mmdb = *Mmdb::open(data_file("ipguard-lite-small-24.mmdb"));
  EXPECT_EQ(mmdb->metadata().type, "ipguard-lite");
  EXPECT_THAT(mmdb->metadata().description, HasSubstr("DB-IP.com"));
  EXPECT_EQ(mmdb->metadata().build_epoch, 1781725900U);
  EXPECT_EQ(mmdb->metadata().record_size, 24U);
  EXPECT_EQ(mmdb->metadata().ip_version, 6U);
  MmdbBuilder builder(4, 24);
  builder.network("192.0.2.0/24", mmdb::text("x"));
  EXPECT_EQ((*Mmdb::open(write(builder.build())))->metadata().description, "Test database");
  // An absurd age is the file's business: shown, not refused.
  const auto future = *Mmdb::open(data_file("mmdb/good/libmaxminddb-uint64-max-epoch.mmdb"));
  EXPECT_EQ(future->metadata().build_epoch, UINT64_MAX);
}

TEST_F(MmdbTest, FindsTheLeafInIpv4Trees) {
  struct Case {
    const char* address;
    const char* network;
    bool found;
  };
  for (const std::string size : {"24", "28", "32"}) {
    const auto mmdb = *Mmdb::open(data_file("mmdb/good/MaxMind-DB-test-ipv4-" + size + ".mmdb"));
    EXPECT_FALSE(mmdb->covers(net::Family::ipv6));
    for (const auto& [text, network, found] : std::vector<Case>{{"1.1.1.1", "1.1.1.1/32", true},
                                                                {"1.1.1.2", "1.1.1.2/31", true},
                                                                {"1.1.1.3", "1.1.1.2/31", true},
                                                                {"1.1.1.7", "1.1.1.4/30", true},
                                                                {"1.1.1.31", "1.1.1.16/28", true},
                                                                {"1.1.1.32", "1.1.1.32/32", true},
                                                                {"1.1.1.33", "1.1.1.33/32", false},
                                                                {"128.0.0.1", "128.0.0.0/3", false},
                                                                {"::ffff:1.1.1.1", "1.1.1.1/32", true},
                                                                {"2001:db8::1", "::/0", false}}) {
      const auto entry = mmdb->find(address(text));
      ASSERT_TRUE(entry) << entry.error().message;
      EXPECT_EQ(entry->network.to_string(), network) << text;
      EXPECT_EQ(entry->record.has_value(), found) << text;
    }
    EXPECT_THAT(networks(*mmdb),
                ElementsAre("1.1.1.1/32", "1.1.1.2/31", "1.1.1.4/30", "1.1.1.8/29", "1.1.1.16/28", "1.1.1.32/32"));
  }
}

TEST_F(MmdbTest, WalksIpv4OnceWhateverTheAliases) {
  for (const std::string size : {"24", "28", "32"}) {
    const auto mmdb = *Mmdb::open(data_file("mmdb/good/MaxMind-DB-test-mixed-" + size + ".mmdb"));
    EXPECT_THAT(networks(*mmdb),
                ElementsAre("1.1.1.1/32", "1.1.1.2/31", "1.1.1.4/30", "1.1.1.8/29", "1.1.1.16/28", "1.1.1.32/32",
                            "::1:ffff:ffff/128", "::2:0:0/122", "::2:0:40/124", "::2:0:50/125", "::2:0:58/127"));
  }
}

TEST_F(MmdbTest, AnAliasIsFollowedByLookUpsAndLeftOutOfWalks) {
  for (const unsigned size : {24U, 28U, 32U}) {
    MmdbBuilder builder(6, size);
    builder.network("192.0.2.0/24", mmdb::text("v4"));
    builder.network("2001:db8::/32", mmdb::text("v6"));
    builder.alias("2002::/16", "0.0.0.0/0");
    builder.alias("64:ff9b::/96", "0.0.0.0/0");
    const auto mmdb = *Mmdb::open(write(builder.build()));
    EXPECT_EQ(mmdb->find(address("2002:c000:0207::1"))->network.to_string(), "2002:c000:200::/40");
    EXPECT_TRUE(mmdb->find(address("64:ff9b::c000:207"))->record);
    EXPECT_EQ(networks(*mmdb), (std::vector<std::string>{"192.0.2.0/24", "2001:db8::/32"})) << size;
  }
}

TEST_F(MmdbTest, ALeafAboveTheIpv4TreeHoldsAllOfIpv4) {
  const auto mmdb = *Mmdb::open(data_file("mmdb/good/MaxMind-DB-no-ipv4-search-tree.mmdb"));
  const auto entry = mmdb->find(address("192.0.2.1"));
  EXPECT_EQ(entry->network.to_string(), "0.0.0.0/0");
  EXPECT_TRUE(entry->record);
  EXPECT_THAT(networks(*mmdb), ElementsAre("0.0.0.0/0", "::/64"));
}

TEST_F(MmdbTest, ReadsEveryDataType) {
  const auto mmdb = *Mmdb::open(data_file("mmdb/good/MaxMind-DB-test-decoder.mmdb"));
  EXPECT_THAT(scalars(*mmdb, *mmdb->find(address("1.1.1.0"))->record),
              ElementsAre(Pair("array.0", "1"), Pair("array.1", "2"), Pair("array.2", "3"), Pair("boolean", "true"),
                          Pair("bytes", "0x0000002a"), Pair("double", "42.123456"), Pair("float", "1.1"),
                          Pair("int32", "-268435456"), Pair("map.mapX.arrayX.0", "7"), Pair("map.mapX.arrayX.1", "8"),
                          Pair("map.mapX.arrayX.2", "9"), Pair("map.mapX.utf8_stringX", "hello"),
                          Pair("uint128", "0x01000000000000000000000000000000"), Pair("uint16", "100"),
                          Pair("uint32", "268435456"), Pair("uint64", "1152921504606846976"),
                          Pair("utf8_string", "unicode! ☯ - ♫")));
  const auto bare = *Mmdb::open(data_file("mmdb/good/MaxMind-DB-string-value-entries.mmdb"));
  EXPECT_THAT(scalars(*bare, *bare->find(address("1.1.1.2"))->record), ElementsAre(Pair("", "1.1.1.2/31")));
}

TEST_F(MmdbTest, GoesOnAfterPointersToMaps) {
  MmdbBuilder builder(4, 24);
  const uint32_t shared = builder.data(mmdb::map({{"x", mmdb::text("inner")}}));
  const uint32_t key = builder.data(mmdb::text("after"));
  const uint32_t record = builder.data(mmdb::control(7, 2) + mmdb::text("first") + mmdb::pointer(shared) +
                                       mmdb::pointer(key) + mmdb::array({mmdb::pointer(shared), mmdb::boolean(false)}));
  builder.network("192.0.2.0/24", record);
  const auto mmdb = *Mmdb::open(write(builder.build()));
  EXPECT_THAT(scalars(*mmdb, record),
              ElementsAre(Pair("first.x", "inner"), Pair("after.0.x", "inner"), Pair("after.1", "false")));
}

// Each level points twice to the one before: 2^levels values in a few bytes.
std::string fan_out(MmdbBuilder& builder, unsigned levels) {
  std::string value = mmdb::text("x");
  for (unsigned i = 0; i < levels; ++i) {
    const uint32_t offset = builder.data(value);
    value = mmdb::array({mmdb::pointer(offset), mmdb::pointer(offset)});
  }
  return value;
}

TEST_F(MmdbTest, BoundsHostileRecords) {
  const auto file = [&](const auto& make) {
    MmdbBuilder builder(4, 28);
    make(builder);
    return write(builder.build());
  };
  const std::vector<std::pair<std::string, std::string>> cases = {
      {file([](MmdbBuilder& b) { b.network("192.0.2.0/24", fan_out(b, 20)); }), "more than 4096 values"},
      {file([](MmdbBuilder& b) { b.network("192.0.2.0/24", mmdb::array({mmdb::pointer(0)})); }), "nested deeper"},
      {file([](MmdbBuilder& b) { b.network("192.0.2.0/24", mmdb::text(std::string(70'000, 'x'))); }),
       "more than 65536 bytes of text"},
      {file([](MmdbBuilder& b) { b.network("192.0.2.0/24", mmdb::pointer(0)); }), "a pointer leads to a pointer"},
      {file([](MmdbBuilder& b) { b.network("192.0.2.0/24", mmdb::control(12, 1)); }), "unknown data type 12"},
      {file([](MmdbBuilder& b) { b.network("192.0.2.0/24", mmdb::control(7, 1) + mmdb::uint16(1)); }),
       "a map key is no string"},
      {file([](MmdbBuilder& b) { b.network("192.0.2.0/24", 100'000); }), "points outside of the data section"},
      {file([](MmdbBuilder& b) { b.languages = fan_out(b, 1) + mmdb::pointer(1); }), "metadata: "},
  };
  for (const auto& [path, reason] : cases) {
    const auto opened = Mmdb::open(path);
    ASSERT_FALSE(opened) << reason;
    EXPECT_EQ(opened.error().code, Errc::corrupt);
    EXPECT_THAT(opened.error().message, HasSubstr(reason));
  }
}

TEST_F(MmdbTest, BoundsAWalkOverACycle) {
  MmdbBuilder builder(6, 24);
  builder.network("2001:db8::/32", mmdb::text("x"));
  builder.alias("2001:db9::/33", "2001:c00::/22");
  const auto mmdb = *Mmdb::open(write(builder.build()));
  const auto walked = mmdb->walk([](const net::Prefix&, uint32_t) { return true; });
  ASSERT_FALSE(walked);
  EXPECT_THAT(walked.error().message, HasSubstr("cycle"));
  EXPECT_TRUE(mmdb->find(address("2001:db8::1"))->record);
  EXPECT_FALSE(mmdb->find(address("2001:db9:ffff:ffff:ffff:ffff:ffff:ffff")).value_or(TreeEntry{}).record);
}

TEST_F(MmdbTest, AnyDamageEndsInAnErrorOrAnAnswer) {
  const std::string sound = read_bytes(data_file("mmdb/ipinfo/ipinfo_lite_sample.mmdb"));
  uint64_t state = 42;
  const auto random = [&state](uint64_t below) {
    state = state * 6364136223846793005U + 1442695040888963407U;  // Knuth's MMIX generator
    return (state >> 33U) % below;
  };
  int answered = 0;
  for (int round = 0; round < 1500; ++round) {
    std::string bytes = sound;
    for (uint64_t i = 0; i <= random(3); ++i) {
      bytes[random(bytes.size())] = static_cast<char>(random(256));
    }
    const auto table = RouteTable::open({write(bytes)});
    if (!table) {
      EXPECT_FALSE(table.error().message.empty());
      continue;
    }
    ++answered;
    for (const char* text : {"1.1.64.1", "1.7.255.1", "2001:db8::1", "::1"}) {
      EXPECT_TRUE((*table)->lookup(address(text)).prefix.contains(address(text)));
      EXPECT_LE((*table)->fields(address(text)).size(), RecordLimits::values);
    }
    EXPECT_LE((*table)->prefixes_of({2519}).size(), 1000U);
  }
  EXPECT_GT(answered, 100);
}

}  // namespace
}  // namespace ipguard::enrich::testing
