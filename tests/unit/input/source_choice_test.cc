#include "input/source_choice.h"

#include <filesystem>

#include "followed_files.h"

namespace ipguard::input {
namespace {

class SourceChoice : public ::testing::Test {
 protected:
  config::SourceConfig journal_or(std::vector<std::string> fallback) {
    config::SourceConfig source;
    source.name = "system";
    source.kind = config::SourceKind::journal;
    source.journal = temp / "journal";
    source.fallback = std::move(fallback);
    return source;
  }

  TempFolder temp;
};

TEST_F(SourceChoice, FilesWhereThereIsNoJournal) {
  append(temp / "auth.log", "x\n");
  std::vector sources = {journal_or({temp / "auth.log", temp / "secure"})};
  const auto sentences = choose_inputs(sources);
  ASSERT_EQ(sentences.size(), 1U);
  EXPECT_EQ(sentences[0],
            "source system: no journal in " + (temp / "journal") + ": its fallback files are read instead");
  EXPECT_EQ(sources[0].kind, config::SourceKind::files);
  EXPECT_EQ(sources[0].paths, (std::vector{temp / "auth.log", temp / "secure"}));
  EXPECT_EQ(sources[0].format, "auto");
}

TEST_F(SourceChoice, TheJournalWhereItIs) {
  append(temp / "auth.log", "x\n");
  std::filesystem::create_directory(temp / "journal");
  append(temp / "journal/system.journal", "LPKSHHRH");
  std::vector sources = {journal_or({temp / "auth.log"})};
  EXPECT_TRUE(choose_inputs(sources).empty());
  EXPECT_EQ(sources[0].kind, config::SourceKind::journal);
  EXPECT_EQ(sources[0].format, "syslog") << "nothing that an entry says makes it another log's line";
}

TEST_F(SourceChoice, WithoutFallbackTheJournalIsWaitedFor) {
  std::vector sources = {journal_or({})};
  EXPECT_TRUE(choose_inputs(sources).empty());
  EXPECT_EQ(sources[0].kind, config::SourceKind::journal);
}

TEST_F(SourceChoice, OtherSourcesStay) {
  config::SourceConfig files;
  files.paths = {"/x"};
  std::vector sources = {files};
  EXPECT_TRUE(choose_inputs(sources).empty());
  EXPECT_EQ(sources[0].format, "auto");
}

}  // namespace
}  // namespace ipguard::input
