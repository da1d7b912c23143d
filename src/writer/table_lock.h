// TableLock: one ipguardd at a time enforces in a network namespace. Two would share one table and undo each other.
#pragma once

#include <string_view>

#include "base/result.h"
#include "base/unique_fd.h"

namespace ipguard::writer {

// An abstract Unix socket (unix(7)), whose names are the network namespace's, as the table is. The kernel gives it free
// when the process ends, however it ends. Owned by the loop thread; held as long as it lives.
class TableLock {
 public:
  // Errc::busy, with the process that holds it, if another one enforces already. A process that may not change nftables
  // holds it for nothing but to be in the way (anybody may take such a name): it is reported in the log and not heeded.
  // Waits up to ten seconds for the writer of a daemon that was killed: it ends when its last transaction is done.
  [[nodiscard]] static Result<TableLock> take();

 private:
  [[nodiscard]] static Result<TableLock> try_once();
  explicit TableLock(UniqueFd fd) : fd_(std::move(fd)) {}
  UniqueFd fd_;
};

}  // namespace ipguard::writer
