#include "cli/table.h"

#include <gtest/gtest.h>

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

TEST(TableTest, NarrowTerminalWrapsTheLastColumnAtBlanks) {
  const auto text = sample().to_string(40);
  EXPECT_EQ(text,
            "A   TARGET     WHY\n"
            "x   192.0.2.7  five hits of a rule\n"
            "               within ten minutes\n"
            "yy  é          -\n");
}

TEST(TableTest, AWordLongerThanTheColumnIsCut) {
  Table table({"A", "WHY"});
  table.add({"x", std::string(50, 'w')});
  EXPECT_EQ(table.to_string(23),
            "A  WHY\n"
            "x  " +
                std::string(20, 'w') + "\n" + "   " + std::string(20, 'w') + "\n" + "   " + std::string(10, 'w') +
                "\n");
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
