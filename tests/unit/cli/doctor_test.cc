// What doctor says of files, journals and the rest, in folders of its own.
#include "cli/doctor.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <stdlib.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>

#include "support/temp_folder.h"

namespace ipguard::cli {
namespace {

using ::testing::HasSubstr;
using Verdict = Finding::Verdict;

class Doctor : public ::testing::Test {
 protected:
  Doctor() {
    config::SourceConfig source;
    source.name = "web";
    source.paths = {folder / "*.log"};
    config.sources = {source};
  }

  void write(const std::string& name, const std::string& text) const { std::ofstream(folder / name) << text; }
  Findings examine() {
    Findings findings;
    examine_sources(config, rules, wall_clock_now(), findings);
    return findings;
  }
  static std::string repeated(const std::string& line, int times) {
    std::string text;
    for (int i = 0; i < times; ++i) {
      text += line + '\n';
    }
    return text;
  }

  const std::string access_line = R"(192.0.2.7 - - [25/Feb/2026:04:30:17 +0000] "GET /.env HTTP/1.1" 404 143 "-" "x")";
  const TempFolder folder;
  config::Config config;
  std::shared_ptr<const match::RuleSet> rules = check_rules({IPGUARD_SOURCE_DIR "/rules/web-probes.toml"}).rules;
};

TEST_F(Doctor, AFileThatIsRecognised) {
  write("access.log", repeated(access_line, 1000));
  const auto findings = examine();
  ASSERT_EQ(findings.size(), 1U);
  EXPECT_EQ(findings[0].verdict, Verdict::good) << findings[0].text;
  EXPECT_THAT(findings[0].text, HasSubstr("combined 100 %"));
  EXPECT_THAT(findings[0].text, HasSubstr("look for such lines (http"));
  EXPECT_EQ(findings[0].details["recognised_percent"], 100);
  EXPECT_EQ(findings[0].details["lines"], 200);
}

TEST_F(Doctor, AFileThatIsNot) {
  write("access.log", repeated("no format at all", 30) + repeated(access_line, 10));
  const auto findings = examine();
  ASSERT_EQ(findings.size(), 1U);
  EXPECT_EQ(findings[0].verdict, Verdict::problem);
  EXPECT_EQ(findings[0].details["recognised_percent"], 25);
  EXPECT_THAT(findings[0].remedy, HasSubstr("[[format]]"));
}

TEST_F(Doctor, EmptyMissingUnreadableAndUnfinished) {
  write("a.log", "");
  write("b.log", "a line that is being writ");
  std::filesystem::create_directory(folder / "c.log");
  config.sources[0].paths.push_back(folder / "none/*.log");
  const auto findings = examine();
  ASSERT_EQ(findings.size(), 4U);
  EXPECT_THAT(findings[0].text, HasSubstr("nothing in it yet"));
  EXPECT_THAT(findings[1].text, HasSubstr("nothing in it yet"));
  EXPECT_EQ(findings[2].verdict, Verdict::problem);
  EXPECT_FALSE(findings[2].remedy.empty());
  EXPECT_THAT(findings[3].text, HasSubstr("not here, and waited for: " + folder / "none/*.log"));
  EXPECT_EQ(findings[3].verdict, Verdict::note);
}

TEST_F(Doctor, NothingAnywhereIsAProblem) {
  const auto findings = examine();
  ASSERT_EQ(findings.size(), 2U);
  EXPECT_EQ(findings[1].verdict, Verdict::problem);
  EXPECT_THAT(findings[1].text, HasSubstr("no log here"));
}

TEST_F(Doctor, AJournalThatIsNotThere) {
  config.sources[0] = {};
  config.sources[0].name = "system";
  config.sources[0].kind = config::SourceKind::journal;
  config.sources[0].journal = folder / "journal";
  config.sources[0].fallback = {folder / "auth.log"};
  write("auth.log",
        repeated("2026-02-25T04:30:17+00:00 host sshd[1]: Failed password for root from 192.0.2.7 port 1 ssh2", 3));
  rules = check_rules({IPGUARD_SOURCE_DIR "/rules/sshd.toml"}).rules;
  const auto findings = examine();
  ASSERT_EQ(findings.size(), 2U);
  EXPECT_THAT(findings[0].text, HasSubstr("its fallback files are read instead"));
  EXPECT_EQ(findings[1].verdict, Verdict::good);
  EXPECT_THAT(findings[1].text, HasSubstr("(sshd)"));
  EXPECT_THAT(findings[1].text, HasSubstr("3 of the lines are hit"));
}

TEST_F(Doctor, WithoutRulesItLooksOnWhatThereIs) {
  write("access.log", repeated(access_line, 3));
  rules = nullptr;
  EXPECT_THAT(examine().at(0).text, HasSubstr("readable"));
}

TEST_F(Doctor, Databases) {
  config.database_paths = {folder / "none.mmdb"};
  Findings findings;
  examine_database(config, wall_clock_now(), findings);
  EXPECT_EQ(findings.at(0).verdict, Verdict::problem);
  config.database_paths = {IPGUARD_SOURCE_DIR "/tests/data/doc-ranges.mmdb"};
  findings.clear();
  examine_database(config, TimePoint{}, findings);
  EXPECT_EQ(findings.at(0).verdict, Verdict::good) << findings[0].text;
  findings.clear();
  examine_database(config, TimePoint{Seconds{4'000'000'000}}, findings);
  EXPECT_EQ(findings.at(0).verdict, Verdict::problem);
  EXPECT_THAT(findings[0].remedy, HasSubstr("db update"));
}

TEST_F(Doctor, NoDaemon) {
  Findings findings;
  examine_daemon(folder / "none.sock", findings);
  EXPECT_EQ(findings.at(0).verdict, Verdict::problem);
  EXPECT_THAT(findings[0].remedy, HasSubstr("systemctl"));
}

TEST_F(Doctor, TextAndJson) {
  const Findings findings = {
      {.subject = "rules", .text = "3 rules"},
      {.verdict = Verdict::problem, .subject = "daemon", .text = "it is not running", .remedy = "start it"}};
  EXPECT_EQ(findings_text(findings, 40),
            "ok       rules: 3 rules\n"
            "PROBLEM  daemon: it is not running\n"
            "         -> start it\n"
            "1 problem\n");
  EXPECT_THAT(findings_text({}, 40), HasSubstr("all is well"));
  const auto json = findings_json(findings);
  EXPECT_EQ(json["problems"], 1);
  EXPECT_EQ(json["findings"][1]["verdict"], "problem");
  EXPECT_EQ(json["findings"][0]["remedy"], nullptr);
}

}  // namespace
}  // namespace ipguard::cli
