#include "base/text.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>

namespace ipguard {
namespace {

using testing::ElementsAre;

// Valid UTF-8 by RFC 3629's table, written apart from the code under test.
bool is_valid_utf8(std::string_view text) {
  for (size_t i = 0; i < text.size();) {
    const auto first = static_cast<unsigned char>(text[i]);
    const size_t length = first < 0x80 ? 1 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
    if (i + length > text.size() || (first >= 0x80 && first < 0xc2) || first > 0xf4) {
      return false;
    }
    uint32_t point = length == 1 ? first : first & (0xffU >> (length + 1));
    for (size_t k = 1; k < length; ++k) {
      const auto byte = static_cast<unsigned char>(text[i + k]);
      if ((byte & 0xc0) != 0x80) {
        return false;
      }
      point = point << 6 | (byte & 0x3fU);
    }
    const uint32_t least = length == 1 ? 0 : length == 2 ? 0x80 : length == 3 ? 0x800 : 0x10000;
    if (point < least || point > 0x10ffff || (point >= 0xd800 && point <= 0xdfff)) {
      return false;
    }
    i += length;
  }
  return true;
}

TEST(Text, PrintableEscapesWhatATerminalWouldObey) {
  using namespace std::string_literals;
  struct Case {
    std::string text, expected;
  };
  const std::vector<Case> cases = {
      {"", ""},
      {"GET /index.html", "GET /index.html"},
      {"Zürich — 東京 😀", "Zürich — 東京 😀"},
      {"\x1b[2J\x1b]0;title\x07", "\\x1b[2J\\x1b]0;title\\x07"},
      {"a\0b"s, "a\\x00b"},
      {"a\tb\r\nc", "a\\x09b\\x0d\\x0ac"},
      {"\x7f", "\\x7f"},
      {"C:\\path\\x41", "C:\\\\path\\\\x41"},  // so that the escapes are unambiguous
      {"\xc2\x9b"
       "31m",
       "\\xc2\\x9b31m"},                                             // U+009B is CSI
      {"\xc2\x80\xc2\x9f\xc2\xa0", "\\xc2\\x80\\xc2\\x9f\xc2\xa0"},  // C1, and the first that is none
      {"\x9b"
       "31m",
       "\\x9b31m"},  // CSI as a single byte
      {"\xff\xfe", "\\xff\\xfe"},
      {"\xc0\xaf", "\\xc0\\xaf"},  // overlong '/'
      {"\xe0\x80\xaf", "\\xe0\\x80\\xaf"},
      {"\xed\xa0\x80", "\\xed\\xa0\\x80"},           // a surrogate
      {"\xf4\x90\x80\x80", "\\xf4\\x90\\x80\\x80"},  // above U+10FFFF
      {"\xe6\x9d", "\\xe6\\x9d"},                    // cut off
      {"\xe2\x80\xae"                                // NOLINT(misc-misleading-bidirectional): the point
       "gpj.exe",
       "\\xe2\\x80\\xaegpj.exe"},  // right-to-left override
      {"a\xe2\x80\x8b"
       "b",
       "a\\xe2\\x80\\x8bb"},  // zero-width space
      {"a\xe2\x80\xa8"
       "b",
       "a\\xe2\\x80\\xa8b"},                // line separator
      {"\xe2\x81\xa6", "\\xe2\\x81\\xa6"},  // NOLINT(misc-misleading-bidirectional): the point
      {"\xef\xbb\xbf", "\\xef\\xbb\\xbf"},  // byte-order mark
      {"\xe2\x80\x94", "\xe2\x80\x94"},     // an em dash is not among them
      {"\xd8\x9c", "\\xd8\\x9c"},           // Arabic letter mark: a bidi control
  };
  for (const auto& each : cases) {
    EXPECT_EQ(printable(each.text), each.expected);
  }
}

TEST(Text, PrintableIsBounded) {
  EXPECT_EQ(printable("abcdef", 6), "abcdef");
  EXPECT_EQ(printable("abcdef", 5), "abcde…");
  EXPECT_EQ(printable("abcd\xc3\xbc", 5), "abcd…") << "no half character";
  EXPECT_EQ(printable("\x1b\x1b\x1b", 2), "\\x1b\\x1b…");
  EXPECT_EQ(printable("abc", 0), "…");
  EXPECT_EQ(printable("", 0), "");
  EXPECT_EQ(printable(std::string(100'000, 'x')).size(), 512 + std::string("…").size());
}

TEST(Text, WhateverComesInIsSafeOnTheWayOut) {
  std::mt19937 random(1);  // NOLINT(cert-msc32-c,cert-msc51-cpp): a failure must come back
  std::uniform_int_distribution<int> length(0, 40);
  std::uniform_int_distribution<int> byte(0, 255);
  for (int i = 0; i < 20'000; ++i) {
    std::string text(static_cast<size_t>(length(random)), '\0');
    for (char& c : text) {
      c = static_cast<char>(byte(random));
    }
    const auto shown = printable(text);
    ASSERT_TRUE(is_valid_utf8(shown)) << testing::PrintToString(text);
    for (const char c : shown) {
      ASSERT_TRUE(static_cast<unsigned char>(c) >= 0x20 && c != 0x7f) << testing::PrintToString(text);
    }
    const auto valid = to_valid_utf8(text);
    ASSERT_TRUE(is_valid_utf8(valid)) << testing::PrintToString(text);
    if (is_valid_utf8(text)) {
      ASSERT_EQ(valid, text);
    }
  }
}

TEST(Text, ToValidUtf8ReplacesAndKeeps) {
  using namespace std::string_literals;
  EXPECT_EQ(to_valid_utf8("a\xff"
                          "b"),
            "a\xef\xbf\xbd"
            "b");
  EXPECT_EQ(to_valid_utf8("Zürich\n\0"s), "Zürich\n\0"s);
  EXPECT_EQ(to_valid_utf8("\xed\xa0\x80"), "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd");
  EXPECT_EQ(to_valid_utf8(""), "");
}

TEST(Text, Trims) {
  EXPECT_EQ(trim("  a b\t\r\n"), "a b");
  EXPECT_EQ(trim("a"), "a");
  EXPECT_EQ(trim(" \t"), "");
  EXPECT_EQ(trim(""), "");
}

TEST(Text, Splits) {
  EXPECT_THAT(split("a,b,,c", ','), ElementsAre("a", "b", "", "c"));
  EXPECT_THAT(split("", ','), ElementsAre(""));
  EXPECT_THAT(split(",", ','), ElementsAre("", ""));
}

TEST(Text, ParsesNumbersWhole) {
  EXPECT_EQ(parse_number("0"), 0U);
  EXPECT_EQ(parse_number("007"), 7U);
  EXPECT_EQ(parse_number("18446744073709551615"), UINT64_MAX);
  for (const char* text :
       {"", " 1", "1 ", "+1", "-1", "1.0", "0x10", "1e3", "18446744073709551616", "99999999999999999999999"}) {
    EXPECT_FALSE(parse_number(text)) << text;
  }
}

TEST(Text, ParsesSizes) {
  EXPECT_EQ(parse_size("4096"), 4096U);
  EXPECT_EQ(parse_size("0"), 0U);
  EXPECT_EQ(parse_size("10B"), 10U);
  EXPECT_EQ(parse_size("64KiB"), 65536U);
  EXPECT_EQ(parse_size("1 MiB"), 1048576U);
  EXPECT_EQ(parse_size("3GiB"), 3221225472U);
  EXPECT_EQ(parse_size("17179869183GiB"), 17179869183ULL << 30);
  for (const char* text :
       {"", "KiB", "-1", "1.5MiB", "1KB", "1kib", "1MiBx", "17179869184GiB", "18446744073709551616", "\x1b"}) {
    const auto size = parse_size(text);
    ASSERT_FALSE(size) << text;
    EXPECT_EQ(size.error().code, Errc::invalid);
    EXPECT_THAT(size.error().message, testing::HasSubstr("'" + printable(text) + "' is no size"));
  }
}

TEST(Text, SizesAreWrittenAsTheyAreRead) {
  EXPECT_EQ(size_text(0), "0");
  EXPECT_EQ(size_text(1500), "1500");
  EXPECT_EQ(size_text(64 << 10), "64KiB");
  EXPECT_EQ(size_text(96 << 20), "96MiB");
  for (const uint64_t bytes :
       {uint64_t{1023}, uint64_t{1025}, (uint64_t{1} << 20) + 1024, uint64_t{5} << 30, UINT64_MAX}) {
    EXPECT_EQ(parse_size(size_text(bytes)), bytes);
  }
}

TEST(Text, CountsHaveTheirNoun) {
  EXPECT_EQ(counted(0, "address", "addresses"), "0 addresses");
  EXPECT_EQ(counted(1, "address", "addresses"), "1 address");
  EXPECT_EQ(counted(4096, "address", "addresses"), "4,096 addresses");
}

TEST(Text, WhatIsQuotedIsPrintableAndBounded) {
  EXPECT_EQ(in_quotes("tcp"), "'tcp'");
  EXPECT_EQ(in_quotes(""), "''");
  EXPECT_EQ(in_quotes("a\x1b[2J"), "'a\\x1b[2J'");
  EXPECT_EQ(in_quotes(std::string(81, 'a')), '\'' + std::string(80, 'a') + "…'");
  EXPECT_EQ(in_quotes("abcde", 4), "'abcd…'");
}

TEST(Text, FormatsForPeople) {
  EXPECT_EQ(format_size(0), "0 B");
  EXPECT_EQ(format_size(1023), "1023 B");
  EXPECT_EQ(format_size(1536), "1.5 KiB");
  EXPECT_EQ(format_size(16ULL << 20), "16.0 MiB");
  EXPECT_EQ(format_size(5ULL << 50), "5120.0 TiB");
  EXPECT_EQ(group_digits(0), "0");
  EXPECT_EQ(group_digits(999), "999");
  EXPECT_EQ(group_digits(1000), "1,000");
  EXPECT_EQ(group_digits(1234567), "1,234,567");
  EXPECT_EQ(group_digits(UINT64_MAX), "18,446,744,073,709,551,615");
}

TEST(Text, GuessesTheWordMeant) {
  const std::vector<std::string_view> words = {"threshold", "window", "ban", "scope", "status"};
  EXPECT_EQ(nearest_word("treshold", words), "threshold");
  EXPECT_EQ(nearest_word("widnow", words), "window");
  EXPECT_EQ(nearest_word("scop", words), "scope");
  EXPECT_EQ(nearest_word("bam", words), "ban");
  EXPECT_EQ(nearest_word("xyz", words), "") << "nothing is near";
  EXPECT_EQ(nearest_word("thrsld", words), "") << "three letters away";
  EXPECT_EQ(nearest_word("b", words), "") << "too short to guess from";
  EXPECT_EQ(nearest_word("", words), "");
  EXPECT_EQ(nearest_word("scope", {}), "");
  EXPECT_EQ(nearest_word(std::string(100'000, 'x'), words), "");
}

}  // namespace
}  // namespace ipguard
