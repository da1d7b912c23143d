// The promise of superset.h, against RE2 itself.
#include <gtest/gtest.h>

#include <random>

#include "match/judge.h"
#include "match/scanner.h"
#include "match/superset.h"
#include "pattern_generator.h"

namespace ipguard::match {
namespace {

std::string expression_of(const std::string& pattern) {
  const auto tree = parse_pattern(pattern);
  if (!tree) {
    return "unreadable";
  }
  const Superset superset = make_superset(*tree);
  std::string all;
  for (const ScanText& text : superset.texts) {
    all += (all.empty() ? "" : "|") + std::string(text.any_case ? "any case: " : "text: ") + text.bytes;
  }
  for (const std::string& expression : superset.expressions) {
    all += (all.empty() ? "" : "|") + expression;
  }
  return all;
}

TEST(Superset, DropsWhatTheScannerNeedNotSee) {
  const std::pair<const char*, const char*> cases[] = {
      {"^/admin$", "text: /admin"},
      {R"(\bfoo\b.*)", "foo"},
      {"(?P<user>.*) from", R"(\x20from)"},
      {"(?i)aB1", "(?i)ab1"},
      {"(?i)a[0-9]_", R"((?i)a[0-9]\x5f)"},
      {"a.c", R"(a[\x00-\x09\x0b-\xff]c)"},
      {"a[^b]c", R"(a[\x00-\x09\x0b-ac-\xff]c)"},
      {R"(a\sb)", R"(a\x09b|a\x0cb|a\x0db|a\x20b)"},
      {"ab(?:b|c)*d", "ab"},
      {R"(\[[^\]]+\].*: 535 Wrong)", "text: : 535 Wrong"},
      {"(?i)(?:Foobarbaz|x.{3}[Q]uuxquux)", "any case: foobarbaz|any case: quuxquux"},
      {"[0-9] times: \\[ [Ff]ailure ", "any case:  times: [ failure "},
      {"(?:longest text|HTTP/1.1) [0-9]+ .*another text", "text: another text"},
      {"foobarx+bazquux.*", "text: xbazquux"},
      {"Mozilla/5\\.0.*zgrab", "text: zgrab"},
      {"(?:foo.*ba|x+yy+)", "foo|xyy"},
      {"xa+", "xa"},
      {"(?:ab){3,9}", "text: ababab"},
      {"(?:a.*|b+)", "a|b"},
      {"foo(?:bar)?$", "foo"},
      {R"(\Qa.b\E\x41\101)", "text: a.bAA"},
      {"x{,3}y", "text: x{,3}y"},
      {R"(foo\nbar)", ""},  // no line holds it
      {R"(foo|a\nb)", "foo"},
      {R"(\pL)", "unreadable"},
  };
  for (const auto& [pattern, expression] : cases) {
    EXPECT_EQ(expression_of(pattern), expression) << pattern;
  }
}

TEST(Superset, MeasuresTheRarestRun) {
  const std::pair<const char*, double> cases[] = {
      {"abc", 24},          {"(?i)abc", 21},      {"ab.cde", 24},        {"abc|x", 0},      {"(?:abc)?d", 0},
      {"[a-z]+", 0},        {"(?:ab){2}c", 40},   {R"(\(\) ?\{ ?)", 24}, {"ab[a-z]?c", 16}, {"ab.*c", 16},
      {"Mozilla/5\\.0", 0}, {"q(?:b|cde)?z", 16}, {"a+b", 16},  // the a's in front of the last are trimmed
  };
  for (const auto& [pattern, bits] : cases) {
    EXPECT_DOUBLE_EQ(make_superset(*parse_pattern(pattern)).information, bits) << pattern;
  }
}

class Found : public ScanReceiver {
 public:
  void on_match(uint32_t /*id*/, size_t /*end*/) override { found = true; }
  bool found = false;
};

TEST(Superset, FindsWhateverThePatternFinds) {
  std::mt19937 random(20260301);
  test::PatternGenerator generate(random);
  int patterns = 0;
  int matches = 0;
  while (patterns < 600) {
    const std::string pattern = generate.pattern();
    const auto regex = compile_regex(pattern);
    ASSERT_TRUE(regex->ok()) << pattern << ": " << regex->error();
    const auto tree = parse_pattern(pattern);
    ASSERT_TRUE(tree) << pattern;
    const Superset superset = make_superset(*tree);
    const bool nothing = superset.texts.empty() && superset.expressions.empty();
    if (nothing || (!superset.expressions.empty() && superset.expressions.front().empty())) {
      continue;  // it may be found in the empty text, and is never looked for
    }
    std::vector<TextSieve> sieves;
    for (const ScanText& text : superset.texts) {
      const std::vector<uint32_t> id(1);
      sieves.emplace_back(std::span(&text, 1), id, *TextSieve::shape_for(text.bytes));
    }
    std::unique_ptr<const Scanner> scanner;
    if (!superset.expressions.empty()) {
      auto compiled = Scanner::compile(superset.expressions, std::vector<uint32_t>(superset.expressions.size()));
      if (!compiled) {
        continue;
      }
      scanner = std::move(*compiled);
    }
    ++patterns;
    auto state = scanner ? std::make_unique<ScanState>(*scanner) : nullptr;
    for (int i = 0; i < 40; ++i) {
      const std::string text = generate.text();
      if (!regex->Match(text, 0, text.size(), re2::RE2::UNANCHORED, nullptr, 0)) {
        continue;
      }
      ++matches;
      Found found;
      const std::string block = "some line\n" + text + "\nanother";
      std::ranges::for_each(sieves, [&](const TextSieve& sieve) { sieve.scan(block, found); });
      if (state) {
        state->scan(*scanner, block, found);
      }
      ASSERT_TRUE(found.found) << "pattern " << pattern << "\nsuperset " << expression_of(pattern) << "\ntext " << text;
    }
  }
  EXPECT_GT(matches, 2000);
}

}  // namespace
}  // namespace ipguard::match
