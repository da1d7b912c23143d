// LineInput: something besides followed files that lines come from: the journal, a syslog listener, standard input.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "input/follower.h"
#include "model/losses.h"
#include "model/status.h"

namespace ipguard::input {

// Bytes that an input, or a socket of it, is read for at once; then others have their turn.
inline constexpr size_t line_input_budget = 1UL << 20;

// Owned by the loop thread. It hands its lines out as a Follower does: blocks of whole lines, each ended by LF, under
// the id that it was made with.
class LineInput {
 public:
  virtual ~LineInput() = default;

  // What cannot be had yet (no journal, a port that is taken) is a state, shown in status() and tried again.
  virtual void start() = 0;
  // Another configuration of the same source from now on, which outlives the input; false if that takes a new input.
  [[nodiscard]] virtual bool reconfigure(const config::SourceConfig& config) = 0;
  // True when nothing that is there waits to be read.
  [[nodiscard]] virtual bool caught_up() const = 0;
  [[nodiscard]] virtual std::vector<model::SourceStatus> status() const = 0;
  // All that it has lost since it was made: what status() tells, and what parts of it lost that status() knows no more.
  [[nodiscard]] virtual model::Losses losses() const;
  // To be called now and then: what somebody has removed, such as the file of a Unix socket, is made again.
  virtual void restore() {}
  // Before stop(), or before the configuration changes: what others have sent and nobody can read again once this is
  // gone is read now and handed out; not without end, however fast more of it comes.
  virtual void drain() {}
  // The last call but for the const ones: nothing is read or handed out any more. What it holds of a message or line
  // that has not ended counts as lost: whether it is whole nobody knows, and what is judged as a line must be. So does
  // what drain() would have read. Its configuration may be gone already.
  virtual void stop() {}
  // Where reading stands, for inputs that can be read again from there; after the last block handed out. Their paths
  // begin with cursor_prefix().
  [[nodiscard]] virtual std::vector<model::Cursor> cursors() const { return {}; }
  // Changes whenever cursors() does.
  [[nodiscard]] virtual uint64_t cursor_version() const { return 0; }
  // Of a journal that is not read now: up to this time it was read elsewhere. What it has of the last second before is
  // read, and counts as perhaps read twice.
  virtual void was_read_elsewhere(TimePoint until) { static_cast<void>(until); }
};

// What stands in for a journal while it cannot be read (source_choice.h). Called from the loop and from start() and
// reconfigure().
struct StandIn {
  // The journal can be read now: true if what stands in was read to its end, and nothing more of it will be; else the
  // question comes again soon.
  std::function<bool()> give_way = [] { return true; };
  // The journal is not there, or not any more, or cannot be read.
  std::function<void()> step_in = [] {};
};

// What of a status is losses.
[[nodiscard]] model::Losses losses_of(const model::SourceStatus& status);

// What the paths of a source's cursors begin with when they are not a file's.
[[nodiscard]] std::string cursor_prefix(std::string_view source_name);

// The input for a source of another kind than files; `config` outlives it, or stays until reconfigure(). `saved`: the
// source's cursors of an earlier run; `replay_bytes` as Follower's. The last two are a journal's:
// `started` is since when it is wanted, of one that is there and may not be read.
[[nodiscard]] std::unique_ptr<LineInput> make_line_input(loop::EventLoop& loop, const config::SourceConfig& config,
                                                         model::SourceId id, std::vector<model::Cursor> saved,
                                                         uint64_t replay_bytes, Follower::BlockCallback on_block,
                                                         StandIn stand_in = {}, TimePoint started = {});

}  // namespace ipguard::input
