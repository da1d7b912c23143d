#include "input/port_trap.h"

#include <sys/socket.h>

#include <algorithm>
#include <chrono>
#include <list>
#include <utility>
#include <vector>

#include "base/log.h"
#include "loop/acceptor.h"
#include "net/listen.h"

namespace ipguard::input {
namespace {

// What waits to be sent, or for the peer's farewell, would stay in the kernel for minutes after close(2).
void reset(UniqueFd connection) {
  const linger at_once{.l_onoff = 1, .l_linger = 0};
  static_cast<void>(::setsockopt(connection.get(), SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once));
}

}  // namespace

struct PortTrap::Impl {
  struct Port {
    net::Endpoint endpoint;
    UniqueFd socket;
    std::string problem;  // why there is no socket
    bool left = false;    // to somebody's service
    std::unique_ptr<loop::Acceptor> acceptor;

    [[nodiscard]] bool waits() const { return !socket.valid() && !left; }
  };

  Impl(loop::EventLoop& event_loop, config::TrapConfig trap, VisitCallback callback, std::chrono::milliseconds retry)
      : loop(event_loop),
        config(std::move(trap)),
        on_visits(std::move(callback)),
        retry_period(retry),
        retry_timer(loop, [this] { open_all(); }) {}

  void set_ports();
  void open_all();
  void leave(uint16_t number);
  void take(uint16_t port, std::vector<loop::Accepted>& accepted);

  loop::EventLoop& loop;
  config::TrapConfig config;
  VisitCallback on_visits;
  std::list<Port> ports;
  std::vector<Visit> visits;  // scratch
  uint64_t count = 0;
  std::chrono::milliseconds retry_period;
  loop::Timer retry_timer;
};

void PortTrap::Impl::set_ports() {
  auto before = std::exchange(ports, {});
  for (const auto& address : config.listen) {
    for (const auto number : config.ports) {
      const net::Endpoint endpoint{.address = address, .port = number};
      const auto same = std::ranges::find(before, endpoint, &Port::endpoint);
      if (same != before.end()) {
        ports.splice(ports.end(), before, same);
        continue;
      }
      auto& port = ports.emplace_back();
      port.endpoint = endpoint;
      port.acceptor = std::make_unique<loop::Acceptor>(loop, "trap " + config.name,
                                                       [this, number](auto& accepted) { take(number, accepted); });
    }
  }
}

void PortTrap::Impl::open_all() {
  std::vector<uint16_t> services;
  for (auto& port : ports) {
    if (port.socket.valid() || port.left) {
      continue;
    }
    auto socket = net::listen_tcp(port.endpoint);
    if (socket) {
      port.socket = std::move(*socket);
      port.problem.clear();
      continue;
    }
    const bool is_service = socket.error().code == Errc::busy;
    if (is_service) {
      services.push_back(port.endpoint.port);
    }
    if (const auto before = std::exchange(port.problem, socket.error().message); before != port.problem) {
      log_warning("trap " + config.name + ": " + port.problem +
                  (is_service ? "; a service is there, so the port is no trap" : "; tried again until it works"));
    }
  }
  std::ranges::for_each(services, [this](uint16_t number) { leave(number); });
  for (auto& port : ports) {
    if (port.socket.valid()) {
      port.acceptor->start(port.socket.get());
    }
  }
  if (std::ranges::any_of(ports, &Port::waits)) {
    retry_timer.start(retry_period);
  } else {
    retry_timer.stop();
  }
}

// Clients of a service may try all its host's addresses.
void PortTrap::Impl::leave(uint16_t number) {
  for (auto& port : ports) {
    if (port.endpoint.port == number) {
      port.acceptor->stop();
      port.socket.reset();
      port.left = true;
    }
  }
}

void PortTrap::Impl::take(uint16_t port, std::vector<loop::Accepted>& accepted) {
  visits.clear();
  for (auto& each : accepted) {
    if (const auto visitor = each.peer.endpoint()) {
      visits.push_back({.visitor = *visitor, .port = port});
    }
    reset(std::move(each.fd));
  }
  count += visits.size();
  if (!visits.empty()) {
    on_visits(visits);
  }
}

PortTrap::PortTrap(loop::EventLoop& loop, config::TrapConfig config, VisitCallback on_visits,
                   std::chrono::milliseconds retry)
    : impl_(std::make_unique<Impl>(loop, std::move(config), std::move(on_visits), retry)) {
  impl_->set_ports();
}

PortTrap::~PortTrap() = default;

void PortTrap::start() { impl_->open_all(); }

void PortTrap::change(config::TrapConfig config) {
  impl_->config = std::move(config);
  impl_->set_ports();
  for (auto& port : impl_->ports) {
    port.left = false;
  }
  impl_->open_all();
}

model::SourceStatus PortTrap::status() const {
  model::SourceStatus status;
  status.name = "trap/" + impl_->config.name;
  status.lines = impl_->count;
  status.hits = impl_->count;
  status.files = 0;
  for (const auto number : impl_->config.ports) {
    status.path += (status.path.empty() ? "tcp " : ", ") + std::to_string(number);
  }
  const bool any_open = std::ranges::any_of(impl_->ports, [](const auto& port) { return port.socket.valid(); });
  const auto why = problem();
  if (!any_open) {
    status.state = "waiting: " + why;
  } else {
    const bool any_waits = std::ranges::any_of(impl_->ports, &Impl::Port::waits);
    status.state = why.empty() ? "following" : (any_waits ? "following, waiting: " : "following, not trapped: ") + why;
  }
  return status;
}

std::string PortTrap::problem() const {
  std::string text;
  for (const auto& port : impl_->ports) {
    if (!port.socket.valid() && !port.problem.empty()) {
      text += (text.empty() ? "" : "; ") + port.problem;
    }
  }
  return text;
}

}  // namespace ipguard::input
