// A follower in a folder of its own: sources, what was handed out line by line, and driving it without waiting.
#pragma once

#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/log.h"
#include "followed_files.h"
#include "input/follower.h"

namespace ipguard::input {

struct SeenLine {
  std::string text;  // without LF
  uint64_t offset = 0;
  model::SourceId source = 0;
  bool replay = false;
  bool truncated = false;
};

class FollowerFixture : public ::testing::Test {
 protected:
  FollowerFixture() { set_log_level(LogLevel::error); }

  void add_source(const std::string& name, std::vector<std::string> paths,
                  config::StartPosition from = config::StartPosition::end, uint64_t max_line = 64UL << 10) {
    config::SourceConfig source;
    source.name = name;
    source.paths = std::move(paths);
    source.from = from;
    source.max_line = max_line;
    sources.push_back(std::move(source));
  }

  void start(std::vector<model::Cursor> cursors = {}, uint64_t replay_bytes = 0) {
    follower = std::make_unique<Follower>(
        loop, sources, std::move(cursors), replay_bytes, [this](const Block& block) { return take(block); }, timing,
        most_open);
    const Result<> started = follower->start();
    ASSERT_TRUE(started) << started.error().message;
    drain();
  }

  // As after a stop of the daemon: the cursors are all that is left.
  [[nodiscard]] std::vector<model::Cursor> stop() {
    std::vector<model::Cursor> cursors = follower->cursors();
    follower.reset();
    return cursors;
  }

  void drain() {
    for (int turn = 0; turn < 100'000; ++turn) {
      loop.poll();
      if (follower->caught_up()) {
        return;
      }
    }
    FAIL() << "the follower does not come to rest";
  }

  // Timers are real: waits for their effect, however long they take.
  void run_until(const std::function<bool()>& condition) {
    while (!condition()) {
      loop.run_once();
    }
    drain();
  }

  Follower::Consumed take(const Block& block) {
    Follower::Consumed consumed;
    EXPECT_FALSE(block.bytes.empty());
    for (size_t begin = 0; begin < block.bytes.size();) {
      size_t end = block.bytes.size();
      if (!block.truncated) {
        end = block.bytes.find('\n', begin);
        EXPECT_NE(end, std::string_view::npos) << "a block that does not end with LF";
      }
      seen.push_back({std::string(block.bytes.substr(begin, end - begin)), block.offset + begin, block.source,
                      block.replay, block.truncated});
      begin = end + 1;
      ++consumed.lines;
      consumed.hits += seen.back().text.starts_with("hit") ? 1U : 0U;
    }
    return consumed;
  }

  // The texts seen since the last call.
  std::vector<std::string> take_texts() {
    std::vector<std::string> texts;
    for (SeenLine& line : seen) {
      texts.push_back(std::move(line.text));
    }
    seen.clear();
    return texts;
  }

  // Driven to rest, then the texts.
  std::vector<std::string> next_texts() {
    drain();
    return take_texts();
  }

  [[nodiscard]] model::SourceStatus status_of(const std::string& path) const {
    for (const model::SourceStatus& status : follower->status()) {
      if (status.path == path) {
        return status;
      }
    }
    ADD_FAILURE() << "no status of " << path;
    return {};
  }

  using Texts = std::vector<std::string>;

  TempFolder temp;
  loop::EventLoop loop;
  std::vector<config::SourceConfig> sources;
  FollowerTiming timing;
  size_t most_open = SIZE_MAX;
  std::vector<SeenLine> seen;
  std::unique_ptr<Follower> follower;
};

}  // namespace ipguard::input
