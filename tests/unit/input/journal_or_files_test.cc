// A source with a journal and fallback files, as each of them comes and goes.
#include <fcntl.h>
#include <sys/stat.h>

#include <array>

#include "input/inputs.h"
#include "journal_fixture.h"

namespace ipguard::input {
namespace {

namespace fs = std::filesystem;

class JournalOrFiles : public JournalFixture {
 protected:
  void SetUp() override {
    JournalFixture::SetUp();
    fs::remove(folder);
    config.fallback = {log};
    config.from = config::StartPosition::end;
    sources = {config};
  }

  // Numbered as the journal's entries are: line N of the journal was received at second N + 1 (journal_fixture.h).
  void log_lines(int first, int last) {
    for (int i = first; i <= last; ++i) {
      append(log, "Jan  1 00:00:00 host sshd[12]: line " + std::to_string(i) + "\n");
    }
    set_changed(static_cast<double>(last) + 1.5);
  }
  void set_changed(double second) {
    constexpr time_t beginning = 1'767'225'600;
    const auto whole = static_cast<time_t>(second);
    const timespec time{beginning + whole, static_cast<long>((second - static_cast<double>(whole)) * 1e9)};
    const std::array<timespec, 2> times = {time, time};
    ASSERT_EQ(::utimensat(AT_FDCWD, log.c_str(), times.data(), 0), 0);
  }
  void journal_lines(int first, int last) {
    fs::create_directories(folder);
    write_numbered("system-" + std::to_string(first) + ".journal", first, last);
  }

  void run(std::vector<model::Cursor> saved = {}) {
    inputs.emplace(
        loop, sources, std::move(saved), 0,
        [this](const Block& block) {
          auto rest = block.bytes;
          uint64_t lines = 0;
          for (; !rest.empty(); ++lines) {
            const size_t end = rest.find('\n');
            seen.emplace_back(rest.substr(0, end));
            rest.remove_prefix(end + 1);
          }
          return Follower::Consumed{.lines = lines};
        },
        FollowerTiming{}, SIZE_MAX);
    ASSERT_TRUE(inputs->start());
    settle();
  }
  // What is there is read, and whoever gives way has done so.
  void settle() {
    do {
      loop.poll();
    } while (!inputs->caught_up());
    loop.poll();
  }
  std::vector<std::string> news() {
    settle();
    return messages(seen);
  }
  std::vector<model::Cursor> end_run() {
    auto cursors = inputs->cursors();
    inputs.reset();
    return cursors;
  }
  [[nodiscard]] model::Losses lost() const {
    const auto losses = inputs->losses();
    const auto ours = losses.find(config.name);
    return ours == losses.end() ? model::Losses{} : ours->second;
  }

  std::string log = temp / "auth.log";
  std::vector<config::SourceConfig> sources;
  std::optional<Inputs> inputs;
};

TEST_F(JournalOrFiles, WithNeitherBothAreWaitedForAndTheFilesCome) {
  run();
  EXPECT_EQ(inputs->status().size(), 2U) << "both are waited for";
  log_lines(1, 2);
  EXPECT_EQ(news(), numbered(1, 2)) << "from the beginning: it came later";
  log_lines(3, 3);
  EXPECT_EQ(news(), numbered(3, 3));
  EXPECT_FALSE(lost().any());
}

TEST_F(JournalOrFiles, WithNeitherBothAreWaitedForAndTheJournalComes) {
  run();
  journal_lines(1, 3);
  EXPECT_EQ(news(), numbered(1, 3));
  log_lines(1, 5);
  EXPECT_EQ(news(), Texts{}) << "what a syslog daemon writes is in the journal";
  EXPECT_FALSE(lost().any());
}

TEST_F(JournalOrFiles, TheJournalTakesOverFromTheFiles) {
  log_lines(1, 2);
  run();
  log_lines(3, 5);
  EXPECT_EQ(news(), numbered(3, 5));
  journal_lines(1, 8);  // second 2 to 9; the file was changed last at 6.5
  EXPECT_EQ(news(), numbered(5, 8)) << "of the second before the file's last change all is read";
  EXPECT_EQ(lost().bytes + lost().of_unknown_size, 0U);
  EXPECT_GT(lost().reread_bytes, 0U) << "line 5 was perhaps read twice, and it is known";
  log_lines(9, 9);
  EXPECT_EQ(news(), Texts{});
}

TEST_F(JournalOrFiles, TheJournalTakesOverFromFilesThatNobodyWritesAnyMore) {
  log_lines(1, 2);
  set_changed(2.5);
  run();
  log_lines(3, 3);
  set_changed(4.5);
  EXPECT_EQ(news(), numbered(3, 3));
  journal_lines(1, 3);  // the syslog daemon has gone
  journal_lines(4, 6);
  EXPECT_EQ(news(), numbered(3, 6));
}

TEST_F(JournalOrFiles, TheFilesTakeOverFromTheJournal) {
  log_lines(1, 2);
  journal_lines(1, 3);
  run();
  EXPECT_EQ(news(), Texts{});
  journal_lines(4, 5);
  EXPECT_EQ(news(), numbered(4, 5));
  log_lines(3, 5);
  (void)inputs->cursors();  // as the daemon does every second
  log_lines(6, 7);
  fs::remove_all(folder);
  EXPECT_EQ(news(), numbered(6, 7)) << "from where they ended when the journal was read";
  EXPECT_FALSE(lost().any());
  journal_lines(6, 9);
  EXPECT_EQ(news(), numbered(7, 9)) << "and back again";
}

TEST_F(JournalOrFiles, AFileThatCameWhileTheJournalWasReadIsReadFromItsBeginning) {
  journal_lines(1, 3);
  run();
  (void)inputs->cursors();
  log_lines(4, 5);
  fs::remove_all(folder);
  EXPECT_EQ(news(), numbered(4, 5));
}

TEST_F(JournalOrFiles, WhileNobodyRanTheJournalTookOver) {
  log_lines(1, 2);
  run();
  log_lines(3, 3);
  EXPECT_EQ(news(), numbered(3, 3));
  const auto cursors = end_run();
  log_lines(4, 5);
  journal_lines(1, 8);
  run(cursors);
  EXPECT_EQ(news(), (Texts{"line 4", "line 5", "line 5", "line 6", "line 7", "line 8"}))
      << "first the rest of the files, then the journal from their end on";
  EXPECT_EQ(lost().bytes + lost().of_unknown_size, 0U);
  const auto later = end_run();
  run(later);
  EXPECT_EQ(news(), Texts{});
}

TEST_F(JournalOrFiles, WhileNobodyRanTheJournalWent) {
  log_lines(1, 2);
  journal_lines(1, 2);
  run();
  journal_lines(3, 4);
  log_lines(3, 4);
  EXPECT_EQ(news(), numbered(3, 4));
  const auto cursors = end_run();
  log_lines(5, 7);
  fs::remove_all(folder);
  run(cursors);
  EXPECT_EQ(news(), numbered(5, 7));
  EXPECT_FALSE(lost().any());
}

TEST_F(JournalOrFiles, AReloadLeavesItAsItIs) {
  log_lines(1, 2);
  run();
  log_lines(3, 4);
  EXPECT_EQ(news(), numbered(3, 4));
  auto other = sources;
  inputs->change_sources(other);
  log_lines(5, 5);
  EXPECT_EQ(news(), numbered(5, 5));
  journal_lines(1, 6);
  EXPECT_EQ(news(), numbered(5, 6));
  inputs->change_sources(sources);
  journal_lines(7, 7);
  EXPECT_EQ(news(), numbered(7, 7));
}

}  // namespace
}  // namespace ipguard::input
