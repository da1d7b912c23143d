// Follower: follows any number of files named by globs, through inotify, and hands their bytes out in blocks of whole
// lines. Rotation by rename, files that appear later, missing folders and truncation are its business.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "config/config.h"
#include "loop/event_loop.h"
#include "model/cursor.h"
#include "model/line.h"
#include "model/losses.h"
#include "model/status.h"

namespace ipguard::input {

// Whole lines of one file, each ended by LF.
struct Block {
  std::string_view bytes;      // valid during the call
  uint64_t offset = 0;         // of bytes[0] in the file
  model::SourceId source = 0;  // one a path; see Follower::source()
  bool replay = false;         // before the cursor: refill windows, decide nothing
  bool truncated =
      false;    // `bytes` is the beginning of one over-long line, without LF; the rest is skipped and counted
  int fd = -1;  // of the file, for reading what stands before (valid during the call); -1: no file, or a compressed one
};

struct SourceInfo {
  const config::SourceConfig* config = nullptr;
  std::string path;
};

// Housekeeping; the defaults are the daemon's. A tick's timer runs only while there is a file to close, a retry's only
// while something waits that inotify does not tell of.
struct FollowerTiming {
  std::chrono::milliseconds tick{10'000};
  unsigned quiet_ticks = 6;  // a rotated file that has not grown for so long is closed, once its path has a new file
  // A deleted file without successor holds disk space while open. It is closed after one quiet tick when nobody can
  // write to it any more, after so many when somebody can, and in between when that cannot be known (FileTail::Writer).
  unsigned deleted_ticks = 360;
  unsigned unsure_ticks = 30;
  std::chrono::milliseconds retry{10'000};  // files and folders that may not be read
  std::chrono::milliseconds poll{1'000};    // files and folders that cannot be watched: inotify's limit, network
  TimePoint started = {};                   // when lines are first wanted
  bool all_remote = false;                  // as if all were on a network file system (tests)
};

// Owned by the loop thread.
//
// Where reading begins: at the saved cursor if there is one for the file, whatever its name is now; else, for a file
// that is there at start, where its source's `from` says; else at its beginning. A file that was rotated away while
// nobody looked is found among its folder's files and read to its end before its successor, as are generations in
// between. A rotated or deleted file is followed on until it is quiet. The end of a file that is closed or truncated
// counts as the end of its last line. A file that several paths lead to is followed once; a file renamed from one
// followed path to another goes on where it was, under the other path's id.
//
// A path that a glob found is forgotten when its file was deleted and closed; its id then goes to another path of the
// same source, its counts to the glob's entry in status().
class Follower {
 public:
  // What was in a block, for status.
  struct Consumed {
    uint64_t lines = 0;
    uint64_t hits = 0;
  };
  // Called with each block.
  using BlockCallback = std::function<Consumed(const Block& block)>;

  // `sources` outlives the follower, or stays until change_sources(). `cursors` are those saved earlier; `replay_bytes`
  // is how far before a cursor reading starts with Block::replay (0 = not at all). At most `most_open` files are open
  // at a time; the others wait, and what of them was there at start counts as read when their source's `from` says so.
  Follower(loop::EventLoop& loop, const std::vector<config::SourceConfig>& sources, std::vector<model::Cursor> cursors,
           uint64_t replay_bytes, BlockCallback on_block, FollowerTiming timing = {}, size_t most_open = SIZE_MAX);
  ~Follower();
  Follower(const Follower&) = delete;
  Follower& operator=(const Follower&) = delete;

  // Starts the watches, then lists the folders (in this order, so that nothing is missed), then reads in budgets from
  // the loop. Fails only when inotify itself cannot be had; an unreadable or missing file is a state, shown in
  // status().
  [[nodiscard]] Result<> start();

  // Other sources from now on (which need not name other files): files that are followed already go on where they are,
  // with their counters, also those that were rotated away or deleted; those that no source names any more are closed;
  // of those that are new, reading begins where `from` says. Nothing may be read between the end of the old sources
  // and this call.
  // `saved`: cursors of what is new and was followed before, as the constructor's.
  void change_sources(const std::vector<config::SourceConfig>& sources, std::vector<model::Cursor> saved = {});
  // Whether all that was written so far to the files of that source has been handed out.
  [[nodiscard]] bool is_read(std::string_view source) const;

  // Reads up to one budget (1 MiB) of each path that has more, in turn, 16 MiB in all; true if there is more to read
  // (tests drive this).
  bool read_turn();
  // True when everything written so far has been handed out.
  [[nodiscard]] bool caught_up() const;

  // After the last block handed out; those saved earlier whose files' folders are not there are passed on.
  [[nodiscard]] std::vector<model::Cursor> cursors() const;
  // Changes whenever cursors() does, so that an idle daemon need not save.
  [[nodiscard]] uint64_t cursor_version() const;
  [[nodiscard]] SourceInfo source(model::SourceId id) const;
  // By source, since the follower was made; these never go down, whatever becomes of paths and sources.
  [[nodiscard]] const std::map<std::string, model::Losses>& losses() const;
  // One entry a path, in the order of their ids, then one for each glob that has no file or had files that are done
  // with.
  [[nodiscard]] std::vector<model::SourceStatus> status() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace ipguard::input
