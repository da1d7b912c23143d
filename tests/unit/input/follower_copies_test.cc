// copytruncate: what stands in the copy is read from there, exactly once; what is gone is stated in bytes.
#include <fcntl.h>
#include <gmock/gmock.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <iterator>

#include "base/unique_fd.h"
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

class CopiesTest : public FollowerFixture {
 protected:
  void follow_log(std::string_view bytes) {
    append(log, bytes);
    add_source("web", {log}, StartPosition::start);
    start();
    seen.clear();
  }
  // As logrotate: the copy is new; older ones go up by one.
  void copy() {
    for (int i = 8; i >= 1; --i) {
      for (const char* ending : {"", ".gz"}) {
        if (fs::exists(log + "." + std::to_string(i) + ending)) {
          fs::rename(log + "." + std::to_string(i) + ending, log + "." + std::to_string(i + 1) + ending);
        }
      }
    }
    fs::copy_file(log, rotated);
  }
  void truncate() const { fs::resize_file(log, 0); }
  void copy_and_truncate() {
    copy();
    truncate();
  }
  void expect_nothing_lost() const {
    EXPECT_EQ(status_of(log).lost_bytes, 0U);
    EXPECT_EQ(status_of(log).losses_of_unknown_size, 0U);
    EXPECT_EQ(status_of(log).reread_bytes, 0U);
  }

  const std::string log = temp / "access.log";
  const std::string rotated = temp / "access.log.1";
};

TEST_F(CopiesTest, WhatWasNotReadStandsInTheCopy) {
  struct Case {
    const char* name;
    std::string read, unread, after;
    Texts expected;
  };
  const std::vector<Case> cases = {
      {"shorter than before", "one\ntwo\n", "three\n", "4\n", {"three", "4"}},
      {"as long as before", "one\n", "two\n", "three\n4\n", {"two", "three", "4"}},
      {"longer than before", "one\n", "two\n", "three three three\n4\n", {"two", "three three three", "4"}},
      {"nothing new", "one\n", "two\n", "", {"two"}},
      {"nothing unread", "one\n", "", "two, which is longer\n", {"two, which is longer"}},
      {"a line that was written half", "one\ntw", "o\nthree\n", "4\n", {"two", "three", "4"}},
      {"a line that is never ended", "one\ntw", "o\nthr", "4\n", {"two", "thr", "4"}},
      {"nothing read at all", "", "one\n", "2\n", {"one", "2"}},
      {"the same beginning",
       std::string(300, 'x') + "\n1\n",
       "2\n",
       std::string(300, 'x') + "\nand other lines\n",
       {"2", std::string(300, 'x'), "and other lines"}},
  };
  for (const Case& test : cases) {
    SCOPED_TRACE(test.name);
    sources.clear();
    follow_log(test.read);
    append(log, test.unread);
    copy_and_truncate();
    append(log, test.after);
    drain();
    if (test.read.empty()) {
      // Nobody knows that there was something: an empty file has no beginning by which it is known again.
      EXPECT_THAT(take_texts(), ::testing::AnyOf(Texts{"one", "2"}, Texts{"2"}));
    } else {
      EXPECT_EQ(take_texts(), test.expected);
      EXPECT_EQ(status_of(log).truncations, 1U);
      expect_nothing_lost();
    }
    follower.reset();
    for (const char* name : {"access.log", "access.log.1", "access.log.2"}) {
      fs::remove(temp / name);
    }
  }
}

TEST_F(CopiesTest, WhatATruncationWithoutACopyMayHaveTakenIsNotCalledNothing) {
  follow_log("one\ntwo\n");
  append(log, "not seen by anybody\n");
  truncate();
  append(log, "4\n");
  EXPECT_EQ(next_texts(), (Texts{"4"}));
  expect_nothing_lost();
  EXPECT_EQ(follower->losses().at("web"), (model::Losses{.truncations = 1}));
  append(log, "five\n");
  EXPECT_EQ(next_texts(), (Texts{"five"}));
  copy_and_truncate();
  append(log, "6\n");
  EXPECT_EQ(next_texts(), (Texts{"6"}));
  EXPECT_EQ(follower->losses().at("web").truncations, 1U) << "the copy tells that nothing is missing";
}

TEST_F(CopiesTest, ACompressedCopyIsReadToo) {
  follow_log("one\ntw");
  append(log, "o\nthree\n");
  copy_and_truncate();
  compress(rotated);
  append(log, "four\n");
  EXPECT_EQ(next_texts(), (Texts{"two", "three", "four"}));
  expect_nothing_lost();
  // What the copy lacks of a line was read before: it was made while the line was being written.
  append(log, "fiv");
  copy();
  append(log, "e: but not to its en");
  drain();
  compress(rotated);
  truncate();
  append(log, "six\n");
  EXPECT_EQ(next_texts(), (Texts{"five: but not to its en", "six"}));
  expect_nothing_lost();
}

TEST_F(CopiesTest, WhatTheCopyLacksIsLostAndStatedExactly) {
  std::string content;
  for (int i = 0; content.size() < (6UL << 20); ++i) {
    content += "line " + std::to_string(i) + " of those that are not read in one turn\n";
  }
  for (const bool packed : {false, true}) {
    SCOPED_TRACE(packed);
    add_source("web", {log}, StartPosition::start);
    overwrite(log, content.substr(0, 4UL << 20));
    fs::remove(rotated);
    fs::copy_file(log, rotated);
    append(log, content.substr(4UL << 20));
    follower = std::make_unique<Follower>(
        loop, sources, std::vector<model::Cursor>{}, 0, [this](const Block& block) { return take(block); }, timing);
    ASSERT_TRUE(follower->start());
    ASSERT_TRUE(follower->read_turn());
    truncate();
    if (packed) {
      compress(rotated);
    }
    append(log, "new\n");
    drain();
    EXPECT_EQ(status_of(log).lost_bytes, content.size() - (4UL << 20));
    std::string all;
    for (const std::string& line : take_texts()) {
      all += line + '\n';
    }
    const std::string whole = content.substr(0, content.rfind('\n', (4UL << 20) - 1) + 1);
    EXPECT_TRUE(all.starts_with(whole));
    EXPECT_TRUE(all.ends_with("\nnew\n") || all.find("\nnew\n") != std::string::npos);
    EXPECT_LT(all.size(), whole.size() + 100);
    follower.reset();
    sources.clear();
  }
}

TEST_F(CopiesTest, AWriterThatGoesOnAtItsOldPlaceTellsHowMuchThereWas) {
  follow_log("one\n");
  const UniqueFd writer(::open(log.c_str(), O_WRONLY | O_CLOEXEC));
  const auto write_at = [&](off_t offset, std::string_view bytes) {
    ASSERT_EQ(::pwrite(writer.get(), bytes.data(), bytes.size(), offset), std::ssize(bytes));
  };
  write_at(4, "two\n");
  copy();
  write_at(8, "gone\n");
  truncate();
  write_at(13, "three\n");
  EXPECT_EQ(next_texts(), (Texts{"two", "three"}));
  EXPECT_EQ(status_of(log).lost_bytes, 5U);
  write_at(19, "four\n");
  EXPECT_EQ(next_texts(), (Texts{"four"}));
  EXPECT_EQ(status_of(log).overlong_lines, 0U);
  // So it is after a restart.
  const std::vector<model::Cursor> cursors = stop();
  write_at(24, "five\n");
  start(cursors);
  EXPECT_EQ(take_texts(), (Texts{"five"}));
}

TEST_F(CopiesTest, SeveralTimesBetweenTwoLooks) {
  follow_log("one\n");
  append(log, "two\n");
  copy_and_truncate();
  append(log, "three\n");
  copy_and_truncate();
  compress(rotated);
  append(log, "four\n");
  copy_and_truncate();
  append(log, "five\n");
  EXPECT_EQ(next_texts(), (Texts{"two", "three", "four", "five"}));
  expect_nothing_lost();
}

TEST_F(CopiesTest, ACopyThatIsBeingMadeIsNotTakenForAGenerationThatNobodySaw) {
  for (const char* made : {"", "a line that is long enough to be known by it\n"}) {
    SCOPED_TRACE(made);
    sources.clear();
    follow_log("one\n");
    copy_and_truncate();
    drain();
    append(log, "a line that is long enough to be known by it\nand the next\n");
    fs::rename(rotated, log + ".2");
    append(rotated, made);
    EXPECT_EQ(next_texts(), (Texts{"a line that is long enough to be known by it", "and the next"}));
    overwrite(rotated, content_of(log));
    truncate();
    append(log, "two\n");
    EXPECT_EQ(next_texts(), (Texts{"two"}));
    expect_nothing_lost();
    follower.reset();
    for (const char* name : {"access.log", "access.log.1", "access.log.2"}) {
      fs::remove(temp / name);
    }
  }
}

TEST_F(CopiesTest, ACopyThatHasLessThanWasReadIsKnown) {
  follow_log("one\n");
  append(log, "two\n");
  copy();
  append(log, "three\n");
  drain();
  truncate();
  drain();
  append(log, "four\n");
  copy_and_truncate();
  append(log, "five\n");
  EXPECT_EQ(next_texts(), (Texts{"two", "three", "four", "five"}));
  expect_nothing_lost();
}

TEST_F(CopiesTest, OlderCopiesAreNotReadAgain) {
  follow_log("1\n");
  Texts expected;
  for (int i = 0; i < 8; ++i) {
    append(log, "2\n");  // lines that say nothing of when they were written
    drain();
    copy_and_truncate();
    drain();
    append(log, "1\n");
    drain();
    expected.insert(expected.end(), {"2", "1"});
  }
  EXPECT_EQ(take_texts(), expected);
  expect_nothing_lost();
}

TEST_F(CopiesTest, WithoutACopyWhatWasSeenIsLost) {
  follow_log("one\ntwo\n");
  truncate();
  append(log, "one\n");
  EXPECT_EQ(next_texts(), (Texts{"one"}));
  EXPECT_EQ(status_of(log).reread_bytes, 4U);  // perhaps: it looks as what was read
  EXPECT_EQ(status_of(log).lost_bytes, 0U);
}

TEST_F(CopiesTest, ACopyUnderAFollowedNameIsNotReadAgain) {
  append(log, "one\n");
  add_source("web", {temp / "access*"}, StartPosition::start);
  start();
  append(log, "two\n");
  fs::copy_file(log, rotated);
  drain();
  EXPECT_THAT(status_of(rotated).state, HasSubstr("a copy of"));
  truncate();
  append(log, "three\n");
  compress(rotated);
  drain();
  EXPECT_EQ(take_texts(), (Texts{"one", "two", "three"}));
  EXPECT_THAT(status_of(rotated + ".gz").state, HasSubstr("is compressed"));
  expect_nothing_lost();
}

TEST_F(CopiesTest, WhatCameAndWasCompressedBetweenTwoLooksIsRead) {
  follow_log("one\n");
  append(log, "two\n");
  fs::rename(log, rotated);
  append(log, "three\n");
  fs::rename(rotated, log + ".2");
  compress(log + ".2");
  fs::rename(log, rotated);
  compress(rotated);
  append(log, "four\n");
  EXPECT_THAT(next_texts(), ::testing::UnorderedElementsAre("two", "three", "four"));
  expect_nothing_lost();
}

TEST_F(CopiesTest, GenerationsWhoseEventsWereDroppedAreFound) {
  follow_log("one\n");
  append(log, "two\n");
  // More events than the queue holds (fs.inotify.max_queued_events).
  std::ifstream bound("/proc/sys/fs/inotify/max_queued_events");
  size_t events = 0;
  bound >> events;
  ASSERT_GT(events, 0U);
  if (events > 100'000) {
    GTEST_SKIP() << "the queue holds " << events << " events";
  }
  add_source("other", {temp / "other-*"}, StartPosition::end);
  follower->change_sources(sources);
  for (size_t i = 0; i < events; i += 2) {
    append(temp / "other-log", "");
    fs::remove(temp / "other-log");
  }
  for (int i = 0; i < 3; ++i) {
    for (int generation = 3; generation >= 1; --generation) {
      if (fs::exists(log + "." + std::to_string(generation))) {
        fs::rename(log + "." + std::to_string(generation), log + "." + std::to_string(generation + 1));
      }
    }
    fs::rename(log, rotated);
    append(log, "after " + std::to_string(i) + "\n");
  }
  compress(log + ".2");
  EXPECT_EQ(next_texts(), (Texts{"two", "after 0", "after 1", "after 2"}));
  expect_nothing_lost();
}

TEST_F(CopiesTest, WhatIsReadAndStandsElsewhereAsWellIsReadOnce) {
  follow_log("one\n");
  const std::vector<model::Cursor> cursors = stop();
  append(log, "two\n");
  copy_and_truncate();
  append(log, "three\npart");
  copy_and_truncate();
  start(cursors);
  EXPECT_EQ(take_texts(), (Texts{"two", "three"}));
  // Nobody knows yet that the line is not ended; it is given out when its file is closed.
  compress(rotated);
  append(log, "four\n");
  EXPECT_EQ(next_texts(), (Texts{"four"}));
  expect_nothing_lost();
}

TEST_F(CopiesTest, ACopyOverARotatedFileIsNotReadAgain) {
  for (const bool looked_at : {false, true}) {
    for (const bool unread : {false, true}) {
      SCOPED_TRACE(looked_at);
      SCOPED_TRACE(unread);
      sources.clear();
      follow_log("one\n");
      fs::rename(log, rotated);
      append(log, "two\nthree\n");
      EXPECT_EQ(next_texts(), (Texts{"two", "three"}));
      if (unread) {
        append(log, "four\n");
      }
      fs::copy_file(log, rotated, fs::copy_options::overwrite_existing);
      Texts texts = looked_at ? next_texts() : Texts{};
      truncate();
      append(log, "five\n");
      std::ranges::move(next_texts(), std::back_inserter(texts));
      EXPECT_EQ(texts, unread ? (Texts{"four", "five"}) : (Texts{"five"}));
      EXPECT_EQ(status_of(log).lost_bytes, 0U);
      EXPECT_EQ(status_of(log).losses_of_unknown_size, 0U);
      follower.reset();
      fs::remove(log);
      fs::remove(rotated);
    }
  }
}

TEST_F(CopiesTest, OnANetworkFileSystemFilesArePolledBesides) {
  timing.all_remote = true;
  timing.poll = milliseconds(1);
  follow_log("one\n");
  EXPECT_THAT(status_of(log).state, HasSubstr("following, polled: on a file system"));
  append(log, "two\n");
  fs::rename(log, rotated);
  append(log, "three\n");
  run_until([&] { return seen.size() == 2; });
  EXPECT_EQ(take_texts(), (Texts{"two", "three"}));
}

TEST_F(CopiesTest, RotatedFilesMakeRoomWhenNobodyWritesToThem) {
  most_open = 2;
  follow_log("0\n");
  Texts expected;
  for (int i = 1; i < 10; ++i) {
    fs::rename(log, log + "." + std::to_string(i));
    append(log, std::to_string(i) + "\n");
    drain();
    expected.push_back(std::to_string(i));
  }
  EXPECT_EQ(take_texts(), expected);
  expect_nothing_lost();
}

}  // namespace
}  // namespace ipguard::input
