// PartJoiner: puts lines together again that a container runtime has split. Pure: no file, no clock.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "input/follower.h"

namespace ipguard::input {

// Of one file. What is split, by 16 KiB or by what a read of the runtime yielded:
//
//   CRI       STAMP stdout P PART, then the rest as STAMP stdout F PART     (kubernetes/pkg/kubelet/kuberuntime/logs)
//   docker    {"log":"PART","stream":"stdout",…}, then {"log":"PART\n","stream":"stdout",…}   (json-file)
//
// A part but the first begins with whatever stood there, which a client may have chosen: a line of its own to whoever
// does not put the parts together, and no whole one. The parts of stdout and stderr may take turns.
//
// A line is put together up to `max_line`; then it is given out as it is, as a first part, and its rest is skipped,
// which is counted. So is the rest of one that was cut where it was read. What has no end yet is kept. Files that begin
// otherwise pass through, at the cost of a look at each block's beginning.
class PartJoiner {
 public:
  // As blocks come in: whole lines; a line that was put together is a block of its own, at its last part's offset.
  using Emit = std::function<void(const Block& block)>;

  void feed(const Block& block, size_t max_line, const Emit& emit);

  // At the end of all: gives out what has no end as it is, whole lines of its own.
  void finish(const Emit& emit);

  // Whether the first of these lines is a container runtime's.
  [[nodiscard]] static bool is_containers(std::string_view lines);
  // Whether it begins somewhere in a container's log, so that what stands before it tells whether it begins a line.
  [[nodiscard]] bool wants_before(const Block& block) const;
  // The whole lines that stand right before `offset`, where the next block begins; `from_beginning`: all of the file's.
  // Of a line whose first part is not among them, the rest is skipped.
  void begin_behind(std::string_view lines, uint64_t offset, bool from_beginning, size_t max_line);

  // Bytes that are kept.
  [[nodiscard]] size_t held() const { return open_[0].text.size() + open_[1].text.size(); }
  // Lines that were too long, and whose rest was skipped, since it was made.
  [[nodiscard]] uint64_t overlong() const { return overlong_; }

 private:
  struct Part;
  struct Open {
    std::string text = {};    // the first part's beginning, and what was put together
    std::string ending = {};  // what stands behind the text of the latest part
    bool is_open = false;
    bool skipping = false;  // the rest is not wanted
  };

  [[nodiscard]] static Part parse(std::string_view line);
  void take_cut(std::string_view line);
  [[nodiscard]] bool belongs(const Part& part) const;  // to a line of several parts
  [[nodiscard]] bool join(const Part& part, size_t max_line);
  void take_parts(const Block& block, size_t max_line, const Emit& emit);

  std::array<Open, 2> open_;  // stdout, stderr
  uint64_t next_offset_ = 0;  // of the file, where the parts go on
  uint64_t overlong_ = 0;
};

}  // namespace ipguard::input
