// Inputs: everything that lines come from, of all sources: followed files and the other inputs (line_input.h).
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "input/follower.h"
#include "input/line_input.h"

namespace ipguard::input {

// Owned by the loop thread. What Follower says of blocks, cursors and sources holds for all of them. The ids of files
// are even, those of other inputs odd: both count up from the lowest, and one that is free is given away again.
class Inputs {
 public:
  // As Follower's; `sources` outlives it, or stays until change_sources().
  Inputs(loop::EventLoop& loop, const std::vector<config::SourceConfig>& sources, std::vector<model::Cursor> cursors,
         uint64_t replay_bytes, Follower::BlockCallback on_block, FollowerTiming timing, size_t most_open);
  ~Inputs();
  Inputs(const Inputs&) = delete;
  Inputs& operator=(const Inputs&) = delete;

  [[nodiscard]] Result<> start();
  // Before stop() and change_sources(), while the sources are as they were: reads what others have sent and nobody
  // could read again (LineInput::drain).
  void drain();
  // To be called now and then (LineInput::restore).
  void restore();
  // The last call but for the const ones: what cannot be read again and is held as the beginning of a line counts as
  // lost.
  void stop();
  void change_sources(const std::vector<config::SourceConfig>& sources);
  [[nodiscard]] bool caught_up() const;
  [[nodiscard]] std::vector<model::Cursor> cursors() const;
  [[nodiscard]] uint64_t cursor_version() const;
  [[nodiscard]] SourceInfo source(model::SourceId id) const;
  // As Follower's, of all sources.
  [[nodiscard]] std::map<std::string, model::Losses> losses() const;
  // Files first, then the other inputs in the order of their sources.
  [[nodiscard]] std::vector<model::SourceStatus> status() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace ipguard::input
