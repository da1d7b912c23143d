#include "daemon/http_service.h"

#include <utility>

#include "base/log.h"
#include "base/secret.h"
#include "base/text.h"

namespace ipguard::daemon {
namespace {

bool same_place(const config::HttpConfig& a, const config::HttpConfig& b) {
  return a.listen == b.listen && a.hosts == b.hosts && a.socket_mode == b.socket_mode;
}

}  // namespace

HttpService::HttpService(loop::EventLoop& loop, const Guard& guard, ApiSources sources)
    : loop_(loop),
      guard_(guard),
      sources_(std::move(sources)),
      serving_(loop, [this] { return serve_as_configured(); }) {}

Result<> HttpService::serve_as_configured() {
  const auto wanted = guard_.loaded().config.http;
  if (server_ && !(same_place(wanted, current_) && server_->in_place())) {
    server_.reset();
  }
  current_ = wanted;
  if (wanted.listen.empty()) {
    return {};
  }
  auto served = serve(wanted);
  if (!served) {
    server_.reset();
    api_.reset();
    current_.listen.clear();
  }
  return served;
}

void HttpService::restore() {
  if (!server_ || server_->in_place()) {
    return;
  }
  if (auto served = serving_.run()) {
    log_warning("the HTTP socket was gone, and is there again: " + printable(current_.listen));
  } else {
    log_error("the HTTP socket is gone: " + printable(served.error().message));
  }
}

Result<> HttpService::serve(const config::HttpConfig& wanted) {
  auto token = wanted.token_file.empty() ? Result<std::string>("") : read_secret(wanted.token_file);
  if (!token) {
    return std::unexpected(add_context(token, "[http] is not served"));
  }
  api_.emplace(guard_, sources_, wanted, std::move(*token));
  if (server_) {
    return {};
  }
  server_.emplace(loop_, wanted.hosts, [this](const http::Request& request) { return api_->answer(request); });
  if (auto listening = server_->listen(wanted.listen, wanted.socket_mode); !listening) {
    return std::unexpected(add_context(listening, "[http] is not served"));
  }
  log_info("HTTP on " + printable(wanted.listen));
  return {};
}

}  // namespace ipguard::daemon
