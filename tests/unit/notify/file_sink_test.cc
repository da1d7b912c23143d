// A JSON line an event: over rotation, and on a disk that is full.
#include "notify/file_sink.h"

#include <sys/mount.h>
#include <sys/stat.h>

#include "fixture.h"

namespace ipguard::notify {
namespace {

class FileSinkTest : public SinkTest {
 protected:
  std::string path = folder / "events.json";
};

TEST_F(FileSinkTest, AppendsALineAnEvent) {
  std::ofstream(path) << "before\n";
  FileSink sink(loop, path);
  sink.take(event(1));
  sink.take(event(2));
  ASSERT_TRUE(until([&] { return sink.counters().delivered == 2; }));
  EXPECT_EQ(content(path), "before\n{\"number\":1}\n{\"number\":2}\n");
}

TEST_F(FileSinkTest, MakesTheFileForItsGroupAlone) {
  FileSink sink(loop, path);
  sink.take(event(1));
  ASSERT_TRUE(until([&] { return sink.counters().delivered == 1; }));
  struct stat file{};
  ASSERT_EQ(::stat(path.c_str(), &file), 0);
  EXPECT_EQ(file.st_mode & 07777U & ~0640U, 0U);
}

TEST_F(FileSinkTest, FollowsARotation) {
  FileSink sink(loop, path);
  sink.take(event(1));
  ASSERT_TRUE(until([&] { return sink.counters().delivered == 1; }));
  std::filesystem::rename(path, path + ".1");
  sink.take(event(2));
  ASSERT_TRUE(until([&] { return sink.counters().delivered == 2; }));
  EXPECT_EQ(content(path + ".1"), "{\"number\":1}\n");
  EXPECT_EQ(content(path), "{\"number\":2}\n");
}

TEST_F(FileSinkTest, WritesWhatWaitsWhenItEnds) {
  {
    FileSink(loop, path).take(event(1));
  }
  EXPECT_EQ(content(path), "{\"number\":1}\n");
}

TEST_F(FileSinkTest, BoundsWhatWaitsAndTriesAgain) {
  const auto missing = folder / "later/events.json";
  FileSink sink(loop, missing, 3);
  for (int i = 0; i < 10; ++i) {
    sink.take(event(i));
  }
  ASSERT_TRUE(until([&] { return !sink.counters().problem.empty(); }));
  EXPECT_EQ(sink.counters().waiting, 3U);
  EXPECT_EQ(sink.counters().dropped, 7U);
  std::filesystem::create_directory(folder / "later");
  ASSERT_TRUE(until([&] { return sink.counters().delivered == 3; }));
  EXPECT_EQ(content(missing), "{\"number\":7}\n{\"number\":8}\n{\"number\":9}\n");
  EXPECT_EQ(sink.counters().problem, "");
}

// An import comes in slices of thousands, before the loop turns.
TEST_F(FileSinkTest, LosesNothingOfManyAtOnce) {
  FileSink sink(loop, path, 100);
  for (int i = 0; i < 5000; ++i) {
    sink.take(event(i));
  }
  ASSERT_TRUE(until([&] { return sink.counters().waiting == 0; }));
  EXPECT_EQ(sink.counters().dropped, 0U);
  EXPECT_EQ(sink.counters().delivered, 5000U);
  const auto text = content(path);
  EXPECT_EQ(std::ranges::count(text, '\n'), 5000);
  EXPECT_TRUE(text.ends_with("{\"number\":4998}\n{\"number\":4999}\n"));
}

// A typo is told of before something happens, and makes nothing.
TEST_F(FileSinkTest, TellsOfAMissingFolderBeforeTheFirstEvent) {
  FileSink sink(loop, folder / "later/events.json");
  EXPECT_EQ(sink.counters().problem, "cannot write " + folder / "later/events.json: No such file or directory");
  EXPECT_FALSE(std::filesystem::exists(folder / "later"));
  std::filesystem::create_directory(folder / "later");
  ASSERT_TRUE(until([&] { return sink.counters().problem.empty(); }));
  EXPECT_TRUE(std::filesystem::is_empty(folder / "later")) << "there is nothing to write yet";
  std::filesystem::remove(folder / "later");
  EXPECT_TRUE(sink.reopen());
  EXPECT_NE(sink.counters().problem, "") << "a reload looks again";
}

TEST_F(FileSinkTest, RefusesWhatIsNoFile) {
  ASSERT_EQ(::mkfifo(path.c_str(), 0600), 0);
  FileSink sink(loop, path);
  sink.take(event(1));
  ASSERT_TRUE(until([&] { return !sink.counters().problem.empty(); }));
  EXPECT_EQ(sink.counters().waiting, 1U);
}

TEST_F(FileSinkTest, OutlivesAFullDisk) {
  if (::geteuid() != 0 || ::mount("none", folder.path().c_str(), "tmpfs", 0, "size=4k") != 0) {
    GTEST_SKIP() << "needs root (a small file system)";
  }
  FileSink sink(loop, path, 400);
  for (int i = 0; i < 400; ++i) {
    sink.take(event(100'000 + i));  // 18 bytes each, of 4,096 at a time
  }
  const bool was_full = until([&] { return !sink.counters().problem.empty(); });
  const auto written = sink.counters().delivered;
  std::filesystem::resize_file(path, 0);
  const bool came_through = until([&] { return sink.counters().problem.empty(); });
  ::umount2(folder.path().c_str(), MNT_DETACH);
  EXPECT_TRUE(was_full);
  EXPECT_GT(written, 100U);
  EXPECT_LT(written, 400U);
  EXPECT_TRUE(came_through);
}

}  // namespace
}  // namespace ipguard::notify
