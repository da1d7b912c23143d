// DatabaseWatch: notices that a database file was replaced, and opens the new one beside the loop.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "enrich/route_table.h"
#include "input/inotify.h"
#include "loop/background.h"
#include "loop/event_loop.h"

namespace ipguard::daemon {

// Owned by the loop thread. The kernel tells of changes (inotify); only where it cannot (a network's file system, no
// watch to be had, a folder that is not there) the files are looked at every few seconds. What changed and then stayed
// as it is for a moment is opened, verified and its index of AS built by a thread of its own, so that the loop never
// stands still; then `on_open` gets the table, in the loop. A file that cannot be opened is told of once, and what is
// in use stays in use. Files are to be replaced by rename: the old one stays mapped, whole, until nobody uses it any
// more.
class DatabaseWatch {
 public:
  using OnOpen = std::function<void(std::shared_ptr<const enrich::RouteTable> routes)>;

  // `interval` is the one to look at, `settling` that moment.
  DatabaseWatch(loop::EventLoop& loop, OnOpen on_open, std::chrono::milliseconds interval = std::chrono::seconds(5),
                std::chrono::milliseconds settling = std::chrono::seconds(1));

  // From now on these files, as they are now. `copy_in`: see RouteTable::open().
  void watch(std::vector<std::string> paths, enrich::CopyFolder copy_in = {});
  // Why the last replacement was refused; empty if it was not.
  [[nodiscard]] const std::string& problem() const { return problem_; }
  [[nodiscard]] uint64_t swaps() const { return swaps_; }  // (tests)
  // Whether the files are looked at again and again, because the kernel cannot tell.
  [[nodiscard]] bool polling() const { return !inotify_; }

 private:
  // What tells one content of a path from another.
  struct Identity {
    dev_t device = 0;
    ino_t inode = 0;
    off_t size = 0;
    int64_t changed = 0;  // nanoseconds
    friend bool operator==(const Identity&, const Identity&) = default;
  };
  using Opened = Result<std::shared_ptr<const enrich::RouteTable>>;

  [[nodiscard]] static std::vector<Identity> look(const std::vector<std::string>& paths);
  [[nodiscard]] static Result<input::Inotify> notified_of(const std::vector<std::string>& paths);
  void arm();
  void on_notification();
  void on_timer();
  bool notice();
  void schedule();
  void open();
  void on_opened(Opened opened);

  OnOpen on_open_;
  std::chrono::milliseconds interval_;
  std::chrono::milliseconds settling_;
  std::vector<std::string> paths_;
  enrich::CopyFolder copy_in_;
  std::vector<Identity> known_;
  std::vector<Identity> seen_;  // at the last look: a file that is still being written changes between two looks
  std::string problem_;
  uint64_t swaps_ = 0;
  uint64_t watched_ = 0;      // calls of watch()
  uint64_t opening_for_ = 0;  // the call that the opener works for
  std::optional<input::Inotify> inotify_;
  loop::IoWatcher notifications_;
  loop::Timer timer_;
  loop::Background<Opened> opener_;
};

}  // namespace ipguard::daemon
