#include "cli/table.h"

#include <gtest/gtest.h>

#include <array>
#include <cstdlib>
#include <string_view>
#include <vector>

namespace ipguard::cli {
namespace {

Table sample() {
  Table table({"A", "TARGET", "WHY"});
  table.add({"x", "192.0.2.7", "five hits of a rule within ten minutes"});
  table.add({"yy", "é", "-"});
  return table;
}

TEST(TableTest, UnlimitedWidthKeepsEachRowOnOneLine) {
  EXPECT_EQ(sample().to_string(std::nullopt),
            "A   TARGET     WHY\n"
            "x   192.0.2.7  five hits of a rule within ten minutes\n"
            "yy  é          -\n");
}

Table long_sample() {
  Table table({"SCOPE", "TARGET", "AS", "WHY"});
  table.add({"address", "192.0.2.7", "AS64496 Example",
             "5 hits of a rule between 2026-02-25T04:30:17Z and 2026-02-25T04:31:17Z"},
            {"access.log:7: a line of evidence that is never wrapped, because it is copied"});
  table.add({"asn", "AS64497", "-", "short"});
  return table;
}

TEST(TableTest, NarrowTerminalWrapsTheLastColumnAtBlanks) {
  EXPECT_EQ(sample().to_string(47),
            "A   TARGET     WHY\n"
            "x   192.0.2.7  five hits of a rule within ten\n"
            "               minutes\n"
            "yy  é          -\n");
}

TEST(TableTest, WithTooLittleRoomTheLastColumnGoesBelowItsRow) {
  EXPECT_EQ(long_sample().to_string(60),
            "SCOPE    TARGET     AS\n"
            "    WHY\n"
            "address  192.0.2.7  AS64496 Example\n"
            "    5 hits of a rule between 2026-02-25T04:30:17Z and\n"
            "    2026-02-25T04:31:17Z\n"
            "    access.log:7: a line of evidence that is never wrapped, because it is copied\n"
            "asn      AS64497    -\n"
            "    short\n");
}

TEST(TableTest, WhereNotEvenTheOtherColumnsFitRowsBecomeParagraphs) {
  EXPECT_EQ(long_sample().to_string(32),
            "address\n"
            "    TARGET 192.0.2.7\n"
            "    AS AS64496 Example\n"
            "    5 hits of a rule between\n"
            "    2026-02-25T04:30:17Z and\n"
            "    2026-02-25T04:31:17Z\n"
            "    access.log:7: a line of evidence that is never wrapped, because it is copied\n"
            "asn\n"
            "    TARGET AS64497\n"
            "    short\n");
}

TEST(TableTest, OneLineARowLeavesOutWhatDoesNotFit) {
  constexpr std::array<std::string_view, 3> dispensable = {"SCOPE", "AS", "WHY"};  // SCOPE is one of the first two
  EXPECT_EQ(long_sample().to_lines(50, dispensable),
            (std::vector<std::string>{"SCOPE    TARGET     AS               WHY",
                                      "address  192.0.2.7  AS64496 Example  5 hits of a …",
                                      "asn      AS64497    -                short"}));
  EXPECT_EQ(long_sample().to_lines(40, dispensable),
            (std::vector<std::string>{"SCOPE    TARGET     WHY", "address  192.0.2.7  5 hits of a rule be…",
                                      "asn      AS64497    short"}));
  EXPECT_EQ(long_sample().to_lines(20, dispensable),
            (std::vector<std::string>{"SCOPE    TARGET", "address  192.0.2.7", "asn      AS64497"}));
  EXPECT_EQ(long_sample().to_lines(10, dispensable),
            (std::vector<std::string>{"SCOPE    …", "address  …", "asn      …"}));
}

TEST(TableTest, ShortensByColumns) {
  EXPECT_EQ(shortened("äöü", 3), "äöü");
  EXPECT_EQ(shortened("äöüx", 3), "äö…");
  EXPECT_EQ(shortened("abc", 1), "…");
  EXPECT_EQ(shortened("abc", 0), "");
}

TEST(TableTest, NotesStandBelowTheirRowAtAnyWidth) {
  EXPECT_NE(long_sample().to_string(std::nullopt).find("04:31:17Z\n    access.log:7: "), std::string::npos);
}

TEST(TableTest, AWordLongerThanTheLineIsCut) {
  EXPECT_EQ(wrapped(std::string(50, 'w'), 24, 4),
            "    " + std::string(20, 'w') + "\n    " + std::string(20, 'w') + "\n    " + std::string(10, 'w') + "\n");
  EXPECT_EQ(wrapped("", 24, 4), "    \n");
}

TEST(TableTest, WithoutATerminalColumnsIsHonoured) {
  struct Case {
    const char* columns;
    std::optional<size_t> width;
  };
  for (const auto& [columns, width] : {Case{"60", 60}, Case{"0", std::nullopt}, Case{"", std::nullopt},
                                       Case{"wide", std::nullopt}, Case{"99999999", std::nullopt}}) {
    ::setenv("COLUMNS", columns, 1);
    testing::internal::CaptureStdout();  // a file, whatever the test runs in
    const auto found = terminal_width();
    testing::internal::GetCapturedStdout();
    EXPECT_EQ(found, width) << columns;
  }
  ::unsetenv("COLUMNS");
}

TEST(TableTest, DurationsShowTheirTwoLargestUnits) {
  EXPECT_EQ(short_duration(Seconds{0}), "0s");
  EXPECT_EQ(short_duration(Seconds{59}), "59s");
  EXPECT_EQ(short_duration(Seconds{3600}), "1h");
  EXPECT_EQ(short_duration(Seconds{93784}), "1d2h");
}

TEST(TableTest, TimeLeftOfNullIsPermanent) {
  const auto now = from_civil(2026, 2, 25, 4, 30, 0);
  EXPECT_EQ(time_left(nullptr, now), "permanent");
  EXPECT_EQ(time_left("2026-02-25T06:30:10Z", now), "2h10s");
  EXPECT_EQ(time_left("soon", now), "?");
}

TEST(TableTest, CellsFromTheDaemonAreEscaped) {
  const Json object = {{"text", "a\x1b[31mb"}, {"null", nullptr}, {"number", 7}};
  EXPECT_EQ(cell(object, "text"), "a\\x1b[31mb");
  EXPECT_EQ(cell(object, "null"), "-");
  EXPECT_EQ(cell(object, "missing"), "-");
  EXPECT_EQ(cell(object, "number"), "7");
}

}  // namespace
}  // namespace ipguard::cli
