#include "daemon/pruning.h"

#include <utility>

#include "base/log.h"
#include "base/memory.h"
#include "base/text.h"
#include "base/time.h"

namespace ipguard::daemon {
namespace {

constexpr std::chrono::seconds prune_delay{60};
constexpr std::chrono::seconds prune_pause{1};  // between one portion and the next
constexpr Seconds keep_history{90LL * 24 * 3600};

}  // namespace

Pruning::Pruning(loop::EventLoop& loop, std::function<store::Store&()> store)
    : store_(std::move(store)), timer_(loop, [this] { begin(); }) {}

void Pruning::begin() {
  const auto pruned = store_().prune(wall_clock_now() - keep_history);
  if (!pruned) {
    log_warning("cannot prune the state: " + printable(pruned.error().message));
  } else if (*pruned) {
    timer_.start(prune_pause);
    return;
  }
  release_idle_memory();
}

void Pruning::wanted() {
  if (!timer_.running()) {
    timer_.start(prune_delay);
  }
}

}  // namespace ipguard::daemon
