// Acceptor: the connections to a listening socket, as many a turn as leave others theirs.
#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <vector>

#include "base/unique_fd.h"
#include "loop/event_loop.h"
#include "net/endpoint.h"

namespace ipguard::loop {

// Non-blocking and close-on-exec.
struct Accepted {
  UniqueFd fd;
  net::SocketAddress peer;
};

// Owned by the loop thread. Where the process runs out of descriptors or memory, that is told in the log, and the
// connections wait for a second: they stay in the socket's queue and would wake the loop again and again.
class Acceptor {
 public:
  // What came in one turn, in order; connections that are left there are closed. Must not destroy the acceptor.
  using Take = std::function<void(std::vector<Accepted>& accepted)>;

  // `what`: it accepts for, as the log has it.
  Acceptor(EventLoop& loop, std::string what, Take take);

  void start(int listener);  // which stays open until stop()
  void stop();
  // What waits, without a turn of the loop; the acceptor is started.
  void accept_some();

 private:
  void fail(int reason);

  std::string what_;
  Take take_;
  int listener_ = -1;
  std::vector<Accepted> accepted_;  // empty between turns
  IoWatcher watcher_;
  Timer resume_;
};

}  // namespace ipguard::loop
