// rewrite_watch.h: the fast pass against the clear form, and the clear form against what formats really do.
#include <gtest/gtest.h>

#include <random>

#include "base/line_counter.h"
#include "match/format.h"
#include "match/rewrite_watch.h"
#include "rule_helpers.h"

namespace ipguard::match {
namespace {

TEST(RewriteWatch, KnowsTheDisguises) {
  const std::pair<const char*, bool> cases[] = {
      {"/index.html", false},
      {"/%70hp", true},
      {"/100%", false},
      {"/100%z0", false},
      {"/%2", false},
      {R"(/\x70hp)", true},
      {"//admin", true},
      {"/a//b", true},
      {"\"https://example.org/\"", false},
      {"http:///x", true},
      {"/a/./b", true},
      {"/a/.", true},
      {"/a/. HTTP", true},
      {"/.env", false},
      {"/../etc", false},
      {"/a?b=c+d", true},
      {"a+b", false},
      {"[25/Feb/2026:04:30:17 +0000] \"GET /?q=1\"", false},
      {"/\xc0\xaf", true},
      {"/\xe0\x80\xaf", true},
      {"/\xf0\x80\x80\xaf", true},
      {"/\xc3\xa9", false},
      {R"(192.0.2.1 - - [25/Feb/2026:04:30:17 +0000] "GET / HTTP/1.1" 200 5 "http://h/?q=a+b%20c//d" "A/1 (B; C) /.")",
       false},
      {R"(192.0.2.1 - - [25/Feb/2026:04:30:17 +0000] "GET /?a%20b HTTP/1.1" 200 5 "http://h/?q=a+b" "-")", true},
      {R"(192.0.2.1 - - [25/Feb/2026:04:30:17 +0000] "GET /?a HTTP/1.1" 200 5 "http://h/?q=a+b" "-")", false},
      {R"(192.0.2.1 - - [25/Feb/2026:04:30:17 +0000] "GET /?a+b HTTP/1.1" 200 5 "-" "-")", true},
      {R"(192.0.2.1 - - [25/Feb/2026:04:30:17 +0000] "GET / HTTP/1.1" 200 5 "-" "\x22")", true},
      {R"(192.0.2.1 - - [25/Feb/2026:04:30:17 +0000] "GET / HTTP/1.1" - 5 "//" "-")", true},
      // A request is what stands behind the stamp, not whatever is between quotes before a number.
      {R"(192.0.2.1 "" 404 [25/Feb/2026:04:30:17 +0000] "GET /?a+b HTTP/1.1" 200 5 "-" "-")", true},
      {R"(192.0.2.1 - - [x] "" 404 [25/Feb/2026:04:30:17 +0000] "GET /?a+b HTTP/1.1" 200 5 "-" "-")", true},
      {R"(192.0.2.1 - - [25/Feb/2026:04:30:17 +0000] "GET /a" 404 x?a+b HTTP/1.1" 200 5 "-" "-")", true},
      {R"(192.0.2.1 - - [25/Feb/2026:04:30:17 +0000] "GET /a" 404 5x?a+b HTTP/1.1" 200 5 "-" "-")", true},
      {R"(192.0.2.1 - - [25/Feb/2026:04:30:17 +0000] "GET /" 404 - "http://h/?q=a+b" "-")", false},
      {R"(192.0.2.1 - - [25/Feb/2026:04:30:17 +0000] "GET /" 404 5)", false},
      {"", false},
  };
  for (const auto& [line, rewritten] : cases) {
    EXPECT_EQ(may_be_rewritten(line), rewritten) << line;
  }
}

std::string random_text(std::mt19937& random, size_t most, std::string_view rare, size_t rare_one_in) {
  static constexpr std::string_view common = "abcdefxyz0123456789 GET-:=&[]\"_,;()";
  std::string text;
  for (size_t length = random() % (most + 1); length > 0; --length) {
    text += random() % rare_one_in == 0 ? rare[random() % rare.size()] : common[random() % common.size()];
  }
  return text;
}

TEST(RewriteWatch, FastPassAgreesWithTheClearForm) {
  std::mt19937 random(7);
  for (int round = 0; round < 3000; ++round) {
    std::string block = random_text(random, 700, "%\\//..?+:\n\n\n\xc0\xc1\xe0\xf0\xff", round % 2 == 0 ? 8 : 60);
    for (int status = round % 3 == 0 ? 12 : 0; status > 0 && !block.empty(); --status) {
      block.insert(random() % block.size(), status % 2 == 0   ? "\" 404 5 "
                                            : status % 4 == 1 ? " [25/Feb/2026:04:30:17 +0000] \""
                                                              : "\"");
    }
    std::vector<uint32_t> expected;
    uint64_t lines = 0;
    for (size_t begin = 0; begin < block.size();) {
      const size_t end = std::min(block.find('\n', begin), block.size());
      lines += end < block.size() ? 1U : 0U;
      if (may_be_rewritten(std::string_view(block).substr(begin, end - begin))) {
        expected.push_back(static_cast<uint32_t>(end));
      }
      begin = end + 1;
    }
    std::vector<uint32_t> found;
    EXPECT_EQ(find_rewritten_lines(block, found), lines);
    EXPECT_EQ(count_line_ends(block), lines);
    ASSERT_EQ(found, expected) << block;
  }
}

TEST(RewriteWatch, HostileLinesTakeLinearTime) {
  // Every byte asks for a look to the line's end; quadratic work on 8 MiB would run for hours.
  const std::string questions(8 << 20, '?');
  std::vector<uint32_t> found;
  find_rewritten_lines(questions, found);
  EXPECT_TRUE(found.empty());
  EXPECT_FALSE(may_be_rewritten(questions));
}

// What scanning raw lines rests on: a line that is not watched has every field in it as it stands.
TEST(RewriteWatch, OtherLinesHoldTheirFieldsAsTheyAre) {
  std::mt19937 random(11);
  ParseScratch scratch;
  const ParseContext context{.now = test::noon, .scratch = &scratch};
  int recognised = 0;
  for (int round = 0; round < 40000; ++round) {
    const std::string target = "/" + random_text(random, 30, "%\\//..?+:\xc0\xe0\xf0%%", 12);
    std::string line;
    switch (round % 4) {
      case 0:
        line = test::access_line(target, "200", random_text(random, 30, "\\/%+?.", 12));
        break;
      case 1:
        line = "example.org:443 192.0.2.1 - " + random_text(random, 9, "\\/%", 8) +
               " [25/Feb/2026:04:30:17 +0000] \"GET http://h" + target + " HTTP/1.0\" 200 5";
        break;
      case 2:
        line = "2026/02/25 04:30:17 [error] 7#7: *9 open() \"/var/www" + target +
               "\" failed, client: 192.0.2.1, server: h, request: \"GET " + target + " HTTP/1.1\", host: \"h\"";
        break;
      default:
        line = "Feb 25 04:30:17 host sshd[7]: Invalid user " + target + " from 192.0.2.1";
        break;
    }
    model::Event event;
    if (may_be_rewritten(line) || recognise({.text = line}, context, nullptr, event) == nullptr) {
      continue;
    }
    ++recognised;
    for (const std::string_view field : event.fields) {
      ASSERT_NE(line.find(field), std::string::npos) << line << "\nfield: " << field;
    }
  }
  EXPECT_GT(recognised, 5000);
}

}  // namespace
}  // namespace ipguard::match
