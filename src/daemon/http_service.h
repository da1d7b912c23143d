// HttpService: metrics and the API in the daemon, as [http] says.
#pragma once

#include <optional>
#include <string>

#include "base/result.h"
#include "config/config.h"
#include "daemon/guard.h"
#include "daemon/http_api.h"
#include "http/server.h"
#include "loop/event_loop.h"
#include "loop/retry.h"

namespace ipguard::daemon {

// Owned by the loop thread.
class HttpService {
 public:
  // Both must outlive it.
  HttpService(loop::EventLoop& loop, const Guard& guard, ApiSources sources);

  // Serves as the guard's configuration says from now on: at start, and after each reload, when the token is read
  // again. On an error nothing is served, and it is tried again in a while.
  [[nodiscard]] Result<> apply() { return serving_.run(); }
  // To be called now and then: the file of a Unix socket that is gone is made again, and the log says so. Connections
  // end.
  void restore();
  // Why nothing is served that should be; "" otherwise.
  [[nodiscard]] const std::string& problem() const { return serving_.problem(); }
  [[nodiscard]] bool running() const { return server_.has_value(); }
  [[nodiscard]] const std::string& listens_on() const { return current_.listen; }
  // Only while running.
  [[nodiscard]] const http::Server& server() const { return *server_; }

 private:
  [[nodiscard]] Result<> serve_as_configured();
  [[nodiscard]] Result<> serve(const config::HttpConfig& wanted);

  loop::EventLoop& loop_;
  const Guard& guard_;
  ApiSources sources_;
  config::HttpConfig current_;
  std::optional<HttpApi> api_;
  std::optional<http::Server> server_;
  loop::Retry serving_;  // somebody else may have the port for now: no reason to do without protection
};

}  // namespace ipguard::daemon
