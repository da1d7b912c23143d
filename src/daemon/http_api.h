// What is asked over HTTP: /metrics, /healthz and /v1. The answers are those of the control socket's commands and of
// ipguardctl's `lookup` and `netblocks`.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "config/outlets.h"
#include "control/protocol.h"
#include "control/server.h"
#include "daemon/guard.h"
#include "enrich/netblocks.h"
#include "http/headers.h"
#include "http/message.h"

namespace ipguard::daemon {

// What the API needs of the running daemon.
struct ApiSources {
  std::function<control::Answer(const control::Request& request, bool may_change)> run;
  std::function<std::string(http::Exposition format)> metrics;
  std::function<std::vector<std::string>()> ailments;  // why the daemon does not do its work; empty = it does
};

// Owned by the loop thread.
class HttpApi {
 public:
  // Both must outlive it. `token`: "" = none.
  HttpApi(const Guard& guard, ApiSources sources, const config::HttpConfig& config, std::string token);

  //   GET  /metrics                    OpenMetrics or Prometheus' text, by Accept
  //   GET  /healthz                    200 "ok", or 503 and why
  //   GET  /v1/status, /v1/rules, /v1/bans[?evidence=1][&ended=1]
  //   GET  /v1/explain/ADDRESS, /v1/lookup/ADDRESS, /v1/netblocks/ADDRESS (or ?address=ADDRESS)
  //   POST /v1/ban, /v1/unban, /v1/confirm, /v1/reload    the command's arguments as the body; with the token alone
  // Errors are {"error": "…"}. Lines of logs (evidence) are null unless the request came over a Unix socket, whose file
  // has rights, or has the token: on a TCP port every user of this host can ask. Whoever gives another token (or any
  // other Authorization) is answered 401, also where none is needed; 403 where there is no token that could be right.
  [[nodiscard]] http::Reply answer(const http::Request& request);

 private:
  [[nodiscard]] http::Reply read(const http::Request& request, bool trusted);
  [[nodiscard]] http::Reply change(const http::Request& request);
  [[nodiscard]] http::Reply about_address(std::string_view what, const http::Request& request, bool trusted);
  [[nodiscard]] http::Reply ask(const control::Request& command, bool trusted);
  [[nodiscard]] http::Reply netblocks(const net::Address& address);

  const Guard& guard_;
  ApiSources sources_;
  config::TokenFor token_for_;
  bool over_unix_;
  std::string token_;
  std::shared_ptr<const enrich::RouteTable> finder_routes_;
  std::unique_ptr<enrich::NetblockFinder> finder_;  // of finder_routes_, once somebody asked
};

}  // namespace ipguard::daemon
