// TrapService: the traps of the configuration in the daemon. A visit is a hit of the trap's own rule.
#pragma once

#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "daemon/guard.h"
#include "input/port_trap.h"
#include "loop/event_loop.h"
#include "model/status.h"

namespace ipguard::daemon {

// Owned by the loop thread.
class TrapService {
 public:
  // Both must outlive it. `on_hits` is called after the guard took the visits of one turn.
  TrapService(loop::EventLoop& loop, Guard& guard, std::function<void()> on_hits);

  // Traps as the guard's configuration says from now on: at start, and after each reload. Traps that keep their name go
  // on. A port that cannot be had is a state.
  void apply();
  void append_status(std::vector<model::SourceStatus>& sources) const;

 private:
  struct Trap {
    std::string name;
    std::unique_ptr<input::PortTrap> ports;
  };
  void on_visits(const std::string& name, std::span<const input::PortTrap::Visit> visits);

  loop::EventLoop& loop_;
  Guard& guard_;
  std::function<void()> on_hits_;
  std::vector<Trap> traps_;
};

}  // namespace ipguard::daemon
