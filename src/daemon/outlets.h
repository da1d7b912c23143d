// Outlets: what the daemon tells others by itself or when asked over HTTP: notifications, metrics, the API.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "base/time.h"
#include "daemon/commands.h"
#include "daemon/guard.h"
#include "daemon/http_service.h"
#include "daemon/notifications.h"
#include "loop/event_loop.h"

namespace ipguard::daemon {

// What of the sinks is wrong at `now`: their problems, and what was given up within the last hour.
[[nodiscard]] std::vector<Warning> sink_warnings(const std::vector<notify::SinkStatus>& sinks, TimePoint now);

// Owned by the loop thread.
class Outlets {
 public:
  using Run = std::function<control::Answer(const control::Request& request, bool may_change)>;

  // All must outlive it. `run`: a command, as the control socket runs it.
  Outlets(loop::EventLoop& loop, Guard& guard, const CommandContext& context, Run run);

  // As the guard's configuration says from now on, at start and after a reload: notifications (before the guard starts,
  // so that nothing is missed), with a sentence for each that cannot be had, and HTTP.
  std::vector<std::string> notify();
  [[nodiscard]] Result<> serve() { return http_.apply(); }
  void restore() { http_.restore(); }  // HttpService's

  // {"listen","connections","requests",…}, null where HTTP is off; an array of {"name","type","delivered",…}.
  [[nodiscard]] control::Json http_json() const;
  [[nodiscard]] control::Json notify_json() const;
  // Sentences for `status`.
  [[nodiscard]] std::vector<Warning> warnings() const;

 private:
  [[nodiscard]] std::string metrics(http::Exposition format) const;
  [[nodiscard]] std::vector<std::string> ailments() const;

  const Guard& guard_;
  const CommandContext& context_;
  Notifications notifications_;
  HttpService http_;
};

}  // namespace ipguard::daemon
