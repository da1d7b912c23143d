// Rotation, deletion and truncation while the follower runs.
#include <gmock/gmock.h>

#include <filesystem>

#include "follower_fixture.h"

namespace ipguard::input {
namespace {

namespace fs = std::filesystem;
using config::StartPosition;
using std::chrono::milliseconds;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class RotationTest : public FollowerFixture {
 protected:
  void follow_log() {
    add_source("web", {log}, StartPosition::start);
    start();
  }
  // What closes a file comes with a timer: short here.
  void close_soon() {
    timing.tick = milliseconds(1);
    timing.quiet_ticks = 2;
    timing.deleted_ticks = 4;
  }
  [[nodiscard]] size_t open_files() const { return follower->cursors().size(); }

  const std::string log = temp / "access.log";
  const std::string rotated = temp / "access.log.1";
};

TEST_F(RotationTest, TheOldFileIsReadToItsEndBeforeTheNewOne) {
  append(log, "1\n");
  follow_log();
  append(log, "2\n");
  fs::rename(log, rotated);
  append(rotated, "3\n");  // nginx writes there until it is told to reopen
  append(log, "4\n");
  drain();
  ASSERT_EQ(seen.size(), 4U);
  for (size_t i = 0; i < seen.size(); ++i) {
    EXPECT_EQ(seen[i].text, std::to_string(i + 1));
    EXPECT_EQ(seen[i].source, 0U);
  }
  seen.clear();
  append(rotated, "late\n");
  EXPECT_EQ(next_texts(), (Texts{"late"}));
  append(log, "5\n");
  EXPECT_EQ(next_texts(), (Texts{"5"}));
  EXPECT_EQ(status_of(log).rotations, 1U);
  EXPECT_EQ(status_of(log).lines, 6U);
  EXPECT_EQ(status_of(log).lost_bytes, 0U);
}

TEST_F(RotationTest, SeveralGenerationsAreFollowedAtOnce) {
  append(log, "1\n");
  follow_log();
  fs::rename(log, rotated);
  append(log, "2\n");
  drain();
  fs::rename(rotated, temp / "access.log.2");
  fs::rename(log, rotated);
  append(log, "3\n");
  append(temp / "access.log.2", "late 1\n");
  append(rotated, "late 2\n");
  EXPECT_EQ(next_texts(), (Texts{"1", "2", "late 1", "late 2", "3"}));
  EXPECT_EQ(status_of(log).rotations, 2U);
}

TEST_F(RotationTest, RotatedSeveralTimesBetweenTwoLooks) {
  append(log, "1\n");
  follow_log();
  for (int count = 1; count <= 3; ++count) {
    for (int i = count; i > 1; --i) {
      fs::rename(log + "." + std::to_string(i - 1), log + "." + std::to_string(i));
    }
    fs::rename(log, rotated);
    append(log, std::to_string(count + 1) + "\n");
  }
  EXPECT_EQ(next_texts(), (Texts{"1", "2", "3", "4"}));
  EXPECT_EQ(status_of(log).rotations, 3U);
  EXPECT_EQ(open_files(), 4U);
}

TEST_F(RotationTest, AFileThatWasCreatedAndRenamedBetweenTwoLooks) {
  close_soon();
  follow_log();
  append(log, "1\n");
  fs::rename(log, rotated);
  EXPECT_EQ(next_texts(), (Texts{"1"}));
  EXPECT_THAT(status_of(log).state, HasSubstr("No such file"));
  append(rotated, "2\n");
  EXPECT_EQ(next_texts(), (Texts{"2"}));
  // Again, behind a file that has no successor at the path either.
  append(log, "3\n");
  fs::rename(rotated, temp / "access.log.2");
  fs::rename(log, rotated);
  drain();
  run_until([&] { return open_files() == 1; });
  EXPECT_EQ(take_texts(), (Texts{"3"}));
  const std::vector<model::Cursor> cursors = stop();
  start(cursors);
  EXPECT_THAT(take_texts(), IsEmpty());
}

TEST_F(RotationTest, ARenamedFileWithoutSuccessorIsFollowedOn) {
  append(log, "1\n");
  close_soon();
  follow_log();
  fs::rename(log, rotated);
  drain();
  EXPECT_THAT(status_of(log).state, HasSubstr("No such file"));
  append(rotated, "2\n");
  EXPECT_EQ(next_texts(), (Texts{"1", "2"}));
  fs::rename(rotated, log);
  append(log, "3\n");
  EXPECT_EQ(next_texts(), (Texts{"3"}));
  EXPECT_EQ(status_of(log).rotations, 0U);
}

TEST_F(RotationTest, AQuietOldFileIsClosedAndItsLastLineGivenOut) {
  append(log, "1\nlast");
  close_soon();
  follow_log();
  fs::rename(log, rotated);
  append(log, "2\n");
  drain();
  run_until([&] { return open_files() == 1; });
  EXPECT_EQ(take_texts(), (Texts{"1", "2", "last"}));
  EXPECT_EQ(follower->cursors()[0].path, log);
  append(log, "3\n");
  EXPECT_EQ(next_texts(), (Texts{"3"}));
}

TEST_F(RotationTest, AClosedFileThatComesBackIsNotReadAgain) {
  append(log, "1\n");
  close_soon();
  add_source("web", {log, temp / "*.old"}, StartPosition::start);
  start();
  fs::rename(log, rotated);
  append(log, "2\n");
  drain();
  run_until([&] { return open_files() == 1; });
  fs::rename(rotated, temp / "access.old");
  append(temp / "access.old", "3\n");
  EXPECT_EQ(next_texts(), (Texts{"1", "2", "3"}));
}

TEST_F(RotationTest, ADeletedFileIsFollowedUntilReplaced) {
  append(log, "1\n");
  follow_log();
  {
    std::ofstream writer(log, std::ios::app);
    fs::remove(log);
    drain();
    writer << "2\n" << std::flush;
    EXPECT_EQ(next_texts(), (Texts{"1", "2"}));
    append(log, "new\n");
    writer << "3\n" << std::flush;
    EXPECT_EQ(next_texts(), (Texts{"3", "new"}));
  }
  EXPECT_EQ(status_of(log).rotations, 1U);
}

TEST_F(RotationTest, ADeletedFileWithoutSuccessorIsClosedInTheEnd) {
  append(log, "1\nlast");
  close_soon();
  follow_log();
  fs::remove(log);
  drain();
  run_until([&] { return seen.size() == 2; });
  EXPECT_EQ(follower->cursors(), (std::vector<model::Cursor>{{.path = log}}));
  EXPECT_EQ(take_texts(), (Texts{"1", "last"}));
  append(log, "2\n");
  EXPECT_EQ(next_texts(), (Texts{"2"}));
  EXPECT_EQ(status_of(log).rotations, 1U);
}

TEST_F(RotationTest, AFileRenamedFromOneFollowedPathToAnotherGoesOnThere) {
  append(log, "1\n");
  add_source("web", {temp / "access.log*"}, StartPosition::start);
  start();
  for (int generation = 2; generation <= 4; ++generation) {
    for (int i = generation; i > 1; --i) {
      const std::string older = log + "." + std::to_string(i - 1);
      if (fs::exists(older)) {
        fs::rename(older, log + "." + std::to_string(i));
      }
    }
    fs::rename(log, rotated);
    append(rotated, "late " + std::to_string(generation) + "\n");
    append(log, std::to_string(generation) + "\n");
    drain();
  }
  EXPECT_THAT(take_texts(), ::testing::UnorderedElementsAre("1", "late 2", "2", "late 3", "3", "late 4", "4"));
  EXPECT_EQ(follower->status().size(), 4U);
  EXPECT_EQ(open_files(), 4U);
  EXPECT_EQ(status_of(log).rotations, 3U);
  append(log + ".3", "latest\n");
  drain();
  ASSERT_EQ(seen.size(), 1U);
  EXPECT_EQ(follower->source(seen[0].source).path, log + ".3");
}

TEST_F(RotationTest, ATruncatedFileIsReadFromItsBeginning) {
  append(log, "one\ntwo\npart");
  follow_log();
  overwrite(log, "");
  EXPECT_EQ(next_texts(), (Texts{"one", "two", "part"}));
  append(log, "three\n");
  EXPECT_EQ(next_texts(), (Texts{"three"}));
  EXPECT_EQ(status_of(log).truncations, 1U);
  EXPECT_EQ(status_of(log).lost_bytes, 0U);
}

TEST_F(RotationTest, ATruncatedFileThatHasGrownPastItsOldSizeIsNoticed) {
  append(log, "one\n");
  follow_log();
  overwrite(log, "another beginning\ntwo\nthree\n");
  EXPECT_EQ(next_texts(), (Texts{"one", "another beginning", "two", "three"}));
  EXPECT_EQ(status_of(log).truncations, 1U);
}

TEST_F(RotationTest, WhatWasTruncatedUnreadIsCountedAsLost) {
  std::string content;
  for (int i = 0; i < 100'000; ++i) {
    content += "a line of twenty byt\n";
  }
  append(log, content);
  add_source("web", {log}, StartPosition::start);
  follower = std::make_unique<Follower>(
      loop, sources, std::vector<model::Cursor>{}, 0, [this](const Block& block) { return take(block); }, timing);
  ASSERT_TRUE(follower->start());
  EXPECT_TRUE(follower->read_turn());
  const uint64_t read = status_of(log).bytes;
  EXPECT_LT(read, content.size());
  overwrite(log, "");
  drain();
  EXPECT_EQ(status_of(log).truncations, 1U);
  EXPECT_EQ(status_of(log).lost_bytes, content.size() - read);
}

TEST_F(RotationTest, AFileThatOnlyLostItsEndIsNotReadAgain) {
  std::string content;
  for (int i = 0; content.size() < 1000; ++i) {
    content += "line " + std::to_string(i) + "\n";
  }
  append(log, content);
  follow_log();
  seen.clear();
  fs::resize_file(log, 503);  // inside a line
  drain();
  append(log, "rest of the cut line\nnext\n");
  EXPECT_EQ(next_texts(), (Texts{"next"}));
  EXPECT_EQ(status_of(log).truncations, 1U);
}

TEST_F(RotationTest, CopyAndTruncateOverAndOver) {
  append(log, "0\n");
  follow_log();
  Texts expected = {"0"};
  for (int i = 1; i < 50; ++i) {
    fs::copy_file(log, rotated, fs::copy_options::overwrite_existing);
    fs::resize_file(log, 0);
    drain();
    append(log, std::to_string(i) + "\n");
    drain();
    expected.push_back(std::to_string(i));
  }
  EXPECT_EQ(take_texts(), expected);
  EXPECT_EQ(status_of(log).truncations, 49U);
}

TEST_F(RotationTest, OverlongLinesAcrossRotation) {
  add_source("web", {log}, StartPosition::start, 10);
  append(log, "good\n" + std::string(30, 'x'));
  start();
  fs::rename(log, rotated);
  append(rotated, "rest\nafter\n");
  append(log, "new\n");
  EXPECT_EQ(next_texts(), (Texts{"good", std::string(10, 'x'), "after", "new"}));
  EXPECT_EQ(status_of(log).overlong_lines, 1U);
}

}  // namespace
}  // namespace ipguard::input
