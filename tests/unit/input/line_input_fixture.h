// What line inputs hand out, and driving the loop until something is so.
#pragma once

#include <gtest/gtest.h>

#include <functional>
#include <string>
#include <vector>

#include "base/log.h"
#include "followed_files.h"
#include "input/line_input.h"

namespace ipguard::input {

class LineInputFixture : public ::testing::Test {
 protected:
  LineInputFixture() {
    set_log_level(LogLevel::error);
    config.name = "test";
  }

  Follower::BlockCallback collect() {
    return [this](const Block& block) {
      EXPECT_EQ(block.source, id);
      EXPECT_FALSE(block.replay);
      if (block.truncated) {
        lines.push_back(std::string(block.bytes) + "…");
        return Follower::Consumed{.lines = 1, .hits = 0};
      }
      EXPECT_TRUE(block.bytes.ends_with('\n'));
      Follower::Consumed consumed;
      for (size_t at = 0; at < block.bytes.size();) {
        const size_t end = block.bytes.find('\n', at);
        lines.emplace_back(block.bytes.substr(at, end - at));
        at = end + 1;
        ++consumed.lines;
      }
      return consumed;
    };
  }

  void run_until(const std::function<bool()>& condition) {
    while (!condition()) {
      loop.run_once();
    }
  }
  void drain() {
    do {
      loop.poll();
    } while (!input->caught_up());
    loop.poll();
  }

  [[nodiscard]] model::SourceStatus status(size_t index = 0) const { return input->status().at(index); }

  TempFolder folder;
  loop::EventLoop loop;
  config::SourceConfig config;
  model::SourceId id = 7;
  std::vector<std::string> lines;
  std::unique_ptr<LineInput> input;
};

}  // namespace ipguard::input
