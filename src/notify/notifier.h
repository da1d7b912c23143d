// Notifier: gives each event to those [[notify]] tables that want it.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "config/outlets.h"
#include "loop/event_loop.h"
#include "notify/event.h"
#include "notify/sink.h"

namespace ipguard::notify {

struct SinkStatus {
  std::string name = {};
  config::NotifyType type = config::NotifyType::file;
  SinkCounters counters = {};
};

// What filters look at.
struct Topic {
  config::EventKind kind = config::EventKind::problem;
  std::optional<model::Scope> scope = {};
  std::string_view rule = {};
  std::string_view issuer = {};
};

// Whether the table lets it through: `kinds` looks at every event, the other filters at all but problems.
[[nodiscard]] bool wants(const config::NotifyConfig& config, const Topic& topic);

// Owned by the loop thread.
class Notifier {
 public:
  Notifier(loop::EventLoop& loop, Clock clock) : loop_(loop), clock_(std::move(clock)) {}

  // Tables as they are from now on: at start, and after each reload. One that is as it was goes on with what waits in
  // it, but opens its file again; what waits in others is dropped. Returns a sentence for each that cannot be had (its
  // token is unreadable): it is left out.
  [[nodiscard]] std::vector<std::string> apply(const std::vector<config::NotifyConfig>& configs);

  // Whether anybody does: an event that nobody wants need not be made.
  [[nodiscard]] bool wanted(const Topic& topic) const;
  void publish(Event event);
  [[nodiscard]] bool any() const { return !outlets_.empty(); }
  // Whether some sink is to be waited for before more events are made (Sink::behind).
  [[nodiscard]] bool behind() const;
  [[nodiscard]] std::vector<SinkStatus> status() const;

 private:
  struct Outlet {
    config::NotifyConfig config;
    std::unique_ptr<Sink> sink;
  };

  loop::EventLoop& loop_;
  Clock clock_;
  std::vector<Outlet> outlets_ = {};
};

}  // namespace ipguard::notify
