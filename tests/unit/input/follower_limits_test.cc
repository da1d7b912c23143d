// What is bounded: open files, paths; and what is known of what was lost.
#include <gmock/gmock.h>

#include <algorithm>
#include <filesystem>

#include "follower_fixture.h"
#include "packed_file.h"

namespace ipguard::input {
namespace {

namespace fs = std::filesystem;
using config::StartPosition;
using std::chrono::milliseconds;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class LimitsTest : public FollowerFixture {
 protected:
  LimitsTest() {
    timing.tick = milliseconds(1);
    timing.quiet_ticks = 2;
    timing.unsure_ticks = 4;
  }

  void follow_all(StartPosition from = StartPosition::start) {
    add_source("web", {temp / "*.log"}, from);
    start();
  }
  [[nodiscard]] size_t waiting_for_room() const {
    return static_cast<size_t>(std::ranges::count(follower->status(), true, &model::SourceStatus::without_room));
  }
  [[nodiscard]] std::string file(int number) const { return temp / (std::to_string(number) + ".log"); }
};

TEST_F(LimitsTest, BeyondTheMostOpenFilesOneWaitsUntilThereIsRoom) {
  most_open = 3;
  for (int i = 0; i < 5; ++i) {
    append(file(i), std::to_string(i) + "\n");
  }
  follow_all();
  EXPECT_EQ(take_texts(), (Texts{"0", "1", "2"}));
  EXPECT_EQ(waiting_for_room(), 2U);
  EXPECT_EQ(status_of(file(4)).state, "waiting: too many files are open");
  fs::remove(file(0));
  run_until([&] { return waiting_for_room() == 1; });
  EXPECT_EQ(next_texts(), (Texts{"3"}));
  append(file(3), "3 again\n");
  EXPECT_EQ(next_texts(), (Texts{"3 again"}));
}

TEST_F(LimitsTest, WhatIsWrittenWhileAFileWaitsForRoomIsRead) {
  most_open = 1;
  append(file(0), "old 0\n");
  append(file(1), "old 1\npart");
  follow_all(StartPosition::end);
  append(file(1), "ial\nnew\n");
  EXPECT_THAT(next_texts(), IsEmpty());
  fs::remove(file(0));
  run_until([&] { return waiting_for_room() == 0; });
  EXPECT_EQ(next_texts(), (Texts{"partial", "new"}));
}

TEST_F(LimitsTest, ARotatedFileWaitsForRoomToo) {
  append(file(0), "0\n");
  append(file(1), "1\n");
  follow_all();
  const std::vector<model::Cursor> cursors = stop();
  append(file(1), "last\n");
  fs::rename(file(1), file(1) + ".1");
  seen.clear();
  most_open = 1;
  start(cursors);
  EXPECT_THAT(take_texts(), IsEmpty());
  EXPECT_EQ(follower->cursors().size(), 2U);
  fs::remove(file(0));
  run_until([&] { return !seen.empty(); });
  EXPECT_EQ(take_texts(), (Texts{"last"}));
  EXPECT_EQ(status_of(file(1)).losses_of_unknown_size, 0U);
}

TEST_F(LimitsTest, DeletedFilesOfAGlobAreForgottenAndTheirIdsUsedAgain) {
  append(file(0), "stays\n");
  follow_all();
  for (int round = 0; round < 3; ++round) {
    for (int i = 1; i <= 10; ++i) {
      append(file(10 * round + i), "hit\n");
    }
    drain();
    EXPECT_EQ(follower->status().size(), round == 0 ? 11U : 12U);
    EXPECT_TRUE(std::ranges::all_of(seen, [](const SeenLine& line) { return line.source <= 10; }));
    for (int i = 1; i <= 10; ++i) {
      fs::remove(file(10 * round + i));
    }
    run_until([&] { return follower->status().size() == 2; });
    EXPECT_EQ(follower->cursors().size(), 1U);
  }
  const model::SourceStatus done = status_of(temp / "*.log");
  EXPECT_EQ(done.files, 30U);
  EXPECT_EQ(done.lines, 30U);
  EXPECT_EQ(done.hits, 30U);
  EXPECT_THAT(done.state, HasSubstr("done"));
  append(file(0), "still\n");
  append(file(5), "back\n");
  seen.clear();
  EXPECT_THAT(next_texts(), ::testing::UnorderedElementsAre("still", "back"));
  fs::remove(file(0));
  fs::remove(file(5));
  run_until([&] { return follower->status().size() == 1; });
  EXPECT_EQ(status_of(temp / "*.log").state, "waiting: no file matches");
  // A change of the sources keeps the counts.
  follower->change_sources(sources);
  EXPECT_EQ(status_of(temp / "*.log").files, 32U);
}

TEST_F(LimitsTest, AnIdGoesToAPathOfTheSameSource) {
  fs::create_directories(temp / "other");
  add_source("web", {temp / "*.log"}, StartPosition::start);
  add_source("other", {temp / "other/*.log"}, StartPosition::start);
  append(file(0), "0\n");
  start();
  ASSERT_EQ(seen.at(0).source, 0U);
  fs::remove(file(0));
  run_until([&] { return follower->status().front().path == temp / "*.log"; });
  append(temp / "other/x.log", "x\n");
  drain();
  EXPECT_EQ(seen.at(1).source, 1U);
  append(file(1), "1\n");
  drain();
  EXPECT_EQ(seen.at(2).source, 0U);
}

TEST_F(LimitsTest, ADeletedFileThatSomebodyStillWritesStaysOpen) {
  append(file(0), "1\n");
  append(file(1), "1\n");
  follow_all();
  std::ofstream writer(file(0), std::ios::app);
  fs::remove(file(0));
  fs::remove(file(1));
  run_until([&] { return follower->status().size() == 2; });  // one and what is done with
  seen.clear();
  writer << "late\n" << std::flush;
  EXPECT_EQ(next_texts(), (Texts{"late"}));
  writer.close();
  run_until([&] { return follower->status().size() == 1; });
  EXPECT_EQ(status_of(temp / "*.log").lines, 3U);
}

TEST_F(LimitsTest, WhatWasLostWhileNobodyLookedIsCounted) {
  struct Case {
    const char* name;
    std::function<void(const std::string& path)> change;
    uint64_t losses;
  };
  const std::vector<Case> cases = {
      {"nothing", [](const std::string&) {}, 0},
      {"grown", [](const std::string& path) { append(path, "2\n"); }, 0},
      {"renamed", [](const std::string& path) { fs::rename(path, path + ".1"); }, 0},
      {"deleted", [](const std::string& path) { fs::remove(path); }, 1},
      {"emptied", [](const std::string& path) { overwrite(path, ""); }, 1},
      {"deleted, with another's compressed file left",
       [](const std::string& path) {
         fs::remove(path);
         append(path + ".1.gz", gzipped("2\n"));
         append(path, "3\n");
       },
       1},
  };
  const std::string log = temp / "access.log";
  add_source("web", {log}, StartPosition::start);
  for (const Case& test : cases) {
    append(log, "1\n");
    start();
    const std::vector<model::Cursor> cursors = stop();
    test.change(log);
    start(cursors);
    EXPECT_EQ(status_of(log).losses_of_unknown_size, test.losses) << test.name;
    EXPECT_EQ(status_of(log).lost_bytes, 0U) << test.name;
    follower.reset();
    for (const char* suffix : {"", ".1", ".1.gz"}) {
      fs::remove(log + suffix);
    }
  }
}

TEST_F(LimitsTest, OfAFileReadToItsEndAndDeletedNothingIsLost) {
  const std::string log = temp / "access.log";
  append(log, "1\n");
  add_source("web", {log}, StartPosition::end);
  start();
  append(log, "2\n");
  EXPECT_EQ(next_texts(), (Texts{"2"}));
  fs::remove(log);
  drain();
  std::vector<model::Cursor> cursors;
  for (int run = 0; run < 2; ++run) {  // the second has nothing but the mark that the first one left
    cursors = stop();
    EXPECT_THAT(cursors, ElementsAre(model::Cursor{.path = log}));
    start(cursors);
    EXPECT_EQ(status_of(log).losses_of_unknown_size, 0U);
  }
  cursors = stop();
  append(log, "3\n");  // new since it was followed: not what was there before, whatever `from` says
  start(cursors);
  EXPECT_EQ(take_texts(), (Texts{"3"}));
}

}  // namespace
}  // namespace ipguard::input
