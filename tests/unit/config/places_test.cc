// Paths that would be waited for in vain, and words of [rules] that name nothing.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "config/config.h"

namespace ipguard::config {
namespace {

using ::testing::HasSubstr;

struct PathCase {
  const char* path;
  Severity severity;
  const char* message;  // a part; "" = nothing is wrong
};

TEST(PathsTest, WhatWouldBeWaitedForInVainIsToldOf) {
  const std::vector<PathCase> cases = {
      {"/var/log/x.log", Severity::warning, ""},
      {"/var/log/[a-z]*.log", Severity::warning, ""},
      {"/var/log/[]a].log", Severity::warning, ""},
      {"/var/log/[!]].log", Severity::warning, ""},
      {R"(/var/log/\\[x.log)", Severity::warning, ""},
      {"~/x.log", Severity::error, "'~' stands for itself"},
      {"log/x.log", Severity::warning, "not from the root"},
      {"/var/log/[a-z.log", Severity::warning, "the '[' has no ']'"},
      {"/var/log/[]", Severity::warning, "the '[' has no ']'"},
      {"/var/log/[ab]/[!]", Severity::warning, "the '[' has no ']'"},
  };
  for (const auto& test : cases) {
    Diagnostics diagnostics;
    (void)parse_config("[[source]]\nname = \"x\"\npaths = [\"/a\", \"" + std::string(test.path) + "\"]\n", "t.toml",
                       diagnostics);
    if (std::string_view(test.message).empty()) {
      EXPECT_TRUE(diagnostics.all().empty()) << test.path << diagnostics.to_string();
      continue;
    }
    ASSERT_EQ(diagnostics.all().size(), 1U) << test.path << diagnostics.to_string();
    const auto& found = diagnostics.all()[0];
    EXPECT_EQ(found.severity, test.severity) << test.path;
    EXPECT_THAT(found.message, HasSubstr(test.message));
    EXPECT_EQ(location_text(found.location), "t.toml:3:16") << test.path;
    EXPECT_NE(found.hint, "") << test.path;
  }
}

struct RelativeCase {
  const char* table;
  const char* key;
  Severity severity;
  const char* message;
};

// What is read is looked for where ipguardd is started; what it makes would be made there.
TEST(PathsTest, APathThatDoesNotBeginAtTheRootIsToldOf) {
  const std::vector<RelativeCase> cases = {
      {"[database]", "paths", Severity::warning, "paths: not from the root"},
      {"[rules]", "paths", Severity::warning, "paths: not from the root"},
      {"[state]", "path", Severity::error, "path: 'relative' is no whole path"},
      {"[control]", "socket", Severity::error, "socket: 'relative' is no whole path"},
  };
  for (const auto& test : cases) {
    Diagnostics diagnostics;
    const auto config =
        parse_config(std::string(test.table) + '\n' + test.key + " = \"relative\"\n", "t.toml", diagnostics);
    ASSERT_EQ(diagnostics.all().size(), 1U) << test.table << diagnostics.to_string();
    EXPECT_EQ(diagnostics.all()[0].severity, test.severity) << test.table;
    EXPECT_THAT(diagnostics.all()[0].message, HasSubstr(test.message));
    EXPECT_EQ(location_text(diagnostics.all()[0].location),
              "t.toml:2:" + std::to_string(std::string_view(test.key).size() + 4))
        << test.table;
    EXPECT_EQ(config.state_path, "/var/lib/ipguard");
    EXPECT_EQ(config.control_socket, "/run/ipguard/ipguard.sock");
  }
}

TEST(SelectionTest, AWordThatNamesNoRuleIsReportedWhereItStands) {
  Diagnostics diagnostics;
  const auto config = parse_config(
      "[[source]]\nname = \"x\"\npaths = \"/a\"\n[rules]\nenable = [\"web/\",\n  \"no/such\"]\ndisable = "
      "\"nor/this\"\n",
      "t.toml", diagnostics);
  ASSERT_TRUE(diagnostics.all().empty()) << diagnostics.to_string();
  model::Rule rule;
  rule.id = "web/x";
  EXPECT_EQ(select_rules({rule}, config.rule_selection, config.rules_location, diagnostics).size(), 1U);
  ASSERT_EQ(diagnostics.all().size(), 2U) << diagnostics.to_string();
  EXPECT_EQ(location_text(diagnostics.all()[0].location), "t.toml:6:3");
  EXPECT_THAT(diagnostics.all()[0].message, HasSubstr("no/such"));
  EXPECT_EQ(location_text(diagnostics.all()[1].location), "t.toml:7:11");

  // On a command line words have no places of their own.
  Diagnostics plain;
  (void)select_rules({rule}, {.enable = {"no/such"}, .disable = {}, .places = {}}, {.file = "--enable"}, plain);
  ASSERT_EQ(plain.all().size(), 1U);
  EXPECT_EQ(plain.all()[0].location.file, "--enable");
}

}  // namespace
}  // namespace ipguard::config
