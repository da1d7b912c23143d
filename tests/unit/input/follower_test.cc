// Following files in place: where reading begins, files and folders that appear, what cannot be read.
#include "input/follower.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <sched.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>

#include "base/unique_fd.h"
#include "follower_fixture.h"
#include "support/unprivileged.h"

namespace ipguard::input {
namespace {

namespace fs = std::filesystem;
using config::StartPosition;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::StartsWith;

using FollowerTest = FollowerFixture;

TEST_F(FollowerTest, FromEndOnlyWhatIsWrittenLater) {
  append(temp / "a.log", "old\n");
  add_source("web", {temp / "a.log"});
  start();
  EXPECT_THAT(take_texts(), IsEmpty());
  append(temp / "a.log", "new\nnew");
  EXPECT_EQ(next_texts(), (Texts{"new"}));
  append(temp / "a.log", "er\n");
  EXPECT_EQ(next_texts(), (Texts{"newer"}));
}

TEST_F(FollowerTest, FromEndBeginsWithTheLineBeingWritten) {
  append(temp / "a.log", "old\nbeg");
  add_source("web", {temp / "a.log"});
  start();
  append(temp / "a.log", "inning\n");
  EXPECT_EQ(next_texts(), (Texts{"beginning"}));
}

TEST_F(FollowerTest, FromEndInsideAnOverlongLineSkipsItsRest) {
  append(temp / "a.log", "old\n" + std::string(100, 'x'));
  add_source("web", {temp / "a.log"}, StartPosition::end, 50);
  start();
  append(temp / "a.log", "rest\nnext\n");
  EXPECT_EQ(next_texts(), (Texts{"next"}));
}

TEST_F(FollowerTest, FromStartEverything) {
  append(temp / "a.log", "one\ntwo\r\nthr");
  add_source("web", {temp / "a.log"}, StartPosition::start);
  start();
  EXPECT_EQ(take_texts(), (Texts{"one", "two\r"}));
  append(temp / "a.log", "ee\n");
  drain();
  ASSERT_EQ(seen.size(), 1U);
  EXPECT_EQ(seen[0].text, "three");
  EXPECT_EQ(seen[0].offset, 9U);
}

TEST_F(FollowerTest, CountsWhatItSees) {
  append(temp / "a.log", "hit 1\nno\nhit 2\n" + std::string(80, 'x') + "\nend\npart");
  add_source("web", {temp / "a.log"}, StartPosition::start, 50);
  start();
  ASSERT_EQ(seen.size(), 5U);
  EXPECT_TRUE(seen[3].truncated);
  EXPECT_EQ(seen[3].text, std::string(50, 'x'));
  const model::SourceStatus status = status_of(temp / "a.log");
  EXPECT_EQ(status.name, "web");
  EXPECT_EQ(status.state, "following");
  EXPECT_EQ(status.bytes, fs::file_size(temp / "a.log"));
  EXPECT_EQ(status.lines, 5U);
  EXPECT_EQ(status.hits, 2U);
  EXPECT_EQ(status.overlong_lines, 1U);
  EXPECT_EQ(status.lost_bytes, 0U);
  EXPECT_EQ(status.behind_bytes, 0U);
  EXPECT_EQ(follower->source(seen[0].source).path, temp / "a.log");
  EXPECT_EQ(follower->source(seen[0].source).config->name, "web");
  EXPECT_EQ(follower->source(99).config, nullptr);
  append(temp / "a.log", "12345");
  EXPECT_EQ(status_of(temp / "a.log").behind_bytes, 5U);
}

TEST_F(FollowerTest, AFileThatAppearsLaterIsReadFromItsBeginning) {
  add_source("web", {temp / "a.log", temp / "*.access"});
  start();
  EXPECT_THAT(status_of(temp / "a.log").state, StartsWith("waiting: "));
  EXPECT_EQ(status_of(temp / "*.access").state, "waiting: no file matches");
  append(temp / "a.log", "one\n");
  append(temp / "b.access", "two\n");
  EXPECT_THAT(next_texts(), ::testing::UnorderedElementsAre("one", "two"));
  EXPECT_EQ(status_of(temp / "a.log").state, "following");
  append(temp / "c.access", "three\n");
  append(temp / "unrelated", "no\n");
  drain();
  ASSERT_EQ(seen.size(), 1U);
  EXPECT_EQ(seen[0].source, 2U);
  EXPECT_EQ(follower->status().size(), 3U);
}

TEST_F(FollowerTest, FoldersThatAppearVanishAndComeAgain) {
  const std::string folder = temp / "deep/er";
  add_source("web", {folder + "/a.log", temp / "*/er/*.glob"});
  start();
  for (const char* round : {"1", "2"}) {
    fs::create_directories(folder);
    append(folder + "/a.log", std::string("a") + round + "\n");
    append(folder + "/b.glob", std::string("b") + round + "\n");
    EXPECT_THAT(next_texts(), ::testing::UnorderedElementsAre(std::string("a") + round, std::string("b") + round));
    append(folder + "/a.log", "more\n");
    EXPECT_EQ(next_texts(), (Texts{"more"}));
    fs::remove_all(temp / "deep");
    drain();
    EXPECT_THAT(status_of(folder + "/a.log").state, HasSubstr("No such file"));
  }
  // Renamed as a whole, another in its place.
  fs::create_directories(folder);
  append(folder + "/a.log", "a3\n");
  EXPECT_EQ(next_texts(), (Texts{"a3"}));
  fs::rename(temp / "deep", temp / "gone");
  fs::create_directories(folder);
  append(folder + "/a.log", "a4\n");
  append(temp / "gone/er/a.log", "still open\n");
  EXPECT_EQ(next_texts(), (Texts{"still open", "a4"}));
}

TEST_F(FollowerTest, WhatIsNoRegularFileIsRefusedWithTheReason) {
  fs::create_directories(temp / "folder.log");
  ASSERT_EQ(::mkfifo((temp / "pipe.log").c_str(), 0600), 0);
  fs::create_symlink("/dev/null", temp / "null.log");
  add_source("web", {temp / "folder.log", temp / "*.log"});
  start();
  EXPECT_EQ(status_of(temp / "folder.log").state, "waiting: is a folder");
  EXPECT_EQ(status_of(temp / "pipe.log").state, "waiting: is a named pipe");
  EXPECT_EQ(status_of(temp / "null.log").state, "waiting: is a device");
  // Replaced by a file, it is followed.
  fs::remove(temp / "pipe.log");
  append(temp / "pipe.log", "one\n");
  EXPECT_EQ(next_texts(), (Texts{"one"}));
}

TEST_F(FollowerTest, AnUnreadableFileIsWaitedFor) {
  fs::permissions(temp.path(), fs::perms(0755));
  append(temp / "a.log", "old\n");
  fs::permissions(temp / "a.log", fs::perms(0));
  add_source("web", {temp / "a.log"});
  {
    const Unprivileged nobody;
    start();
  }
  EXPECT_EQ(status_of(temp / "a.log").state, "waiting: cannot open: Permission denied");
  fs::permissions(temp / "a.log", fs::perms(0644));
  {
    const Unprivileged nobody;
    drain();
  }
  EXPECT_EQ(status_of(temp / "a.log").state, "following");
  append(temp / "a.log", "new\n");
  EXPECT_EQ(next_texts(), (Texts{"new"}));  // it was there at start: from its end
}

TEST_F(FollowerTest, TheEndOfAnUnreadableFileIsWhereItWasAtStart) {
  fs::permissions(temp.path(), fs::perms(0755));
  for (const char* path : {"a.log", "*.log"}) {
    for (const bool replaced : {false, true}) {
      SCOPED_TRACE(path);
      SCOPED_TRACE(replaced);
      const std::string log = temp / "a.log";
      fs::remove(log);
      append(log, "old\npart");
      fs::permissions(log, fs::perms(0));
      sources.clear();
      add_source("web", {temp / path});
      {
        const Unprivileged nobody;
        start();
      }
      if (replaced) {
        append(temp / "new", "another\n");
        fs::rename(temp / "new", log);
      } else {
        append(log, "ial\nnew\n");
        fs::permissions(log, fs::perms(0644));
      }
      drain();
      EXPECT_EQ(take_texts(), replaced ? (Texts{"another"}) : (Texts{"partial", "new"}));
    }
  }
}

TEST_F(FollowerTest, AnUnreadableFolderIsRetried) {
  fs::permissions(temp.path(), fs::perms(0755));
  fs::create_directories(temp / "logs");
  append(temp / "logs/a.log", "one\n");
  fs::permissions(temp / "logs", fs::perms(0));
  add_source("web", {temp / "logs/*.log"});
  timing.retry = std::chrono::milliseconds(1);
  const Unprivileged nobody;
  start();
  EXPECT_THAT(follower->status().at(0).state, HasSubstr("Permission denied"));
  {
    // The folder's owner opens it.
    const uid_t user = ::geteuid();
    if (::getuid() == 0) {
      ASSERT_EQ(::seteuid(0), 0);
    }
    fs::permissions(temp / "logs", fs::perms(0755));
    ASSERT_EQ(::seteuid(user), 0);
  }
  run_until([&] { return !seen.empty(); });
  EXPECT_EQ(take_texts(), (Texts{"one"}));
}

TEST_F(FollowerTest, AFileThatSeveralPathsLeadToIsFollowedOnce) {
  append(temp / "a.log", "");
  fs::create_hard_link(temp / "a.log", temp / "hard.log");
  fs::create_symlink(temp / "a.log", temp / "link.log");
  add_source("first", {temp / "a.log"});
  add_source("second", {temp / "*.log"});
  start();
  append(temp / "a.log", "once\n");
  EXPECT_EQ(next_texts(), (Texts{"once"}));
  EXPECT_EQ(status_of(temp / "a.log").name, "first");
  EXPECT_EQ(status_of(temp / "hard.log").state,
            "waiting: the same file as " + temp / "a.log" + ", which is followed by source first");
  // The first path gets a file of its own: the other name goes on with the old file.
  fs::remove(temp / "a.log");
  append(temp / "a.log", "mine\n");
  append(temp / "hard.log", "yours\n");
  EXPECT_THAT(next_texts(), ::testing::UnorderedElementsAre("mine", "yours"));
  EXPECT_EQ(status_of(temp / "hard.log").state, "following");
}

TEST_F(FollowerTest, ALinkIsFollowedToWhereItLeads) {
  fs::create_directories(temp / "data1");
  fs::create_directories(temp / "data2");
  append(temp / "data1/real", "old\n");
  fs::create_symlink(temp / "data1/real", temp / "link.log");
  add_source("web", {temp / "link.log"});
  start();
  append(temp / "data1/real", "one\n");
  EXPECT_EQ(next_texts(), (Texts{"one"}));
  // Rotated where it lies.
  fs::rename(temp / "data1/real", temp / "data1/real.1");
  append(temp / "data1/real", "two\n");
  EXPECT_EQ(next_texts(), (Texts{"two"}));
  // The link leads elsewhere.
  append(temp / "data2/real", "three\n");
  fs::remove(temp / "link.log");
  fs::create_symlink(temp / "data2/real", temp / "link.log");
  EXPECT_EQ(next_texts(), (Texts{"three"}));
  // And its new target is deleted and comes again.
  fs::remove(temp / "data2/real");
  drain();
  append(temp / "data2/real", "four\n");
  EXPECT_EQ(next_texts(), (Texts{"four"}));
}

TEST_F(FollowerTest, AThousandFiles) {
  rlimit limit{};
  ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &limit), 0);
  const rlimit before = limit;
  limit.rlim_cur = std::min<rlim_t>(limit.rlim_max, 4096);
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &limit), 0);
  for (int i = 0; i < 1000; ++i) {
    append(temp / ("site" + std::to_string(i) + ".log"), "old\n");
  }
  add_source("web", {temp / "*.log"});
  start();
  for (int i = 0; i < 1000; ++i) {
    append(temp / ("site" + std::to_string(i) + ".log"), "new " + std::to_string(i) + "\n");
  }
  EXPECT_EQ(next_texts().size(), 1000U);
  EXPECT_EQ(follower->cursors().size(), 1000U);
  follower.reset();
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &before), 0);
}

TEST_F(FollowerTest, DroppedNotificationsLoseNothing) {
  append(temp / "a.log", "");
  append(temp / "b.log", "");
  add_source("web", {temp / "*.log"});
  start();
  const UniqueFd a(::open((temp / "a.log").c_str(), O_WRONLY | O_APPEND));
  const UniqueFd b(::open((temp / "b.log").c_str(), O_WRONLY | O_APPEND));
  constexpr int rounds = 20'000;  // more events than fs.inotify.max_queued_events (16384); equal neighbours are merged
  for (int i = 0; i < rounds; ++i) {
    ASSERT_EQ(::write(a.get(), "a\n", 2), 2);
    ASSERT_EQ(::write(b.get(), "b\n", 2), 2);
  }
  fs::rename(temp / "a.log", temp / "a.log.1");
  append(temp / "a.log", "rotated\n");
  append(temp / "c.log", "created\n");
  const Texts texts = next_texts();
  EXPECT_EQ(texts.size(), 2U * rounds + 2);
  EXPECT_EQ(std::ranges::count(texts, "rotated"), 1);
  EXPECT_EQ(std::ranges::count(texts, "created"), 1);
}

constexpr int cannot_limit = 77;

// In a child process, because the limit holds for the user namespace of its own. What it returns is its exit status.
int follow_without_watches(const std::string& path, const std::vector<config::SourceConfig>& sources) {
  const UniqueFd limit(::unshare(CLONE_NEWUSER) == 0 ? ::open("/proc/sys/user/max_inotify_watches", O_WRONLY) : -1);
  if (!limit.valid() || ::write(limit.get(), "0\n", 2) != 2) {
    return cannot_limit;
  }
  FollowerTiming timing;
  timing.poll = std::chrono::milliseconds(1);
  std::string seen;
  loop::EventLoop loop;
  const auto remember = [&](const Block& block) {
    seen += block.bytes;
    return Follower::Consumed{};
  };
  Follower follower(loop, sources, {}, 0, remember, timing);
  if (!follower.start() || follower.status().at(0).state.find("polled") == std::string::npos) {
    return 1;
  }
  append(path, "one\n");
  while (seen != "one\n") {
    loop.run_once();
  }
  fs::rename(path, path + ".1");
  append(path + ".1", "two\n");
  append(path, "three\n");
  while (seen.size() < 14) {
    loop.run_once();
  }
  return seen == "one\ntwo\nthree\n" ? 0 : 2;
}

TEST_F(FollowerTest, WithoutWatchesFilesArePolled) {
  append(temp / "a.log", "old\n");
  add_source("web", {temp / "a.log"});
  const pid_t child = ::fork();
  if (child == 0) {
    std::_Exit(follow_without_watches(temp / "a.log", sources));
  }
  int status = -1;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  ASSERT_TRUE(WIFEXITED(status));
  if (WEXITSTATUS(status) == cannot_limit) {
    GTEST_SKIP() << "no user namespace in which inotify's watches could be limited";
  }
  EXPECT_EQ(WEXITSTATUS(status), 0);
}

TEST_F(FollowerTest, ABigFileIsReadInBudgets) {
  std::string line(99, 'x');
  line += '\n';
  std::string content;
  for (int i = 0; i < 30'000; ++i) {
    content += line;
  }
  append(temp / "a.log", content);
  append(temp / "b.log", "small\n");
  add_source("web", {temp / "*.log"}, StartPosition::start);
  follower = std::make_unique<Follower>(
      loop, sources, std::vector<model::Cursor>{}, 0, [this](const Block& block) { return take(block); }, timing);
  ASSERT_TRUE(follower->start());
  EXPECT_FALSE(follower->caught_up());
  EXPECT_TRUE(follower->read_turn());  // one budget of the big file, all of the small one
  EXPECT_EQ(seen.back().text, "small");
  EXPECT_NEAR(static_cast<double>(seen.size()), (1 << 20) / 100.0, 5);
  const uint64_t version = follower->cursor_version();
  while (follower->read_turn()) {
  }
  EXPECT_GT(follower->cursor_version(), version);
  EXPECT_EQ(seen.size(), 30'001U);
  drain();  // the kernel may have told of the files' beginning meanwhile
  EXPECT_EQ(seen.size(), 30'001U);
}

TEST_F(FollowerTest, AnIdleFollowerChangesNothing) {
  append(temp / "a.log", "old\n");
  add_source("web", {temp / "a.log"});
  start();
  const uint64_t version = follower->cursor_version();
  const std::vector<model::Cursor> cursors = follower->cursors();
  drain();
  append(temp / "unrelated", "x\n");
  drain();
  EXPECT_EQ(follower->cursor_version(), version);
  EXPECT_EQ(follower->cursors(), cursors);
}

}  // namespace
}  // namespace ipguard::input
