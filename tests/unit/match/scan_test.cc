// The block scanner says of every line what the reference says of it.
#include <gtest/gtest.h>

#include <random>

#include "match/rule_set.h"
#include "rule_helpers.h"

namespace ipguard::match {
namespace {

using namespace test;

constexpr LineOptions any_line = {.format = "auto", .accept_message = true};

template <typename List>
const auto& pick(std::mt19937& random, const List& list) {
  return list[random() % std::size(list)];
}

// Fragments that patterns and lines share, so that they meet often.
constexpr const char* fragments[] = {"php",      "admin",    "/cgi-bin/", "..", "/etc/passwd", "union",    "select",
                                     " ",        "wp-login", ".env",      "/",  "=",           "index",    "a:b",
                                     "\xc3\xa9", "x\ny",     "(",         "'",  "%",           "setup.exe"};

std::string random_pattern(std::mt19937& random) {
  static const char* const glue[] = {"", "", "", ".*", "[^/]*", "\\s+", "/?", "\\W", "(?:x|/)*", "\\b", "[^a]?"};
  std::string pattern = random() % 3 == 0 ? "(?i)" : "";
  pattern += random() % 4 == 0 ? "^/?" : "";
  for (size_t parts = 1 + random() % 3; parts > 0; --parts) {
    for (const char* c = pick(random, fragments); *c != '\0'; ++c) {
      pattern +=
          std::string_view("./()").find(*c) != std::string_view::npos ? std::string("\\") + *c : std::string(1, *c);
    }
    pattern += pick(random, glue);
  }
  return pattern + (random() % 5 == 0 ? "$" : "");
}

std::vector<model::Rule> random_rules(std::mt19937& random) {
  static constexpr Field fields[] = {Field::path,    Field::path,   Field::query, Field::user_agent,
                                     Field::referer, Field::target, Field::user};
  std::vector<model::Rule> rules;
  for (int i = 0; i < 12; ++i) {
    model::Rule rule = test::rule("r" + std::to_string(i), LogKind::access, {});
    if (i % 6 == 5) {
      rule.log = LogKind::syslog;
      rule.all_of = {
          patterns(Field::message, {"^" + std::string(pick(random, fragments)) + R"(\w* (?P<address>\S+))"})};
      rule.all_of[0].patterns[0] =
          R"(^(?:php|admin|union) (?P<address>[0-9a-f.:]+) )" + std::string(i > 6 ? "select" : "");
    } else {
      for (size_t lists = 1 + random() % 2; lists > 0; --lists) {
        rule.all_of.push_back(patterns(pick(random, fields), {random_pattern(random), random_pattern(random)}));
      }
    }
    if (rule.log == LogKind::access && random() % 3 == 0) {
      rule.statuses = {401, 404};
    }
    if (rule.log == LogKind::access && random() % 6 == 0) {
      rule.all_of.clear();
      rule.methods = {random() % 2 == 0 ? "PROPFIND" : "GET"};
    }
    rules.push_back(std::move(rule));
  }
  return rules;
}

// One byte in a disguise that servers and ipguard undo.
std::string disguise(std::mt19937& random, char byte) {
  static constexpr char digits[] = "0123456789abcdefABCDEF";
  const auto value = static_cast<unsigned char>(byte);
  const std::string hex = {digits[value / 16], digits[value % 16]};
  switch (random() % 8) {
    case 0:
      return "%" + hex;
    case 1:
      return "%25" + hex;
    case 2:
      return "%2525" + hex;
    case 3:
      return "\\x" + hex;
    case 4:
      return byte == '/' ? "%c0%af" : std::string("%") + hex;
    case 5:
      return byte == '/' ? "/./" : byte == ' ' ? "+" : std::string(1, byte);
    case 6:
      return byte == '/' ? "//" : byte == '\\' ? "\\\\" : std::string(1, byte);
    default:
      return byte == '/' ? "\\" : "%%" + hex;
  }
}

std::string random_text(std::mt19937& random, size_t disguised_one_in) {
  std::string text;
  for (size_t parts = random() % 5; parts > 0; --parts) {
    for (const char* c = pick(random, fragments); *c != '\0'; ++c) {
      text += random() % disguised_one_in == 0 ? disguise(random, *c) : *c == '\n' ? "%0a" : std::string(1, *c);
    }
  }
  return text;
}

std::string random_line(std::mt19937& random) {
  const size_t one_in = random() % 2 == 0 ? 4 : 1000;
  const auto text = [&] { return random_text(random, one_in); };
  switch (random() % 8) {
    case 0:
      return std::string(pick(random, fragments)) == "x\ny" ? "" : text();
    case 1:
      return "Feb 25 04:30:17 host x[1]: " + std::string(random() % 2 == 0 ? "php" : "union") + " 192.0.2.8 " + text();
    case 2:
      return (random() % 2 == 0 ? "admin" : "union") + std::string(" 2001:db8::1 ") + text();
    default: {
      static const char* const methods[] = {"GET", "POST", "PROPFIND", "G%45T"};
      static const char* const statuses[] = {"200", "401", "404", "304"};
      std::string line = access_line("/" + text() + (random() % 2 == 0 ? "?" + text() : ""), pick(random, statuses),
                                     text(), pick(random, methods));
      return random() % 4 == 0 ? "www.example.org:80 " + line : line;
    }
  }
}

TEST(Scan, AgreesWithTheReferenceOnRandomRulesAndLines) {
  size_t hits = 0;
  for (uint32_t seed = 1; seed <= 60; ++seed) {
    std::mt19937 random(seed);
    const auto set = compiled(random_rules(random));
    ASSERT_NE(set, nullptr);
    Matcher matcher(set);
    std::string block;
    for (int i = 0; i < 300; ++i) {
      block += random_line(random) + (random() % 5 == 0 ? "\r\n" : "\n");
    }
    block.resize(block.size() - random() % 2);  // the last line may lack its LF
    const auto expected = judge_lines(matcher, block, any_line);
    const auto found = scan(matcher, block, any_line);
    hits += expected.size();
    ASSERT_EQ(found, expected) << "seed " << seed;
  }
  EXPECT_GT(hits, 1000U);
}

TEST(Scan, BlocksLargerThanAPieceAreSplitBetweenLines) {
  const auto set = compiled({path_rule("probe", "/evil/[a-z]+/probe"), path_rule("short", "^/x$")});
  Matcher matcher(set);
  std::string block;
  size_t attacks = 0;
  while (block.size() < (2U << 20) + 4321) {
    const bool attack = block.size() % 7 == 0;
    attacks += attack ? 1U : 0U;
    block += access_line(attack ? "/evil/dead/probe" : "/good/" + std::string(block.size() % 300, 'g')) + "\n";
  }
  block += access_line("/long" + std::string(3U << 20, 'l')) + "\n" + access_line("/evil/last/probe");
  const auto found = scan(matcher, block);
  EXPECT_EQ(found.size(), attacks + 1);
  EXPECT_EQ(found, judge_lines(matcher, block));
}

TEST(Scan, CountsLinesAndSiftsThem) {
  model::Rule by_status = rule("status", LogKind::access, {patterns(Field::path, {"p"})});
  by_status.statuses = {401};
  const auto set = compiled({path_rule("probe", "/evil/probe"), by_status});
  EXPECT_TRUE(set->every_line_rules().empty());
  Matcher matcher(set);
  std::string block;
  for (int i = 0; i < 1000; ++i) {
    block += access_line("/index.html?page=" + std::to_string(i), "200") + "\n";
  }
  block += access_line("/evil/probe") + "\n" + access_line("/p", "401") + "\n\n";
  EXPECT_EQ(scan(matcher, block).size(), 2U);
  EXPECT_EQ(matcher.counters().lines, 1003U);
  EXPECT_EQ(matcher.counters().parsed, 2U);
  EXPECT_EQ(matcher.counters().hits, 2U);
}

TEST(Scan, RulesWithoutTextAreJudgedOnEveryLine) {
  const auto set = compiled({rule("any", LogKind::access, {}),
                             rule("agent/none", LogKind::access, {patterns(Field::user_agent, {"^-?$"})}),
                             path_rule("probe", "/evil/probe")});
  ASSERT_EQ(set->every_line_rules().size(), 2U);
  EXPECT_EQ(set->every_line_rules()[1]->id, "agent/none");
  Matcher matcher(set);
  const std::string block = access_line("/a", "200", "") + "\n\nnoise\n" + access_line("/evil/probe") + "\n";
  const auto found = scan(matcher, block);
  EXPECT_EQ(found, judge_lines(matcher, block));
  ASSERT_EQ(found.size(), 2U);
  EXPECT_EQ(found[0].hits, (std::vector<std::string>{"any 192.0.2.7 ", "agent/none 192.0.2.7 "}));
  EXPECT_EQ(found[1].hits, (std::vector<std::string>{"any 192.0.2.7 ", "probe 192.0.2.7 "}));
}

TEST(Scan, NoRulesAndNoLines) {
  Matcher none(compiled({}));
  EXPECT_TRUE(scan(none, access_line("/") + "\n").empty());
  Matcher some(compiled({path_rule("probe", "/evil/probe")}));
  EXPECT_TRUE(scan(some, "").empty());
  EXPECT_TRUE(scan(some, "\n\r\n\n").empty());
  EXPECT_EQ(some.counters().lines, 3U);
}

TEST(Scan, OffsetsAreTheFiles) {
  Matcher matcher(compiled({path_rule("probe", "/evil/probe")}));
  const std::string first = access_line("/good") + "\r\n";
  std::vector<uint64_t> offsets;
  matcher.scan_block(first + access_line("/evil/probe") + "\r\n", 1ULL << 40, 3, {}, noon,
                     [&](const model::RawLine& line, const LineResult&) {
                       offsets.push_back(line.offset);
                       EXPECT_EQ(line.source, 3U);
                       EXPECT_EQ(line.text, access_line("/evil/probe"));
                     });
  EXPECT_EQ(offsets, (std::vector<uint64_t>{(1ULL << 40) + first.size()}));
}

// A path may hold a line feed once it is decoded; expressions never match one, patterns may.
TEST(Scan, DecodedLineFeedsAreSeen) {
  const auto set = compiled(
      {path_rule("dot", "(?s)^/abc.def"), path_rule("class", "/abc[^x]def"), path_rule("literal", R"(/abc\ndef)")});
  Matcher matcher(set);
  const auto found = scan(matcher, access_line("/abc%0adef") + "\n");
  ASSERT_EQ(found.size(), 1U);
  EXPECT_EQ(found[0].hits.size(), 3U);
}

}  // namespace
}  // namespace ipguard::match
