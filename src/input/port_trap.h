// PortTrap: TCP ports that no one has reason to touch, and who touches them.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>

#include "config/trap.h"
#include "loop/event_loop.h"
#include "model/status.h"
#include "net/endpoint.h"

namespace ipguard::input {

// Owned by the loop thread. Every connection is closed (reset) as soon as it is accepted: nothing is read, nothing
// answered, nothing kept. accept(2) proves that the visitor really has the address: it has answered the handshake.
//
// A port that is in use on one of the addresses is somebody's service: it is left alone on all of them, told of in
// status(), and not tried again before the next change(), for otherwise it would be taken from a service that is just
// being restarted. What else is in the way, as an address that is not there yet, is waited for.
class PortTrap {
 public:
  struct Visit {
    net::Endpoint visitor;
    uint16_t port = 0;
  };
  // The visits of one turn, at most 64 of each port.
  using VisitCallback = std::function<void(std::span<const Visit> visits)>;

  static constexpr std::chrono::milliseconds retry_after{10'000};
  // `config` is copied.
  PortTrap(loop::EventLoop& loop, config::TrapConfig config, VisitCallback on_visits,
           std::chrono::milliseconds retry = retry_after);
  ~PortTrap();
  PortTrap(const PortTrap&) = delete;
  PortTrap& operator=(const PortTrap&) = delete;

  void start();
  // Ports that stay are listened on without interruption.
  void change(config::TrapConfig config);
  // One entry: lines and hits are connections.
  [[nodiscard]] model::SourceStatus status() const;
  // The ports that are somebody else's, or cannot be had, with the reason; "" if there are none.
  [[nodiscard]] std::string problem() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace ipguard::input
