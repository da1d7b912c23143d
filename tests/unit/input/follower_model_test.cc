// Random operations on log files, with a model of what must come out: every line of every file exactly once, in order,
// whole, whatever happens to the files' names, except for lines whose loss is known (truncated or deleted unread).
#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <map>
#include <optional>
#include <random>

#include "base/unique_fd.h"
#include "follower_fixture.h"

namespace ipguard::input {
namespace {

namespace fs = std::filesystem;

constexpr size_t max_line = 120;

// What was written between a file's creation or truncation and its next truncation.
struct Content {
  std::string bytes;
  bool ended = false;        // truncated or closed: its partial line counts as a line
  bool may_end = false;      // may have been closed meanwhile
  bool may_be_lost = false;  // truncated or deleted before it was read
};

struct Expected {
  std::string text;
  uint64_t offset = 0;
  bool truncated = false;
};

// Lines by definition, byte by byte.
std::vector<Expected> lines_of(const Content& content) {
  std::vector<Expected> lines;
  for (size_t begin = 0; begin < content.bytes.size();) {
    const size_t end = std::min(content.bytes.find('\n', begin), content.bytes.size());
    const bool complete = end < content.bytes.size();
    const bool overlong = end - begin > max_line;
    if (complete || overlong || content.ended) {
      lines.push_back({content.bytes.substr(begin, overlong ? max_line : end - begin), begin, overlong});
    }
    begin = end + 1;
  }
  return lines;
}

// One path and the files that were there.
struct Log {
  std::string path;
  UniqueFd writer;
  size_t content = 0;  // being written
  UniqueFd previous_writer;
  size_t previous_content = 0;
  int generations = 0;  // path.1 … path.N
  bool previous_deleted = false;
  bool folder_seen = false;
  // While nobody follows: a file can be found again under its new name only if it was followed before.
  bool may_rotate = true;
  bool may_write_to_previous = true;
};

class FollowerModelTest : public FollowerFixture, public ::testing::WithParamInterface<int> {
 protected:
  FollowerModelTest() : random_(static_cast<unsigned>(GetParam())), closing_(GetParam() % 3 == 0) {
    if (closing_) {
      timing.tick = std::chrono::milliseconds(1);
      timing.quiet_ticks = 2;
    }
    add_source("web", {temp / "web/*.log"}, config::StartPosition::start, max_line);
    add_source("app", {temp / "deep/er/app.log", temp / "late.log"}, config::StartPosition::start, max_line);
    for (const char* name : {"web/a.log", "web/b.log", "deep/er/app.log", "late.log"}) {
      logs_.emplace_back().path = temp / name;
    }
  }

  [[nodiscard]] bool chance(unsigned percent) { return random_() % 100 < percent; }

  // New lines begin with their content's number, so that what is seen can be told apart.
  std::string some_bytes(size_t content) {
    const std::string& before = contents_[content].bytes;
    std::string bytes;
    for (size_t pieces = 1 + random_() % 4; pieces > 0; --pieces) {
      const bool fresh = (before + bytes).empty() || (before + bytes).ends_with('\n');
      if (fresh) {
        bytes += std::to_string(content) + ":" + std::to_string(++counter_) + " ";
      }
      bytes.append(random_() % (chance(10) ? 300 : 60), static_cast<char>('a' + random_() % 26));
      bytes += pieces > 1 || chance(70) ? (chance(20) ? "\r\n" : "\n") : "";
    }
    return bytes;
  }

  void write_to(int fd, size_t content) {
    const std::string bytes = some_bytes(content);
    ASSERT_EQ(::write(fd, bytes.data(), bytes.size()), std::ssize(bytes));
    contents_[content].bytes += bytes;
  }

  size_t new_content() {
    contents_.emplace_back();
    return contents_.size() - 1;
  }

  void write(Log& log) {
    if (!log.writer.valid()) {
      fs::create_directories(fs::path(log.path).parent_path());
      log.writer.reset(::open(log.path.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_EXCL | O_CLOEXEC, 0644));
      ASSERT_TRUE(log.writer.valid()) << log.path;
      log.content = new_content();
    }
    write_to(log.writer.get(), log.content);
  }

  void write_to_rotated(Log& log) {
    if (log.previous_writer.valid() && !closing_ && log.may_write_to_previous) {
      write_to(log.previous_writer.get(), log.previous_content);
    }
  }

  void rotate(Log& log) {
    if (!log.writer.valid() || !log.may_rotate) {
      return;
    }
    if (!log.folder_seen && follower) {
      drain();  // renames in a folder that nobody watches yet leave no trace
      log.folder_seen = true;
    }
    for (int i = log.generations; i > 0; --i) {
      fs::rename(log.path + "." + std::to_string(i), log.path + "." + std::to_string(i + 1));
    }
    fs::rename(log.path, log.path + ".1");
    ++log.generations;
    contents_[log.content].may_end = closing_;
    log.previous_writer = std::move(log.writer);
    log.previous_content = log.content;
    log.previous_deleted = false;
    log.may_write_to_previous = follower != nullptr;
    if (chance(60)) {
      write(log);
    }
  }

  // Nothing is lost by it: the follower has the file open.
  void remove(Log& log) {
    if (log.writer.valid()) {
      drain();
      contents_[log.content].may_end = closing_;
      fs::remove(log.path);
      log.previous_writer = std::move(log.writer);
      log.previous_content = log.content;
      log.previous_deleted = true;
    }
  }

  void truncate(Log& log) {
    if (!log.writer.valid()) {
      return;
    }
    if (chance(70)) {
      drain();
    } else {
      contents_[log.content].may_be_lost = true;
    }
    // With its first line it shows in the file's beginning that everything after a truncation is new.
    const bool recognisable = contents_[log.content].bytes.find('\n') != std::string::npos;
    ASSERT_EQ(::ftruncate(log.writer.get(), 0), 0);
    contents_[log.content].ended = true;
    log.content = new_content();
    if (!recognisable) {
      drain();
    }
  }

  // Old generations that were read to their ends go, as by logrotate.
  void tidy_up(Log& log) {
    drain();
    while (log.generations > 2) {
      fs::remove(log.path + "." + std::to_string(log.generations--));
    }
  }

  void restart() {
    drain();
    for (Log& log : logs_) {
      if (log.writer.valid() && chance(50)) {
        write(log);  // not read before the stop
      }
      if (log.previous_deleted) {
        log.previous_writer.reset();
      }
      log.may_rotate = log.writer.valid();
    }
    const std::vector<Cursor> cursors = stop();
    for (size_t i = random_() % 12; i > 0; --i) {
      Log& log = logs_[random_() % logs_.size()];
      if (chance(30)) {
        rotate(log);
      } else if (chance(20)) {
        write_to_rotated(log);
      } else {
        write(log);
      }
    }
    start(cursors, chance(50) ? 0 : 200);
    for (Log& log : logs_) {
      log.may_rotate = true;
      log.folder_seen = fs::exists(fs::path(log.path).parent_path());
      log.may_write_to_previous = true;
    }
  }

  void step() {
    Log& log = logs_[random_() % logs_.size()];
    const unsigned what = static_cast<unsigned>(random_() % 100);
    if (what < 50) {
      write(log);
    } else if (what < 58) {
      write_to_rotated(log);
    } else if (what < 70) {
      rotate(log);
    } else if (what < 73) {
      remove(log);
    } else if (what < 79) {
      truncate(log);
    } else if (what < 82) {
      tidy_up(log);
    } else if (what < 85) {
      restart();
    } else if (what < 92) {
      loop.poll();
    } else {
      drain();
      check();
    }
  }

  // Sorts what was seen by content, then compares.
  void check() {
    for (const SeenLine& line : seen) {
      const size_t content = std::strtoul(line.text.c_str(), nullptr, 10);
      ASSERT_LT(content, contents_.size()) << line.text;
      ASSERT_NE(line.text.find(':'), std::string::npos) << "torn: " << line.text;
      ASSERT_EQ(contents_[content].bytes.substr(line.offset, line.text.size()), line.text) << "offset " << line.offset;
      if (!line.replay) {
        delivered_[content].push_back(line);
      }
    }
    seen.clear();
    for (size_t content = 0; content < contents_.size(); ++content) {
      ASSERT_NO_FATAL_FAILURE(check_content(content));
    }
  }

  void check_content(size_t number) {
    Content content = contents_[number];
    const std::vector<SeenLine>& got = delivered_[number];
    std::vector<Expected> expected = lines_of(content);
    if (content.may_end && got.size() > expected.size()) {
      content.ended = true;
      expected = lines_of(content);
    }
    if (content.may_be_lost) {
      ASSERT_LE(got.size(), expected.size()) << "content " << number;
    } else {
      ASSERT_EQ(got.size(), expected.size()) << "content " << number << ":\n" << content.bytes;
    }
    for (size_t i = 0; i < got.size(); ++i) {
      ASSERT_EQ(got[i].offset, expected[i].offset) << "content " << number << ", line " << i;
      if (content.may_be_lost && i + 1 == got.size()) {
        ASSERT_TRUE(expected[i].text.starts_with(got[i].text));  // perhaps truncated while it was being written
        continue;
      }
      ASSERT_EQ(got[i].text, expected[i].text) << "content " << number << ", line " << i;
      ASSERT_EQ(got[i].truncated, expected[i].truncated) << "content " << number << ", line " << i;
    }
  }

  std::mt19937 random_;
  bool closing_;  // old files are closed all the time
  std::vector<Log> logs_;
  std::vector<Content> contents_;
  std::map<size_t, std::vector<SeenLine>> delivered_;
  uint64_t counter_ = 0;
};

TEST_P(FollowerModelTest, EveryLineExactlyOnceInOrder) {
  start();
  for (int i = 0; i < 1000; ++i) {
    step();
    ASSERT_FALSE(HasFatalFailure()) << "step " << i;
  }
  drain();
  check();
  size_t lines = 0;
  for (const auto& [content, got] : delivered_) {
    lines += got.size();
  }
  EXPECT_GT(lines, 500U);
  EXPECT_GT(contents_.size(), 100U);
}

INSTANTIATE_TEST_SUITE_P(Seeds, FollowerModelTest, ::testing::Range(1, 7));

}  // namespace
}  // namespace ipguard::input
