// Going on at saved cursors after a restart, whatever happened to the files meanwhile.
#include <gmock/gmock.h>

#include <filesystem>

#include "follower_fixture.h"
#include "input/file_tail.h"

namespace ipguard::input {
namespace {

namespace fs = std::filesystem;
using config::StartPosition;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

class RestartTest : public FollowerFixture {
 protected:
  void follow_log(std::vector<model::Cursor> cursors = {}, uint64_t replay_bytes = 0) {
    if (sources.empty()) {
      add_source("web", {log}, StartPosition::end);
    }
    start(std::move(cursors), replay_bytes);
  }
  // Follows the log once with these bytes in it.
  [[nodiscard]] std::vector<model::Cursor> followed(std::string_view bytes) {
    follow_log();
    append(log, bytes);
    drain();
    seen.clear();
    return stop();
  }

  const std::string log = temp / "access.log";
};

TEST_F(RestartTest, GoesOnAtTheCursor) {
  const std::vector<model::Cursor> cursors = followed("1\n2\npar");
  ASSERT_EQ(cursors.size(), 1U);
  EXPECT_EQ(cursors[0].offset, 4U);
  EXPECT_EQ(cursors[0].path, log);
  EXPECT_EQ(cursors[0].fingerprint, fingerprint("1\n2\npar"));
  EXPECT_EQ(cursors[0].fingerprint_length, 7U);
  append(log, "tial\n3\n");
  follow_log(cursors);
  EXPECT_EQ(take_texts(), (Texts{"partial", "3"}));
}

TEST_F(RestartTest, InsideAnOverlongLineItsRestIsStillSkipped) {
  add_source("web", {log}, StartPosition::end, 10);
  const std::vector<model::Cursor> cursors = followed("1\n" + std::string(30, 'x'));
  append(log, "rest\nnext\n");
  follow_log(cursors);
  EXPECT_EQ(take_texts(), (Texts{"next"}));
}

TEST_F(RestartTest, ReplaysWhatIsBeforeTheCursorWithoutCounting) {
  const std::vector<model::Cursor> cursors = followed("one\ntwo\nthree\n");
  append(log, "four\n");
  struct Case {
    uint64_t bytes;
    Texts replayed;
  };
  const std::vector<Case> cases = {{0, {}},
                                   {1, {}},
                                   {5, {}},
                                   {6, {"three"}},
                                   {7, {"three"}},
                                   {10, {"two", "three"}},
                                   {14, {"one", "two", "three"}},
                                   {1000, {"one", "two", "three"}}};
  for (const Case& test : cases) {
    follow_log(cursors, test.bytes);
    Texts replayed;
    Texts fresh;
    for (const SeenLine& line : seen) {
      (line.replay ? replayed : fresh).push_back(line.text);
    }
    EXPECT_EQ(replayed, test.replayed) << test.bytes;
    EXPECT_THAT(fresh, ElementsAre("four")) << test.bytes;
    EXPECT_EQ(status_of(log).lines, 1U);
    EXPECT_EQ(status_of(log).bytes, 5U);
    EXPECT_EQ(follower->cursors()[0].offset, 19U);
    seen.clear();
  }
}

TEST_F(RestartTest, TheCursorStandsStillDuringReplay) {
  const std::vector<model::Cursor> cursors = followed("one\ntwo\n");
  follower = std::make_unique<Follower>(loop, sources, cursors, 100, [&](const Block& block) {
    EXPECT_EQ(follower->cursors().at(0).offset, 8U);
    return take(block);
  });
  ASSERT_TRUE(follower->start());
  drain();
  EXPECT_EQ(take_texts(), (Texts{"one", "two"}));
}

TEST_F(RestartTest, RotatedMeanwhileTheOldFileIsFinishedFirst) {
  const std::vector<model::Cursor> cursors = followed("1\n");
  append(log, "2\n");
  fs::rename(log, temp / "access.log.1");
  append(log, "3\n");
  follow_log(cursors);
  EXPECT_EQ(take_texts(), (Texts{"2", "3"}));
  EXPECT_EQ(status_of(log).rotations, 1U);
  append(temp / "access.log.1", "late\n");
  append(log, "4\n");
  EXPECT_EQ(next_texts(), (Texts{"late", "4"}));
}

TEST_F(RestartTest, RotatedSeveralTimesMeanwhile) {
  struct Case {
    const char* name;
    std::vector<std::string> names;  // of the generations, oldest first
  };
  const std::vector<Case> cases = {
      {"numbers", {"access.log.10", "access.log.9", "access.log.1"}},
      {"dates", {"access.log-20260131", "access.log-20260201", "access.log-20260202"}},
      {"times", {"access.log-2026-01-01T01", "access.log-2026-01-01T02", "access.log-2026-01-01T10"}}};
  for (const Case& test : cases) {
    fs::remove(log);
    const std::vector<model::Cursor> cursors = followed("1\n");
    append(log, "2\n");
    fs::rename(log, temp / test.names[0]);
    append(temp / test.names[1], "3\n");
    append(temp / test.names[2], "4\n");
    append(temp / "access.log.filtered", "no\n");
    append(log, "5\n");
    follow_log(cursors);
    EXPECT_EQ(take_texts(), (Texts{"2", "3", "4", "5"})) << test.name;
    // All of it is in the cursors now.
    const std::vector<model::Cursor> again = stop();
    follow_log(again);
    EXPECT_THAT(take_texts(), IsEmpty()) << test.name;
    for (const std::string& name : test.names) {
      fs::remove(temp / name);
    }
  }
}

// As workers do that keep the file until their last connection is over, or a clock that is set back. What was last
// written long before is left over from another scheme of names.
TEST_F(RestartTest, TheOlderOfTwoGenerationsMayBeTheLaterWritten) {
  const std::vector<model::Cursor> cursors = followed("1\n");
  append(log, "2\n");
  fs::rename(log, temp / "access.log-20260102");
  append(temp / "access.log-20260103", "3\n");
  append(temp / "access.log-260101", "left over\n");
  append(log, "4\n");
  const auto now = fs::last_write_time(log);
  fs::last_write_time(temp / "access.log-20260103", now - std::chrono::minutes(30));
  fs::last_write_time(temp / "access.log-260101", now - std::chrono::days(60));
  follow_log(cursors);
  EXPECT_EQ(take_texts(), (Texts{"2", "3", "4"}));
}

TEST_F(RestartTest, AnOldFileStillFollowedDoesNotBringReadOnesBack) {
  follow_log();
  append(log, "1\n");
  drain();
  fs::rename(log, temp / "access.log.1");
  append(log, "2\n");
  drain();
  std::vector<model::Cursor> cursors = stop();
  ASSERT_EQ(cursors.size(), 2U);
  // Between the two, a generation that was read and closed long ago: it has no cursor any more.
  fs::rename(temp / "access.log.1", temp / "access.log.2");
  append(temp / "access.log.1", "read already\n");
  append(log, "3\n");
  seen.clear();
  follow_log(cursors);
  EXPECT_EQ(take_texts(), (Texts{"3"}));
}

TEST_F(RestartTest, RotatedAndNotCreatedAgainYet) {
  const std::vector<model::Cursor> cursors = followed("1\n");
  append(log, "2\n");
  fs::rename(log, temp / "access.log.1");
  follow_log(cursors);
  append(temp / "access.log.1", "3\n");
  drain();
  append(log, "4\n");
  EXPECT_EQ(next_texts(), (Texts{"2", "3", "4"}));
}

TEST_F(RestartTest, ReplacedMeanwhileTheNewFileIsReadFromItsBeginning) {
  struct Case {
    const char* name;
    std::function<void(const std::string& log)> replace;
  };
  const std::vector<Case> cases = {
      {"deleted, another inode or the same",
       [](const std::string& path) {
         fs::remove(path);
         append(path, "other content, longer than before\n");
       }},
      {"truncated and grown", [](const std::string& path) { overwrite(path, "other content, longer than before\n"); }},
      {"truncated", [](const std::string& path) { overwrite(path, "x\n"); }},
  };
  for (const Case& test : cases) {
    fs::remove(log);
    const std::vector<model::Cursor> cursors = followed("1234567890\n");
    test.replace(log);
    follow_log(cursors);
    ASSERT_EQ(seen.size(), 1U) << test.name;
    EXPECT_EQ(seen[0].offset, 0U) << test.name;
    seen.clear();
  }
}

TEST_F(RestartTest, AFileWithTheSameBeginningAndOtherBytesBeforeTheCursorIsNew) {
  const std::string heading = std::string(300, '#') + '\n';
  const std::vector<model::Cursor> cursors = followed(heading + "one\n");
  overwrite(log, heading + "two\nthree\n");
  follow_log(cursors);
  EXPECT_EQ(take_texts(), (Texts{heading.substr(0, 300), "two", "three"}));
  EXPECT_EQ(status_of(log).truncations, 1U);
}

TEST_F(RestartTest, ACursorOfAnOlderVersionHasNoTail) {
  std::vector<model::Cursor> cursors = followed("1\n2\n");
  cursors.at(0).tail_fingerprint = 0;
  cursors.at(0).tail_length = 0;
  append(log, "3\n");
  follow_log(cursors);
  EXPECT_EQ(take_texts(), (Texts{"3"}));
}

TEST_F(RestartTest, ACursorWithAnotherFingerprintIsNotBelieved) {
  std::vector<model::Cursor> cursors = followed("1\n2\n");
  cursors.at(0).fingerprint ^= 1;
  follow_log(cursors);
  EXPECT_EQ(take_texts(), (Texts{"1", "2"}));
}

TEST_F(RestartTest, AFileRenamedToAnotherFollowedPathGoesOnThere) {
  add_source("web", {temp / "access.log*"}, StartPosition::end);
  const std::vector<model::Cursor> cursors = followed("1\n");
  append(log, "2\n");
  fs::rename(log, temp / "access.log.1");
  append(log, "3\n");
  follow_log(cursors);
  EXPECT_THAT(take_texts(), ::testing::UnorderedElementsAre("2", "3"));
  EXPECT_EQ(follower->cursors().size(), 2U);
}

TEST_F(RestartTest, CursorsOfAFolderThatIsNotThereArePassedOn) {
  fs::create_directories(temp / "mount");
  add_source("web", {temp / "mount/access.log"}, StartPosition::end);
  start();
  append(temp / "mount/access.log", "1\n");
  drain();
  const std::vector<model::Cursor> cursors = stop();
  fs::rename(temp / "mount", temp / "unmounted");
  follow_log(cursors);
  EXPECT_EQ(follower->cursors(), cursors);
  append(temp / "unmounted/access.log", "2\n");
  seen.clear();
  fs::rename(temp / "unmounted", temp / "mount");
  EXPECT_EQ(next_texts(), (Texts{"2"}));
}

TEST_F(RestartTest, CursorsOfWhatIsNoLongerFollowedAreDropped) {
  std::vector<model::Cursor> cursors = followed("1\n");
  cursors.push_back(cursors.at(0));
  cursors.back().path = temp / "elsewhere.log";
  cursors.back().inode ^= 1;
  follow_log(cursors);
  ASSERT_EQ(follower->cursors().size(), 1U);
  EXPECT_EQ(follower->cursors()[0].path, log);
}

}  // namespace
}  // namespace ipguard::input
