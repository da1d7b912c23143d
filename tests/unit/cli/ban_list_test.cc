#include "cli/ban_list.h"

#include <gtest/gtest.h>

#include "cli/csv.h"

namespace ipguard::cli {
namespace {

const TimePoint imported_at = from_civil(2026, 2, 25, 4, 0, 0);

// "TARGET until … because …; … | 3: error: …".
std::string read(std::string_view text, ListFormat format = ListFormat::automatic) {
  const auto list = read_ban_list(text, format, imported_at);
  std::string result;
  for (const auto& ban : list.bans) {
    result += (result.empty() ? "" : "; ") + ban.target;
    result += ban.until ? " until " + (ban.until->is_null() ? "never" : ban.until->get<std::string>()) : "";
    result += ban.reason ? " because " + *ban.reason : "";
  }
  for (const auto& problem : list.problems) {
    result += " | " + problem;
  }
  return result + (list.over > 0 ? " | over: " + std::to_string(list.over) : "");
}

TEST(BanList, PlainLists) {
  EXPECT_EQ(read("# a feed\n\n192.0.2.7\r\n 198.51.100.0/24 ; SBL1\nAS64500 # bad\ncn\n2001:db8::/32"),
            "192.0.2.7; 198.51.100.0/24; AS64500; CN; 2001:db8::/32");
  EXPECT_EQ(read("\xef\xbb\xbf"
                 "192.0.2.7\n"),
            "192.0.2.7");
  EXPECT_EQ(read("192.0.2.7\nexample.net\n192.0.2.7/24\n"),
            "192.0.2.7 | 2: error: 'example.net' is no address, no prefix such as 192.0.2.0/24, no AS number such as "
            "AS64500 and no country code such as CN | 3: error: '192.0.2.7/24' has host bits set; the prefix is "
            "192.0.2.0/24");
  EXPECT_EQ(read(""), "");
}

TEST(BanList, Csv) {
  EXPECT_EQ(read("192.0.2.7,spam\n198.51.100.0/24,\"scan, slow\"\n"), "192.0.2.7; 198.51.100.0/24")
      << "without names only the first column is understood";
  EXPECT_EQ(read("Reason,IP,Until,other\n\"says \"\"hello\"\"\",192.0.2.7,2026-02-25T05:00:00+01:00,x\r\n"
                 ",192.0.2.8,,\nlate,192.0.2.9,2026-02-25 06:00:00Z\nover,192.0.2.10,2026-02-25T03:59:59Z\n"),
            "192.0.2.8 until never; 192.0.2.9 until 2026-02-25T06:00:00Z because late | over: 2");
  EXPECT_EQ(read("target,until\n\n192.0.2.7,soon\n# comment\n192.0.2.8\n"),
            "192.0.2.8 | 3: error: \"soon\" is no time such as \"2026-02-25T04:30:17Z\"");
  EXPECT_EQ(read("reason,target\n\"two\nlines\",192.0.2.7\nx,y\n"),
            "192.0.2.7 because two\nlines | 4: error: 'y' is no address, no prefix such as 192.0.2.0/24, no AS number "
            "such as AS64500 and no country code such as CN");
  EXPECT_EQ(read("192.0.2.7", ListFormat::csv), "192.0.2.7");
}

TEST(BanList, Json) {
  EXPECT_EQ(
      read(R"(["192.0.2.7", {"target": "AS64500", "until": null, "reason": "why"}, {"cidr": "198.51.100.0/24"}])"),
      "192.0.2.7; AS64500 until never because why; 198.51.100.0/24");
  EXPECT_EQ(read("{\"cidr\":\"192.0.2.0/24\",\"sblid\":\"SBL1\"}\n\n{\"type\":\"metadata\",\"records\":1}\n"),
            "192.0.2.0/24");
  EXPECT_EQ(read(R"([{"ip": 7}, 7, {"ip": "x"}, {"ip": "192.0.2.7", "expires": 7}])"),
            " | 1: error: the object names no target | 2: error: neither a target nor an object with one | 3: error: "
            "'x' is no address, no prefix such as 192.0.2.0/24, no AS number such as AS64500 and no country code such "
            "as CN | 4: error: 7 is no time such as \"2026-02-25T04:30:17Z\"");
  EXPECT_EQ(read("[\"192.0.2.7\""), " | 1: error: no valid JSON at byte 13");
  EXPECT_EQ(read("{\"ip\":\"192.0.2.7\"}\n{"), "192.0.2.7 | 2: error: no valid JSON at byte 2");
}

TEST(BanList, TellsOfAFewProblemsOnly) {
  std::string text;
  for (int i = 0; i < 50; ++i) {
    text += "x\n";
  }
  const auto list = read_ban_list(text, ListFormat::list, imported_at);
  EXPECT_EQ(list.problems.size(), BanList::most_problems);
  EXPECT_EQ(list.more_problems, 30U);
}

TEST(BanList, AReasonThatIsTooLongIsCutAndTold) {
  const std::string longest(BanList::longest_reason, 'x');
  const auto fits = read_ban_list("target,reason\n192.0.2.7," + longest, ListFormat::csv, imported_at);
  EXPECT_EQ(fits.bans.at(0).reason, longest);
  EXPECT_EQ(fits.cut, 0U);
  std::string umlauts;
  while (umlauts.size() <= BanList::longest_reason) {
    umlauts += "\xc3\xa4";
  }
  const auto cut =
      read_ban_list("target,reason\n192.0.2.7," + longest + "\n192.0.2.8," + longest + "y\n192.0.2.9," + umlauts + "\n",
                    ListFormat::csv, imported_at);
  EXPECT_EQ(cut.cut, 2U);
  EXPECT_EQ(cut.first_cut, 3U);
  EXPECT_EQ(cut.bans.at(1).reason, std::string(BanList::longest_reason - 3, 'x') + "...");
  const auto& last = *cut.bans.at(2).reason;
  EXPECT_LE(last.size(), BanList::longest_reason);
  EXPECT_TRUE(last.ends_with("\xc3\xa4...")) << "whole characters";
}

TEST(BanList, WhatIsWrittenIsReadBack) {
  const Json bans = {{{"target", "192.0.2.7"},
                      {"scope", "address"},
                      {"until", "2026-02-26T00:00:00Z"},
                      {"reason", "said \"no\", twice\nand \x1b[2J"},
                      {"rule", nullptr}},
                     {{"target", "AS64500"}, {"scope", "asn"}, {"until", nullptr}, {"reason", "why"}}};
  EXPECT_EQ(read(write_ban_list(bans, ListFormat::list)), "192.0.2.7; AS64500");
  EXPECT_EQ(read(write_ban_list(bans, ListFormat::csv)),
            "192.0.2.7 until 2026-02-26T00:00:00Z because said \"no\", twice\nand \x1b[2J; AS64500 until never because "
            "why");
  EXPECT_EQ(read(write_ban_list(bans, ListFormat::csv, true)),
            "192.0.2.7 until 2026-02-26T00:00:00Z because said \"no\", twice\\x0aand \\x1b[2J; AS64500 until never "
            "because why")
      << "on a terminal";
  EXPECT_EQ(read(write_ban_list(bans, ListFormat::json)),
            "192.0.2.7 until 2026-02-26T00:00:00Z because said \"no\", twice\nand \x1b[2J; AS64500 until never because "
            "why");
  EXPECT_EQ(read(write_ban_list(Json::array(), ListFormat::csv)), "");
}

TEST(Csv, ReadsWhatOthersWrite) {
  const struct {
    std::string_view text;
    std::vector<std::vector<std::string>> records;
  } cases[] = {
      {"", {}},
      {"a", {{"a"}}},
      {"a,b\r\nc,d\n", {{"a", "b"}, {"c", "d"}}},
      {"a,\n,b", {{"a", ""}, {"", "b"}}},
      {"a,", {{"a", ""}}},
      {"\"a,b\",\"c\"\"d\"\n", {{"a,b", "c\"d"}}},
      {"\"a\nb\",c", {{"a\nb", "c"}}},
      {"\"a\"b,c", {{"ab", "c"}}},
      {"\"a", {{"a"}}},
      {"a\"b\",c", {{"a\"b\"", "c"}}},
      {"\n\n", {{""}, {""}}},
  };
  for (const auto& c : cases) {
    CsvReader reader(c.text);
    std::vector<std::vector<std::string>> records;
    while (auto record = reader.next()) {
      records.push_back(std::move(record->fields));
    }
    EXPECT_EQ(records, c.records) << testing::PrintToString(c.text);
  }
}

TEST(Csv, WhatIsWrittenIsReadBack) {
  for (const std::string text : {"", "a", "a,b", "a\"b", "a\nb", "\"", ",", "\r\n", " a "}) {
    const auto line = csv_field(text) + ",x";
    CsvReader reader(line);
    const auto record = reader.next();
    ASSERT_TRUE(record);
    EXPECT_EQ(record->fields, (std::vector<std::string>{text, "x"}));
  }
}

}  // namespace
}  // namespace ipguard::cli
