// Pruning: takes out of the state what is older than anybody asks for.
#pragma once

#include <functional>

#include "loop/event_loop.h"
#include "store/store.h"

namespace ipguard::daemon {

// Owned by the loop thread. A little at a time, so that the loop never stands still.
class Pruning {
 public:
  // `store` may be another one each time.
  Pruning(loop::EventLoop& loop, std::function<store::Store&()> store);

  // At once.
  void begin();
  // Something was written: in a minute.
  void wanted();

 private:
  std::function<store::Store&()> store_;
  loop::Timer timer_;
};

}  // namespace ipguard::daemon
