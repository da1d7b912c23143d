#include <sys/stat.h>

#include <fstream>
#include <set>

#include "journal_fixture.h"
#include "support/unprivileged.h"

namespace ipguard::input {
namespace {

namespace fs = std::filesystem;

TEST_F(JournalFixture, EntriesBecomeLinesOfASyslogFile) {
  write("system.journal", {by_root("sshd", "Failed password for root from 192.0.2.7 port 22 ssh2"),
                           said("kernel", "martian source", {{"_TRANSPORT", "kernel"}})});
  start();
  EXPECT_EQ(seen, (Texts{"2026-01-01T00:00:02.000000+00:00 host sshd[12]: Failed password for root from 192.0.2.7 port "
                         "22 ssh2",
                         "2026-01-01T00:00:03.000000+00:00 host kernel: martian source"}));
  EXPECT_EQ(status().state, "following");
  EXPECT_EQ(status().lines, 2U);
  EXPECT_EQ(status().losses_of_unknown_size, 0U);
}

TEST_F(JournalFixture, FromTheEndOnlyWhatComes) {
  config.from = config::StartPosition::end;
  write_numbered("system.journal", 1, 3);
  start();
  EXPECT_EQ(next_messages(), Texts{});
  write_numbered("system.journal", 4, 5);
  EXPECT_EQ(next_messages(), numbered(4, 5));
}

TEST_F(JournalFixture, FromTheEndOfAnEmptyJournalAllThatComes) {
  config.from = config::StartPosition::end;
  start();
  EXPECT_EQ(status().state, "waiting: no journal in " + folder);
  write_numbered("system.journal", 1, 2);
  EXPECT_EQ(next_messages(), numbered(1, 2));
  EXPECT_EQ(status().state, "following");
}

TEST_F(JournalFixture, AFolderThatComesLater) {
  config.from = config::StartPosition::end;
  fs::remove(folder);
  start();
  EXPECT_EQ(status().state, "waiting: no journal in " + folder);
  fs::create_directory(folder);
  write_numbered("system.journal", 1, 2);
  EXPECT_EQ(next_messages(), numbered(1, 2));
}

TEST_F(JournalFixture, ManyTurnsGiveEachEntryOnce) {
  write_numbered("system.journal", 1, 7000);
  start();
  EXPECT_EQ(next_messages(), numbered(1, 7000));
  EXPECT_EQ(status().lines, 7000U);
}

TEST_F(JournalFixture, RotatedFilesAreOneJournal) {
  write_numbered("system.journal", 1, 3);
  start();
  fs::rename(folder + "/system.journal", folder + "/system@0001.journal");
  write_numbered("system.journal", 4, 6);
  EXPECT_EQ(next_messages(), numbered(1, 6));
  EXPECT_EQ(status().rotations, 1U);
  EXPECT_EQ(status().losses_of_unknown_size, 0U);
}

TEST_F(JournalFixture, GoesOnAtTheCursor) {
  write_numbered("system.journal", 1, 5);
  start();
  EXPECT_EQ(next_messages(), numbered(1, 5));
  const auto cursors = stop();
  ASSERT_EQ(cursors.size(), 1U);
  EXPECT_EQ(cursors[0].path, cursor_prefix("journal") + folder);
  EXPECT_FALSE(cursors[0].journal_cursor.empty());
  fs::rename(folder + "/system.journal", folder + "/system@0001.journal");
  write_numbered("system.journal", 6, 9);
  start(cursors);
  EXPECT_EQ(next_messages(), numbered(6, 9));
  EXPECT_EQ(status().losses_of_unknown_size, 0U);
}

TEST_F(JournalFixture, ReplaysWhatCameBeforeTheCursor) {
  write_numbered("system.journal", 1, 20);
  start();
  const auto cursors = stop();
  seen.clear();
  write_numbered("system.journal", 21, 22);
  start(cursors, 5 * 256);
  EXPECT_EQ(next_messages(), numbered(21, 22));
  EXPECT_EQ(messages(replayed), numbered(15, 20));
  EXPECT_EQ(status().lines, 2U) << "what is replayed does not count";
  const auto after = stop();
  start(after, 1'000'000);
  EXPECT_EQ(next_messages(), Texts{});
  EXPECT_EQ(messages(replayed), numbered(1, 22));
}

TEST_F(JournalFixture, WithoutAnEntryTheNextRunReadsAll) {
  config.from = config::StartPosition::end;
  start();
  const auto cursors = stop();
  write_numbered("system.journal", 1, 2);
  start(cursors);
  EXPECT_EQ(next_messages(), numbered(1, 2));
}

TEST_F(JournalFixture, VacuumedWhileNobodyReadIsALoss) {
  write_numbered("system@0001.journal", 1, 5);
  start();
  const auto cursors = stop();
  seen.clear();
  write_numbered("system@0002.journal", 6, 9);
  write_numbered("system.journal", 10, 12);
  fs::remove(folder + "/system@0001.journal");
  fs::remove(folder + "/system@0002.journal");
  start(cursors, 4096);
  EXPECT_EQ(next_messages(), numbered(10, 12));
  EXPECT_EQ(replayed, Texts{});
  EXPECT_EQ(status().losses_of_unknown_size, 1U);
}

TEST_F(JournalFixture, VacuumedBehindTheReaderIsNone) {
  write_numbered("system@0001.journal", 1, 5);
  write_numbered("system.journal", 6, 9);
  start();
  EXPECT_EQ(next_messages(), numbered(1, 9));
  fs::remove(folder + "/system@0001.journal");
  drain();
  write_numbered("system.journal", 10, 11);
  EXPECT_EQ(next_messages(), numbered(10, 11));
  EXPECT_EQ(status().losses_of_unknown_size, 0U);
}

TEST_F(JournalFixture, AFolderThatGoesAndComesBack) {
  write_numbered("system.journal", 1, 2);
  start();
  EXPECT_EQ(next_messages(), numbered(1, 2));
  fs::remove_all(folder);
  drain();
  EXPECT_EQ(status().state, "waiting: no journal in " + folder);
  fs::create_directory(folder);
  write_numbered("system.journal", 3, 4);
  EXPECT_EQ(next_messages(), numbered(3, 4));
  EXPECT_EQ(status().state, "following");
  EXPECT_EQ(status().losses_of_unknown_size, 1U) << "nobody knows what was written in between";
}

TEST_F(JournalFixture, CorruptFilesAreLeftOutAndCounted) {
  write_numbered("system.journal", 1, 3);
  overwrite(folder + "/garbage.journal", std::string(1 << 20, 'x'));
  start();
  EXPECT_EQ(next_messages(), numbered(1, 3));
  EXPECT_EQ(status().losses_of_unknown_size, 0U) << "it was there before, and may hold nothing new";
  write_numbered("other.journal", 4, 5);
  EXPECT_EQ(next_messages(), numbered(4, 5));
  fs::copy(folder + "/other.journal", temp / "short");
  fs::resize_file(temp / "short", 100'000);
  fs::rename(temp / "short", folder + "/short.journal");
  EXPECT_EQ(next_messages(), Texts{});
  EXPECT_EQ(status().losses_of_unknown_size, 1U);
  write_numbered("system.journal", 6, 6);
  EXPECT_EQ(next_messages(), numbered(6, 6));
  EXPECT_EQ(status().losses_of_unknown_size, 1U);
}

// Whatever is broken inside of a file: no crash, no endless turn, no line twice, and a gap is not kept silent.
TEST_F(JournalFixture, DamageWithinAFile) {
  write_numbered("sound.journal", 1, 400);
  std::string bytes(static_cast<size_t>(fs::file_size(folder + "/sound.journal")), '\0');
  std::ifstream(folder + "/sound.journal", std::ios::binary)
      .read(bytes.data(), static_cast<std::streamsize>(bytes.size()));
  fs::remove(folder + "/sound.journal");
  const size_t first_entry = bytes.find("line 1");
  ASSERT_NE(first_entry, std::string::npos);
  for (unsigned round = 0; round < 40; ++round) {
    auto damaged = bytes;
    const size_t at = first_entry + round * 5003 % 150'000;
    damaged.replace(at, 256, std::string(256, static_cast<char>(round % 3 == 0 ? 0 : 0xff)));
    overwrite(folder + "/damaged.journal", damaged);
    seen.clear();
    next_offset = 0;
    start();
    std::set<std::string> lines(seen.begin(), seen.end());
    EXPECT_EQ(lines.size(), seen.size()) << "round " << round;
    if (seen.size() < 400 && status().state == "following") {
      EXPECT_GT(status().losses_of_unknown_size, 0U) << "round " << round << ": " << seen.size();
    }
    input.reset();
    fs::remove(folder + "/damaged.journal");
  }
}

TEST_F(JournalFixture, ForgedLinesAreNotHandedOutButCounted) {
  write("system.journal",
        {said("sshd", "forged by a user",
              {{"_UID", "1000"}, {"_COMM", "sshd"}, {"_EXE", "/usr/sbin/sshd"}, {"_SYSTEMD_UNIT", "session-3.scope"}}),
         said("sshd", "forged by a web application",
              {{"_UID", "33"}, {"_COMM", "logger"}, {"_EXE", "/usr/bin/logger"}, {"_SYSTEMD_UNIT", "apache2.service"}}),
         by_root("sshd", "true")});
  start();
  EXPECT_EQ(next_messages(), Texts{"true"});
  EXPECT_EQ(status().untrusted_lines, 2U);
  EXPECT_EQ(status().lines, 3U);
}

TEST_F(JournalFixture, UnitsAndIdentifiers) {
  const auto of = [](const std::string& identifier, const std::string& unit, const std::string& message) {
    return said(identifier, message, {{"_UID", "0"}, {"_SYSTEMD_UNIT", unit}});
  };
  config.units = {"ssh.service", "ssh@*.service"};
  config.identifiers = {"sshd", "sshd-session"};
  write("system.journal",
        {of("sshd", "ssh.service", "one"), of("sshd", "ssh@1-192.0.2.1:22-192.0.2.7:99.service", "two"),
         of("systemd", "ssh.service", "three"), of("sshd", "cron.service", "four"),
         of("sshd-session", "ssh.service", "five")});
  start();
  EXPECT_EQ(next_messages(), (Texts{"one", "two", "five"}));
  EXPECT_EQ(status().lines, 3U);
  auto wider = config;
  wider.units.clear();
  ASSERT_TRUE(input->reconfigure(wider));
  write("system.journal", {of("sshd", "cron.service", "six")});
  EXPECT_EQ(next_messages(), Texts{"six"});
  auto elsewhere = wider;
  elsewhere.journal = "/nowhere";
  EXPECT_FALSE(input->reconfigure(elsewhere));
}

TEST_F(JournalFixture, AnotherLengthOfLinesTakesNoLineTwice) {
  write_numbered("system.journal", 1, 3);
  start();
  EXPECT_EQ(next_messages(), numbered(1, 3));
  auto longer = config;
  longer.max_line = 1UL << 20;
  ASSERT_TRUE(input->reconfigure(longer));
  write("system.journal", {by_root("sshd", std::string(100'000, 'x'))});
  EXPECT_EQ(next_messages(), Texts{std::string(100'000, 'x')});
  EXPECT_EQ(replayed, Texts{});
}

TEST_F(JournalFixture, LongLinesAreCutAndCounted) {
  config.max_line = 4096;
  write("system.journal", {by_root("sshd", "before"), by_root("sshd", std::string(20'000, 'x')),
                           by_root("sshd", std::string(3'000'000, 'y')), by_root("sshd", "after")});
  start();
  EXPECT_EQ(next_messages(), (Texts{"before", "after"}));
  ASSERT_EQ(cut.size(), 2U);
  EXPECT_EQ(cut[0].size(), 4096U);
  EXPECT_EQ(cut[1].size(), 4096U);
  EXPECT_EQ(status().overlong_lines, 2U);
  EXPECT_EQ(status().lines, 4U);
}

TEST_F(JournalFixture, NothingBreaksALine) {
  write("system.journal", {by_root("sshd", "one\n2026-01-01T00:00:00+00:00 host sshd[1]: forged"),
                           by_root("sshd", std::string("nul\0, esc\x1b[31m, latin \xe9, tab\t", 29)),
                           said("s s:h\nd", "odd tag", {{"_UID", "0"}})});
  start();
  EXPECT_EQ(seen.at(0).substr(33), "host sshd[12]: one#0122026-01-01T00:00:00+00:00 host sshd[1]: forged");
  EXPECT_EQ(seen.at(1).substr(33), "host sshd[12]: nul#000, esc#033[31m, latin \xe9, tab#011");
  EXPECT_EQ(seen.at(2).substr(33), "host s_s_h_d: odd tag");
}

TEST_F(JournalFixture, OwnLinesAreNotRead) {
  write("system.journal", {by_root("ipguardd", "banned 192.0.2.7"), by_root("sshd", "true")});
  start();
  EXPECT_EQ(next_messages(), Texts{"true"});
  EXPECT_EQ(status().untrusted_lines, 0U);
}

TEST_F(JournalFixture, ASavedPlaceThatIsNoneIsALossAndReadingBeginsAsConfigured) {
  write_numbered("system.journal", 1, 3);
  start({{.path = cursor_prefix("journal") + folder, .journal_cursor = "no cursor"}});
  EXPECT_EQ(next_messages(), numbered(1, 3));
  EXPECT_EQ(status().losses_of_unknown_size, 1U);
}

// Of another journal: it says nothing about this one.
TEST_F(JournalFixture, APlaceInAnotherJournalIsIgnored) {
  write_numbered("system.journal", 1, 3);
  start({{.path = cursor_prefix("journal") + "system", .journal_cursor = "s=1;i=2;b=3;m=4;t=5;x=6"}});
  EXPECT_EQ(next_messages(), numbered(1, 3));
  EXPECT_EQ(status().losses_of_unknown_size, 0U);
}

TEST_F(JournalFixture, FoldersOfMachinesAreLookedInto) {
  const std::string machine = "0123456789abcdef0123456789abcdef";
  fs::create_directory(folder + "/" + machine);
  write_numbered(machine + "/system.journal", 1, 2);
  start();
  EXPECT_EQ(next_messages(), numbered(1, 2));
}

TEST_F(JournalFixture, UnreadableIsAStateToo) {
  write_numbered("system.journal", 1, 2);
  const std::string file = folder + "/system.journal";
  ::chmod(temp.path().c_str(), 0755);
  ::chmod(file.c_str(), 0);
  {
    const Unprivileged nobody;
    start();
    EXPECT_TRUE(status().state.starts_with("waiting: the journal may not be read")) << status().state;
  }
  ::chmod(file.c_str(), 0600);
  EXPECT_EQ(next_messages(), numbered(1, 2));
}

// The machine's own, where there is one.
TEST(SystemJournal, IsReadOrWaitedFor) {
  set_log_level(LogLevel::error);
  loop::EventLoop loop;
  config::SourceConfig config;
  config.name = "journal";
  config.kind = config::SourceKind::journal;
  config.journal = "system";
  uint64_t lines = 0;
  const auto input = make_journal_input(loop, config, 1, {}, 0, [&lines](const Block&) {
    ++lines;
    return Follower::Consumed{};
  });
  input->start();
  for (int turn = 0; turn < 10; ++turn) {
    loop.poll();
  }
  const auto state = input->status().at(0).state;
  EXPECT_TRUE(state.starts_with("following") || state.starts_with("waiting: ")) << state;
}

}  // namespace
}  // namespace ipguard::input
