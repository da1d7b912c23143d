#include "config/diagnostic.h"

#include <gtest/gtest.h>

namespace ipguard::config {
namespace {

TEST(Diagnostic, ShowsPlaceLineCaretAndHint) {
  Diagnostics diagnostics;
  diagnostics.keep_text("a.toml", "one = 1\nthreshold = -1\r\nthree = 3\n");
  diagnostics.error({.file = "a.toml", .line = 2, .column = 13}, "threshold: -1 is out of range", "write 1 to 1000");
  EXPECT_EQ(diagnostics.to_string(),
            "a.toml:2:13: error: threshold: -1 is out of range\n"
            "  2 | threshold = -1\n"
            "    |             ^\n"
            "  hint: write 1 to 1000\n"
            "1 error\n");
}

TEST(Diagnostic, LeavesOutWhatIsNotKnown) {
  Diagnostics diagnostics;
  diagnostics.error({}, "nowhere");
  diagnostics.warning({.file = "b.toml"}, "somewhere");
  diagnostics.warning({.file = "b.toml", .line = 3}, "in a line");
  EXPECT_EQ(diagnostics.to_string(),
            "error: nowhere\n"
            "b.toml: warning: somewhere\n"
            "b.toml:3: warning: in a line\n"
            "1 error, 2 warnings\n");
}

TEST(Diagnostic, SortsByFileLineAndColumn) {
  Diagnostics diagnostics;
  diagnostics.keep_text("a", "");
  diagnostics.error({.file = "b", .line = 1, .column = 1}, "4");
  diagnostics.error({.file = "a", .line = 12, .column = 1}, "3");
  diagnostics.error({.file = "a", .line = 2, .column = 7}, "2");
  diagnostics.error({.file = "a", .line = 2, .column = 3}, "1");
  EXPECT_EQ(diagnostics.to_string(), "a:2:3: error: 1\na:2:7: error: 2\na:12:1: error: 3\nb:1:1: error: 4\n4 errors\n");
  EXPECT_EQ(diagnostics.all().front().message, "4");  // as found
}

// The configuration before the rules that it names, whatever they are called and whichever problem was found first.
TEST(Diagnostic, FilesComeInTheOrderInWhichTheyWereRead) {
  Diagnostics diagnostics;
  diagnostics.keep_text("z.toml", "");
  diagnostics.error({.file = "a/rules.toml", .line = 1}, "second");
  diagnostics.error({.file = "z.toml", .line = 9}, "first");
  diagnostics.error({.file = "a.mmdb"}, "third");
  EXPECT_EQ(diagnostics.to_string(),
            "z.toml:9: error: first\na/rules.toml:1: error: second\na.mmdb: error: third\n3 errors\n");
}

TEST(Diagnostic, IsEmptyWithoutProblems) {
  const Diagnostics diagnostics;
  EXPECT_EQ(diagnostics.to_string(), "");
  EXPECT_FALSE(diagnostics.has_errors());
}

TEST(Diagnostic, WarningsAreNoErrors) {
  Diagnostics diagnostics;
  diagnostics.warning({}, "hm");
  EXPECT_FALSE(diagnostics.has_errors());
  diagnostics.error({}, "oh");
  EXPECT_TRUE(diagnostics.has_errors());
  EXPECT_EQ(diagnostics.error_count(), 1U);
  EXPECT_EQ(diagnostics.warning_count(), 1U);
}

TEST(Diagnostic, KeepsTheSameProblemOnce) {
  Diagnostics diagnostics;
  diagnostics.error({.file = "a", .line = 1, .column = 1}, "same");
  diagnostics.error({.file = "a", .line = 1, .column = 1}, "same");
  diagnostics.error({.file = "a", .line = 1, .column = 2}, "same");
  EXPECT_EQ(diagnostics.error_count(), 2U);
}

TEST(Diagnostic, BoundsWhatItKeepsAndCountsTheRest) {
  Diagnostics diagnostics;
  for (uint32_t line = 1; line <= 1500; ++line) {
    diagnostics.error({.file = "a", .line = line, .column = 1}, "wrong");
  }
  EXPECT_EQ(diagnostics.all().size(), Diagnostics::max_kept);
  EXPECT_EQ(diagnostics.error_count(), 1500U);
  EXPECT_TRUE(diagnostics.to_string().ends_with("a:1000:1: error: wrong\n… and 500 more\n1,500 errors\n"));
}

// Law 6: nothing from a file reaches a terminal unescaped.
TEST(Diagnostic, EscapesEverythingFromFiles) {
  const Diagnostic diagnostic{.severity = Severity::error,
                              .location = {.file = "x\x1b[31m.toml", .line = 1, .column = 2},
                              .message = "bad \x07 \xff",
                              .hint = "not \x7f",
                              .source = "\x1b[2J\\d\\xff"};
  EXPECT_EQ(diagnostic.to_string(),
            "x\\x1b[31m.toml:1:2: error: bad \\x07 \\xff\n"
            "  1 | \\x1b[2J\\d\\xff\n"
            "    |     ^\n"
            "  hint: not \\x7f\n");
}

struct CaretCase {
  const char* name;
  std::string source;
  uint32_t column;
  std::string line;
  size_t caret;  // blanks before it
};

class Caret : public testing::TestWithParam<CaretCase> {};

TEST_P(Caret, StandsUnderItsColumn) {
  const auto& param = GetParam();
  const Diagnostic diagnostic{.severity = Severity::error,
                              .location = {.file = "f", .line = 7, .column = param.column},
                              .message = "m",
                              .hint = {},
                              .source = param.source};
  EXPECT_EQ(diagnostic.to_string(), "f:7:" + std::to_string(param.column) + ": error: m\n  7 | " + param.line +
                                        "\n    | " + std::string(param.caret, ' ') + "^\n");
}

INSTANTIATE_TEST_SUITE_P(
    Sources, Caret,
    testing::Values(CaretCase{"first", "abc", 1, "abc", 0}, CaretCase{"last", "abc", 3, "abc", 2},
                    CaretCase{"behind_the_end", "abc", 4, "abc", 3}, CaretCase{"far_behind", "abc", 40, "abc", 3},
                    CaretCase{"code_points", "é = ü", 5, "é = ü", 4}, CaretCase{"tab", "\ta = 1", 2, " a = 1", 1},
                    CaretCase{"escaped_before",
                              "\x01"
                              "a",
                              2, "\\x01a", 4},
                    CaretCase{"cut_behind", std::string(300, 'a'), 5, std::string(100, 'a') + "…", 4},
                    CaretCase{"cut_on_both_sides", std::string(300, 'a'), 200, "…" + std::string(100, 'a') + "…", 61},
                    CaretCase{"cut_before", std::string(300, 'a'), 300, "…" + std::string(61, 'a'), 61},
                    CaretCase{"lone_continuation",
                              "\x80\x80"
                              "a",
                              2, "\\x80\\x80a", 8}),
    [](const auto& test) { return test.param.name; });

}  // namespace
}  // namespace ipguard::config
