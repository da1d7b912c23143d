// pattern_edges.h against RE2.
#include "match/pattern_edges.h"

#include <gtest/gtest.h>

#include <random>
#include <string>

#include "match/judge.h"
#include "pattern_generator.h"

namespace ipguard::match {
namespace {

using Answer = PatternEdges::Answer;

PatternEdges edges_of(const std::string& pattern) {
  const auto tree = parse_pattern(pattern);
  return tree ? PatternEdges(*tree) : PatternEdges();
}

TEST(PatternEdges, Answer) {
  struct Case {
    const char* pattern;
    const char* text;
    Answer answer;
  };
  const Case cases[] = {
      {"^/", "/index.html", Answer::found},
      {"^/", "index.html", Answer::not_found},
      {"^/", "", Answer::not_found},
      {"(?i)^/WP", "/wp-login.php", Answer::found},
      {"^/wp-login", "/wp-admin", Answer::unknown},  // beyond the edge
      {"^/wp-login", "/wq", Answer::not_found},
      {"/wp", "/index.html", Answer::unknown},  // anywhere
      {R"((?i)\.(?:jpe?g|png)$)", "/a.JPG", Answer::unknown},
      {R"((?i)\.(?:jpe?g|png)$)", "/a.php", Answer::not_found},
      {"^(?:ab|cd)", "ad", Answer::unknown},  // each byte is one of an edge's, together they are not
      {"^(?:a|bcd)$", "b", Answer::not_found},
      {"^(?:a|bcd)$", "bd", Answer::unknown},
      {"^(?:a|bcd)$", "c", Answer::not_found},
      {"(?m)^a", "b\na", Answer::unknown},
      {"^a{2,3}b", "ab", Answer::not_found},
      {"^a{2,3}b", "aab", Answer::unknown},
      {"^a?b", "b", Answer::unknown},
      {"^$", "", Answer::unknown},
  };
  for (const auto& each : cases) {
    EXPECT_EQ(edges_of(each.pattern).look_at(each.text), each.answer) << each.pattern << " in " << each.text;
  }
}

TEST(PatternEdges, AgreeWithRe2OnRandomPatternsAndTexts) {
  std::mt19937 random(4);
  test::PatternGenerator generate(random);
  size_t denied = 0;
  size_t settled = 0;
  for (int i = 0; i < 3000; ++i) {
    std::string pattern = generate.pattern();
    pattern = random() % 2 == 0 ? "^(?:" + pattern + ")" : "^" + pattern;
    pattern += random() % 2 == 0 ? "$" : "";
    const auto regex = compile_regex(pattern);
    if (!regex->ok()) {
      continue;
    }
    const auto edges = edges_of(pattern);
    for (int j = 0; j < 60; ++j) {
      const std::string text = generate.text();
      const auto answer = edges.look_at(text);
      if (answer == Answer::unknown) {
        continue;
      }
      ASSERT_EQ(answer == Answer::found, regex->Match(text, 0, text.size(), re2::RE2::UNANCHORED, nullptr, 0))
          << pattern << " in " << ::testing::PrintToString(text);
      denied += answer == Answer::not_found ? 1U : 0U;
      settled += answer == Answer::found ? 1U : 0U;
    }
  }
  EXPECT_GT(denied, 50'000U);
  EXPECT_GT(settled, 1'000U);
}

}  // namespace
}  // namespace ipguard::match
