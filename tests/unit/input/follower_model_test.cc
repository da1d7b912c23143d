// Random operations on log files, with a model of what must come out: every line of every file exactly once, in order,
// whole, whatever happens to the files (renamed, copied and truncated, compressed, deleted) and to the follower
// (stopped, killed), except for lines whose loss is known (truncated without a copy, or deleted, unread).
// Runs: IPGUARD_MODEL_RUNS, with seeds from IPGUARD_MODEL_SEED (1) on.
#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <map>
#include <optional>
#include <random>

#include "base/unique_fd.h"
#include "follower_fixture.h"
#include "packed_file.h"

namespace ipguard::input {
namespace {

namespace fs = std::filesystem;

constexpr size_t longest_line = 120;

// What was written between a file's creation or truncation and its next truncation.
struct Content {
  std::string bytes;
  bool ended = false;          // truncated or closed: its partial line counts as a line
  bool may_end = false;        // may have been closed meanwhile
  bool may_be_lost = false;    // truncated or deleted before it was read
  bool rotated_empty = false;  // nothing tells it when what is written to it late is compressed
  // It can be found in another file: its beginning was seen, or that of what was before it, or that it was empty.
  bool known = false;
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
    const bool overlong = end - begin > longest_line;
    if (complete || overlong || content.ended) {
      lines.push_back({content.bytes.substr(begin, overlong ? longest_line : end - begin), begin, overlong});
    }
    begin = end + 1;
  }
  return lines;
}

// One path and the files that were there.
struct Log {
  std::string path;
  bool copies = false;  // how it is rotated: logrotate has one way for a log
  UniqueFd writer;
  size_t content = 0;  // being written
  UniqueFd previous_writer;
  size_t previous_content = 0;
  std::vector<size_t> generations;  // contents of path.1, path.2 …
  bool previous_deleted = false;
  bool folder_seen = false;
  // While nobody follows: a file can be found again under its new name only if it was followed before.
  bool may_rotate = true;
  bool may_write_to_previous = true;
};

class ModelRun : public FollowerFixture {
 public:
  explicit ModelRun(unsigned seed) : random_(seed), closing_(seed % 3 == 0) {
    if (closing_) {
      timing.tick = std::chrono::milliseconds(seed % 2);  // each time that the loop runs, or as it happens to run
      timing.quiet_ticks = 2;
    }
    add_source("web", {temp / "web/*.log"}, config::StartPosition::start, longest_line);
    add_source("app", {temp / "deep/er/app.log", temp / "late.log"}, config::StartPosition::start, longest_line);
    for (const char* name : {"web/a.log", "web/b.log", "deep/er/app.log", "late.log"}) {
      logs_.emplace_back().path = temp / name;
      logs_.back().copies = chance(40);
    }
  }

  void TestBody() override {
    start();
    for (int i = 0; i < 150; ++i) {
      step();
      ASSERT_FALSE(HasFatalFailure()) << "step " << i << " after" << history();
    }
    look();
    check();
    ASSERT_FALSE(HasFatalFailure()) << "at the end, after" << history();
  }
  [[nodiscard]] size_t lines() const {
    size_t count = 0;
    for (const auto& [content, got] : delivered_) {
      count += got.size();
    }
    return count;
  }
  [[nodiscard]] size_t contents() const { return contents_.size(); }

 private:
  // What was done last.
  void note(const std::string& what, const Log& log) {
    history_.push_back(what + ' ' + fs::path(log.path).filename().string() + ' ' + std::to_string(log.content));
  }
  void note_saved(const std::vector<model::Cursor>& cursors) {
    history_.emplace_back("save");
    for (const model::Cursor& cursor : cursors) {
      history_.back() += "\n    " + fs::path(cursor.path).filename().string() + " inode " +
                         std::to_string(cursor.inode) + " offset " + std::to_string(cursor.offset) + " seen " +
                         std::to_string(cursor.seen_size) + " of " + std::to_string(cursor.fingerprint_length) + '+' +
                         std::to_string(cursor.tail_length) + " bytes";
    }
  }
  [[nodiscard]] std::string history() const {
    constexpr size_t most = 60;
    std::string text;
    for (size_t i = history_.size() - std::min(history_.size(), most); i < history_.size(); ++i) {
      text += "\n  " + history_[i];
    }
    return text;
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

  // Drives the follower to rest: it knows what there is; one that will be killed leaves what it knew before.
  void look() {
    history_.emplace_back("look");
    drain();
    for (const Log& log : logs_) {
      if (log.writer.valid() && !killing_) {
        contents_[log.content].known = true;
      }
    }
  }

  [[nodiscard]] static std::string generation(const Log& log, size_t number) {
    const std::string path = log.path + "." + std::to_string(number);
    return fs::exists(path + ".gz") ? path + ".gz" : path;
  }

  // path.1 becomes path.2, and so on; `content` is about to be path.1.
  static void shift(Log& log, size_t content) {
    for (size_t i = log.generations.size(); i > 0; --i) {
      const std::string from = generation(log, i);
      fs::rename(from, log.path + "." + std::to_string(i + 1) + (from.ends_with(".gz") ? ".gz" : ""));
    }
    log.generations.insert(log.generations.begin(), content);
  }

  void create(Log& log) {
    fs::create_directories(fs::path(log.path).parent_path());
    log.writer.reset(::open(log.path.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_EXCL | O_CLOEXEC, 0644));
    ASSERT_TRUE(log.writer.valid()) << log.path;
    log.content = new_content();
  }

  void write(Log& log) {
    if (!log.writer.valid()) {
      create(log);
    }
    write_to(log.writer.get(), log.content);
    note("write", log);
  }

  void write_to_rotated(Log& log) {
    if (log.previous_writer.valid() && !closing_ && log.may_write_to_previous) {
      write_to(log.previous_writer.get(), log.previous_content);
    }
  }

  void rotate(Log& log) {
    // Empty files are not rotated while nobody looks (logrotate's notifempty): one that is written to afterwards cannot
    // be told from a copy that is just being made.
    if (!log.writer.valid() || !log.may_rotate || log.copies ||
        ((!follower || killing_) && contents_[log.content].bytes.empty())) {
      return;
    }
    if (!log.folder_seen && follower) {
      look();  // renames in a folder that nobody watches yet leave no trace
      log.folder_seen = true;
    }
    note("rotate", log);
    contents_[log.content].rotated_empty = contents_[log.content].bytes.empty();
    shift(log, log.content);
    fs::rename(log.path, log.path + ".1");
    contents_[log.content].may_end = closing_;
    log.previous_writer = std::move(log.writer);
    log.previous_content = log.content;
    log.previous_deleted = false;
    log.may_write_to_previous = follower != nullptr && !killing_;
    if (chance(40)) {
      create(log);
    }
    if (chance(60)) {
      write(log);
    }
    if (log.writer.valid()) {
      contents_[log.content].known = contents_[log.previous_content].known && (killing_ || !follower);
    }
  }

  // As logrotate's copytruncate: nobody has written in between, or what was written was read.
  void copy_and_truncate(Log& log) {
    if (!log.writer.valid() || !log.copies || contents_[log.content].bytes.empty() ||
        (!contents_[log.content].known && !may_look())) {
      return;
    }
    if ((!contents_[log.content].known || chance(30)) && may_look()) {
      look();
    }
    note("copy and truncate", log);
    shift(log, log.content);
    fs::copy_file(log.path, log.path + ".1");
    if (may_look() && chance(20)) {
      write_to(log.writer.get(), log.content);
      drain();
    }
    ASSERT_EQ(::ftruncate(log.writer.get(), 0), 0);
    Content& copied = contents_[log.content];
    copied.may_end = true;
    log.content = new_content();
    contents_[log.content].known = true;
    log.previous_writer.reset();
  }

  [[nodiscard]] bool may_look() const { return follower && !killing_; }

  void compress_generation(Log& log) {
    if (log.generations.empty()) {
      return;
    }
    const size_t number = 1 + random_() % log.generations.size();
    const std::string path = generation(log, number);
    const size_t content = log.generations[number - 1];
    if (path.ends_with(".gz") || !contents_[content].known || contents_[content].rotated_empty ||
        contents_[content].bytes.empty()) {
      return;
    }
    if (log.previous_content == content) {
      log.previous_writer.reset();
    }
    note("compress " + std::to_string(content) + " of", log);
    compress(path);
    contents_[content].may_end = true;
  }

  // Nothing is lost by it: the follower has the file open.
  void remove(Log& log) {
    if (log.writer.valid()) {
      look();
      contents_[log.content].may_end = closing_;
      fs::remove(log.path);
      log.previous_writer = std::move(log.writer);
      log.previous_content = log.content;
      note("remove", log);
      log.previous_deleted = true;
    }
  }

  void truncate(Log& log) {
    if (!log.writer.valid()) {
      return;
    }
    if (chance(70)) {
      look();
    } else {
      contents_[log.content].may_be_lost = true;
    }
    // With its first line it shows in the file's beginning that everything after a truncation is new.
    const bool recognisable = contents_[log.content].bytes.find('\n') != std::string::npos;
    note("truncate", log);
    ASSERT_EQ(::ftruncate(log.writer.get(), 0), 0);
    contents_[log.content].ended = true;
    log.content = new_content();
    if (!recognisable) {
      look();
    }
  }

  // Old generations that were read to their ends go, as by logrotate.
  void tidy_up(Log& log) {
    look();
    while (log.generations.size() > 2) {
      note("tidy " + std::to_string(log.generations.back()), log);
      fs::remove(generation(log, log.generations.size()));
      log.generations.pop_back();
    }
  }

  // Stops the follower, or kills it some time after it saved its cursors: what it read since is read again.
  void restart() {
    look();
    for (Log& log : logs_) {
      if (log.writer.valid() && chance(50)) {
        write(log);  // not read before the stop
      }
      if (log.previous_deleted) {
        log.previous_writer.reset();
      }
      log.may_rotate = log.writer.valid();
    }
    check_seen();
    const std::vector<model::Cursor> cursors = follower->cursors();
    note_saved(cursors);
    killing_ = chance(50);
    if (killing_) {
      write_and_rotate(random_() % 12);
      seen.clear();
    }
    history_.emplace_back("stop");
    follower.reset();
    killing_ = false;
    write_and_rotate(random_() % 12);
    history_.emplace_back("start");
    start(cursors, chance(50) ? 0 : 200);
    for (Log& log : logs_) {
      log.may_rotate = true;
      log.folder_seen = fs::exists(fs::path(log.path).parent_path());
      log.may_write_to_previous = true;
    }
    look();
  }

  // What may happen while nobody follows.
  void write_and_rotate(size_t steps) {
    for (size_t i = 0; i < steps; ++i) {
      Log& log = logs_[random_() % logs_.size()];
      const unsigned what = static_cast<unsigned>(random_() % 100);
      if (what < 25) {
        rotate(log);
      } else if (what < 35) {
        write_to_rotated(log);
      } else if (what < 50) {
        if (log.may_rotate) {
          copy_and_truncate(log);
        }
      } else if (what < 60) {
        compress_generation(log);
      } else {
        write(log);
      }
      if (killing_ && chance(40)) {
        loop.poll();
      }
    }
  }

  void step() {
    Log& log = logs_[random_() % logs_.size()];
    const unsigned what = static_cast<unsigned>(random_() % 100);
    if (what < 45) {
      write(log);
    } else if (what < 52) {
      write_to_rotated(log);
    } else if (what < 62) {
      rotate(log);
    } else if (what < 68) {
      copy_and_truncate(log);
    } else if (what < 73) {
      compress_generation(log);
    } else if (what < 75) {
      remove(log);
    } else if (what < 79) {
      truncate(log);
    } else if (what < 82) {
      tidy_up(log);
    } else if (what < 86) {
      restart();
    } else if (what < 92) {
      history_.emplace_back("poll");
      loop.poll();
    } else {
      look();
      check();
    }
  }

  // Sorts what was seen by content, then compares.
  void check() {
    check_seen();
    for (size_t content = 0; content < contents_.size(); ++content) {
      ASSERT_NO_FATAL_FAILURE(check_content(content));
    }
    for (const Log& log : logs_) {
      for (const model::SourceStatus& status : follower->status()) {
        ASSERT_TRUE(status.path != log.path || status.losses_of_unknown_size == 0) << log.path;
      }
    }
  }

  void check_seen() {
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
  }

  [[nodiscard]] static std::string listed(const std::vector<SeenLine>& lines) {
    std::string text = "\ngiven out:";
    for (const SeenLine& line : lines) {
      text += "\n  " + std::to_string(line.offset) + ' ' + line.text + (line.truncated ? " (truncated)" : "");
    }
    return text;
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
      ASSERT_LE(got.size(), expected.size()) << "content " << number << listed(got);
    } else {
      ASSERT_EQ(got.size(), expected.size()) << "content " << number << ":\n" << content.bytes << listed(got);
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

  std::vector<std::string> history_;
  std::mt19937 random_;
  bool closing_;  // old files are closed all the time
  std::vector<Log> logs_;
  std::vector<Content> contents_;
  std::map<size_t, std::vector<SeenLine>> delivered_;
  uint64_t counter_ = 0;
  bool killing_ = false;  // the cursors that will be left are those saved before
};

TEST(FollowerModelTest, EveryLineExactlyOnceInOrder) {
  const auto number = [](const char* variable, unsigned otherwise) {
    const char* wanted = std::getenv(variable);  // NOLINT(*-mt-unsafe)
    return wanted == nullptr ? otherwise : static_cast<unsigned>(std::strtoul(wanted, nullptr, 10));
  };
  const unsigned runs = number("IPGUARD_MODEL_RUNS", 100);
  const unsigned first = number("IPGUARD_MODEL_SEED", 1);
  size_t lines = 0;
  size_t contents = 0;
  for (unsigned seed = first; seed < first + runs; ++seed) {
    ModelRun run(seed);
    run.TestBody();
    ASSERT_FALSE(::testing::Test::HasFailure()) << "seed " << seed;
    lines += run.lines();
    contents += run.contents();
  }
  EXPECT_GT(lines, runs * 100UL);
  EXPECT_GT(contents, runs * 15UL);
}

}  // namespace
}  // namespace ipguard::input
