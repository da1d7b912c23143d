// WhoisService: the whois server in the daemon, over the databases and, where wanted, the daemon's own knowledge.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/result.h"
#include "config/config.h"
#include "daemon/guard.h"
#include "enrich/whois_source.h"
#include "loop/background.h"
#include "loop/event_loop.h"
#include "loop/retry.h"
#include "whois/server.h"

namespace ipguard::daemon {

// Owned by the loop thread.
class WhoisService {
 public:
  // Both must outlive it.
  WhoisService(loop::EventLoop& loop, const Guard& guard);

  // Serves as the guard's configuration says from now on, from its databases: at start, and when either has changed. On
  // an error nothing is served, and it is tried again in a while.
  [[nodiscard]] Result<> apply() { return serving_.run(); }
  // Why nothing is served that should be; "" otherwise.
  [[nodiscard]] const std::string& problem() const { return serving_.problem(); }
  [[nodiscard]] bool running() const { return server_.has_value(); }
  [[nodiscard]] const std::string& listens_on() const { return current_.listen; }
  // Only while running.
  [[nodiscard]] const whois::Server& server() const { return *server_; }

 private:
  [[nodiscard]] Result<> serve_as_configured();
  [[nodiscard]] enrich::WhoisSource* source();
  [[nodiscard]] bool systems_ready();
  [[nodiscard]] std::vector<std::pair<std::string, std::string>> own_knowledge(const net::Address& address) const;

  loop::EventLoop& loop_;
  const Guard& guard_;
  config::WhoisConfig current_;
  std::shared_ptr<const enrich::RouteTable> routes_;
  std::unique_ptr<enrich::WhoisSource> source_;
  bool index_wanted_ = false;  // from these routes, once
  loop::Background<bool> index_builder_;
  loop::Background<bool> systems_waiter_;
  std::optional<whois::Server> server_;
  loop::Retry serving_;  // somebody else may have the port for now: no reason to do without protection
};

}  // namespace ipguard::daemon
