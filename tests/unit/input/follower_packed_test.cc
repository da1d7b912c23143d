// What was rotated and compressed while nobody followed the log is read from the compressed files.
#include <gmock/gmock.h>

#include <filesystem>

#include "follower_fixture.h"
#include "packed_file.h"

namespace ipguard::input {
namespace {

namespace fs = std::filesystem;
using config::StartPosition;
using std::chrono::milliseconds;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

class PackedTest : public FollowerFixture {
 protected:
  PackedTest() { add_source("web", {log}, StartPosition::end); }

  // Follows the log once with these bytes in it.
  [[nodiscard]] std::vector<model::Cursor> followed(std::string_view bytes) {
    start();
    append(log, bytes);
    drain();
    seen.clear();
    return stop();
  }
  void expect_nothing_lost() const {
    EXPECT_EQ(status_of(log).lost_bytes, 0U);
    EXPECT_EQ(status_of(log).losses_of_unknown_size, 0U);
    EXPECT_EQ(status_of(log).reread_bytes, 0U);
  }
  void remove_all() {
    follower.reset();
    for (const auto& entry : fs::directory_iterator(temp.path())) {
      fs::remove(entry.path());
    }
  }
  [[nodiscard]] static std::string many_lines(size_t bytes) {
    std::string content;
    for (size_t i = 0; content.size() < bytes; ++i) {
      content += "line " + std::to_string(i) + " of many\n";
    }
    return content;
  }

  const std::string log = temp / "access.log";
  const std::string rotated = temp / "access.log.1";
};

TEST_F(PackedTest, TheRestIsReadFromTheCompressedFile) {
  const std::vector<model::Cursor> cursors = followed("1\n2\npar");
  append(log, "tial\n3\nlast");
  fs::rename(log, rotated);
  compress(rotated);
  append(log, "4\n");
  start(cursors);
  EXPECT_EQ(take_texts(), (Texts{"partial", "3", "last", "4"}));
  expect_nothing_lost();
  EXPECT_EQ(status_of(log).rotations, 1U);
  const std::vector<model::Cursor> again = stop();
  EXPECT_EQ(again.size(), 1U);
  start(again);
  EXPECT_THAT(take_texts(), IsEmpty());
  expect_nothing_lost();
}

TEST_F(PackedTest, NamesThatLogrotateGives) {
  struct Case {
    const char* name;
    std::vector<std::string> rotated;  // oldest first; those that end in .gz are compressed
  };
  const std::vector<Case> cases = {
      {"compress", {"access.log.3.gz", "access.log.2.gz", "access.log.1.gz"}},
      {"delaycompress", {"access.log.3.gz", "access.log.2.gz", "access.log.1"}},
      {"from 9 to 10", {"access.log.10.gz", "access.log.9.gz", "access.log.8.gz"}},
      {"dateext", {"access.log-20260130.gz", "access.log-20260131.gz", "access.log-20260201"}},
      {"dateext with hours", {"access.log-2026013023.gz", "access.log-2026013100.gz", "access.log-2026020101.gz"}},
      {"extension", {"access-20260130.log.gz", "access-20260131.log.gz", "access-20260201.log"}},
  };
  for (const Case& test : cases) {
    SCOPED_TRACE(test.name);
    const std::vector<model::Cursor> cursors = followed("1\n");
    append(log, "2\n");
    for (size_t i = 0; i < test.rotated.size(); ++i) {
      std::string name = test.rotated[i];
      const bool packed = name.ends_with(".gz");
      name.resize(packed ? name.size() - 3 : name.size());
      fs::rename(log, temp / name);
      if (packed) {
        compress(temp / name);
      }
      append(log, std::to_string(i + 3) + "\n");
    }
    append(temp / "access.log.filtered", "no\n");
    append(temp / "access.api.log", "no\n");
    start(cursors);
    EXPECT_EQ(take_texts(), (Texts{"2", "3", "4", "5"}));
    expect_nothing_lost();
    start(stop());
    EXPECT_THAT(take_texts(), IsEmpty());
    remove_all();
  }
}

TEST_F(PackedTest, CopiedAndTruncatedMeanwhile) {
  struct Case {
    const char* name;
    bool packed;
    std::string after;
  };
  const std::vector<Case> cases = {{"the copy, empty", false, ""},
                                   {"the copy, shorter", false, "5\n"},
                                   {"the copy, longer", false, "5\n6 is longer than what there was before\n"},
                                   {"compressed, empty", true, ""},
                                   {"compressed, shorter", true, "5\n"},
                                   {"compressed, longer", true, "5\n6 is longer than what there was before\n"}};
  for (const Case& test : cases) {
    SCOPED_TRACE(test.name);
    const std::vector<model::Cursor> cursors = followed("1\n2\n");
    append(log, "3\n");
    fs::copy_file(log, rotated);
    if (test.packed) {
      compress(rotated);
    }
    fs::resize_file(log, 0);
    append(log, test.after);
    start(cursors);
    std::string all;
    for (const std::string& line : take_texts()) {
      all += line + '\n';
    }
    EXPECT_EQ(all, "3\n" + test.after);
    expect_nothing_lost();
    remove_all();
  }
}

TEST_F(PackedTest, GenerationsThatCameAndWentBehindAnEmptyFile) {
  for (const bool copied : {false, true}) {
    SCOPED_TRACE(copied);
    timing.tick = milliseconds(1);
    timing.quiet_ticks = 1;
    start();
    append(log, "1\n");
    drain();
    if (copied) {
      fs::copy_file(log, rotated);
      fs::resize_file(log, 0);
    } else {
      fs::rename(log, rotated);
      append(log, "");
    }
    drain();
    run_until([&] { return follower->cursors().size() == 2 && follower->status()[0].behind_bytes == 0; });
    seen.clear();
    const std::vector<model::Cursor> cursors = stop();
    append(log, "2\n");
    fs::rename(rotated, log + ".2");
    compress(log + ".2");
    if (copied) {
      fs::copy_file(log, rotated);
      fs::resize_file(log, 0);
    } else {
      fs::rename(log, rotated);
    }
    compress(rotated);
    append(log, "3\n");
    start(cursors);
    EXPECT_EQ(take_texts(), (Texts{"2", "3"}));
    expect_nothing_lost();
    remove_all();
  }
}

TEST_F(PackedTest, ItIsUnpackedInBudgetsAndGoesOnAfterAKill) {
  const std::string content = many_lines(20UL << 20);
  const std::vector<model::Cursor> cursors = followed(content.substr(0, 1000));
  const uint64_t offset = cursors.at(0).offset;
  overwrite(log, content);
  fs::rename(log, rotated);
  compress(rotated);
  append(log, "new\n");
  std::vector<model::Cursor> saved = cursors;
  std::string all;
  uint64_t stops = 0;
  for (bool more = true; more; ++stops) {
    follower = std::make_unique<Follower>(
        loop, sources, saved, 0,
        [&](const Block& block) {
          all += block.bytes;
          return Follower::Consumed{};
        },
        timing);
    ASSERT_TRUE(follower->start());
    for (int turn = 0; turn < 7 * static_cast<int>(stops + 1) && more; ++turn) {
      const size_t before = all.size();
      more = follower->read_turn();
      EXPECT_LE(all.size() - before, 2UL << 20);
    }
    expect_nothing_lost();
    saved = stop();
  }
  EXPECT_GE(stops, 2U);
  EXPECT_TRUE(all == content.substr(offset) + "new\n");
}

TEST_F(PackedTest, WhatTheCompressedFileLacksIsLostAndStatedExactly) {
  std::vector<model::Cursor> cursors = followed("1\n2\n");
  cursors.at(0).seen_size = 100;
  append(log, "3\n");
  fs::rename(log, rotated);
  compress(rotated);
  append(log, "4\n");
  start(cursors);
  EXPECT_EQ(take_texts(), (Texts{"3", "4"}));
  EXPECT_EQ(status_of(log).lost_bytes, 94U);
}

TEST_F(PackedTest, ADamagedFileIsALossOfUnknownSize) {
  const std::vector<model::Cursor> cursors = followed("1\n2\n");
  append(log, many_lines(1000));
  fs::rename(log, rotated);
  compress(rotated);
  fs::resize_file(rotated + ".gz", 500);
  append(log, "4\n");
  start(cursors);
  EXPECT_EQ(status_of(log).losses_of_unknown_size, 1U);
  ASSERT_GT(seen.size(), 10U);
  EXPECT_EQ(seen.front().text, "line 0 of many");
  EXPECT_EQ(seen.back().text, "4");
}

// Of what came before the damage nothing is lost, wherever it lies in a read.
TEST_F(PackedTest, WhatComesBeforeTheDamageIsRead) {
  const std::string content = many_lines(300'000);
  const std::vector<model::Cursor> cursors = followed("1\n2\n");
  append(log, content);
  fs::rename(log, rotated);
  compress(rotated);
  append(rotated + ".gz", "rubbish behind it");
  append(log, "new\n");
  start(cursors);
  std::string all;
  for (const std::string& line : take_texts()) {
    all += line + '\n';
  }
  EXPECT_TRUE(all == content + "new\n") << all.size() << " bytes of " << content.size() + 4;
  EXPECT_EQ(status_of(log).losses_of_unknown_size, 1U);
}

// Both begin alike, as logs do whose program writes a heading; only one has what was read.
TEST_F(PackedTest, AFileThatOnlyBeginsAlikeIsNotTakenForIt) {
  const std::string heading = many_lines(400);
  const std::vector<model::Cursor> cursors = followed(heading + "mine 1\n");
  append(log, "mine 2\n");
  fs::rename(log, log + ".2");
  compress(log + ".2");
  append(rotated, heading + "another 1\nanother 2\n");
  compress(rotated);
  append(log, "new\n");
  start(cursors);
  EXPECT_EQ(take_texts(), (Texts{"mine 2", "new"}));
  EXPECT_EQ(status_of(log).losses_of_unknown_size, 0U);
  fs::remove(log + ".2.gz");
  start(cursors);
  EXPECT_EQ(take_texts(), (Texts{"new"}));
  EXPECT_EQ(status_of(log).losses_of_unknown_size, 1U);
}

TEST_F(PackedTest, ReplaysFromTheCompressedFile) {
  const std::vector<model::Cursor> cursors = followed("one\ntwo\nthree\n");
  append(log, "four\n");
  fs::rename(log, rotated);
  compress(rotated);
  append(log, "five\n");
  for (const uint64_t bytes : {0U, 6U, 10U, 14U, 1000U}) {
    start(cursors, bytes);
    Texts replayed;
    Texts fresh;
    for (const SeenLine& line : seen) {
      (line.replay ? replayed : fresh).push_back(line.text);
    }
    EXPECT_THAT(fresh, ElementsAre("four", "five")) << bytes;
    EXPECT_EQ(replayed.size(), bytes < 6 ? 0U : bytes < 10 ? 1U : bytes < 14 ? 2U : 3U) << bytes;
    EXPECT_EQ(status_of(log).lines, 2U);
    seen.clear();
  }
}

TEST_F(PackedTest, InsideAnOverlongLineItsRestIsStillSkipped) {
  sources[0].max_line = 10;
  const std::vector<model::Cursor> cursors = followed("1\n" + std::string(30, 'x'));
  append(log, "rest\nnext\n");
  fs::rename(log, rotated);
  compress(rotated);
  start(cursors);
  EXPECT_EQ(take_texts(), (Texts{"next"}));
}

TEST_F(PackedTest, CompressedFilesUnderFollowedNamesAreNotReadAsLogs) {
  sources[0].paths = {temp / "access.log*"};
  sources[0].from = StartPosition::start;
  append(log, "1\n");
  append(temp / "access.log.2", "0\n");
  compress(temp / "access.log.2");
  start();
  append(log, "2\n");
  fs::rename(log, rotated);
  append(log, "3\n");
  drain();
  compress(rotated);
  drain();
  EXPECT_THAT(take_texts(), ::testing::UnorderedElementsAre("1", "2", "3"));
  EXPECT_EQ(status_of(log + ".2.gz").state, "waiting: is compressed");
  EXPECT_EQ(status_of(rotated + ".gz").state, "waiting: is compressed");
}

}  // namespace
}  // namespace ipguard::input
