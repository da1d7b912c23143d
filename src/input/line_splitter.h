// LineSplitter: turns consecutive reads of one file into blocks of whole lines. Pure: no file, no clock.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

namespace ipguard::input {

// Where the cuts between reads fall changes how lines are grouped into blocks, never the lines themselves.
class LineSplitter {
 public:
  // `bytes` begins at `offset` of the file. Either whole lines, each ended by LF, or (`truncated`) the first max_line
  // bytes of one line longer than that, without LF, given out once; its rest is skipped up to its LF.
  using Emit = std::function<void(std::string_view bytes, uint64_t offset, bool truncated)>;

  // `max_line`: bytes without LF; at least 1 is used.
  explicit LineSplitter(size_t max_line);

  // From now on; a partial line that is carried over keeps the room it has.
  void set_max_line(size_t max_line);

  // The next byte fed is the file's byte `position`. Forgets what was carried over. `inside_line`: everything up to
  // the next LF is the rest of a line that is not wanted.
  void restart(uint64_t position, bool inside_line);

  // Blocks point into `bytes`, except for a line that began in an earlier read. Valid during the call of `emit`.
  void feed(std::string_view bytes, const Emit& emit);

  // Gives out the carried partial line as a line, with an LF that the file does not have: for a file that ends here.
  void finish(const Emit& emit);

  // The carried partial line; valid until the next call.
  [[nodiscard]] std::string_view partial_line() const { return carry_; }

  // Of the next byte to be fed.
  [[nodiscard]] uint64_t position() const { return position_; }
  // Every byte before it was given out or skipped. At a line's beginning, or inside a line whose rest is skipped.
  [[nodiscard]] uint64_t acknowledged() const { return acknowledged_; }
  [[nodiscard]] size_t max_line() const { return max_line_; }

 private:
  [[nodiscard]] std::string_view skip_rest(std::string_view bytes);
  [[nodiscard]] std::string_view complete_carry(std::string_view bytes, const Emit& emit);
  void give_whole_lines(std::string_view lines, const Emit& emit);
  void give(std::string_view bytes, bool truncated, const Emit& emit);

  size_t max_line_;
  uint64_t position_ = 0;
  uint64_t acknowledged_ = 0;
  std::string carry_;  // the partial line; it begins at acknowledged_; at most max_line_ bytes
  bool skipping_ = false;
};

}  // namespace ipguard::input
