// WebClient: requests over HTTP that never hold up the loop: a thread beside it does each (names are resolved by a
// thread of libcurl's own).
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <string>

#include "loop/event_loop.h"

namespace ipguard::transfer {

struct Post {
  std::string url = {};    // http or https
  std::string token = {};  // empty = none; otherwise "Authorization: Bearer", one word (base/secret.h)
  std::string type = {};   // of the body
  std::string body = {};
  std::chrono::seconds timeout{10};  // for all of it
};

inline constexpr std::chrono::seconds longest_retry_after{24 * 3600};

// What became of it: a status of HTTP, or 0 and why there is none. No text holds the token or the URL's secrets.
struct PostOutcome {
  int status = 0;
  std::string error = {};
  std::chrono::seconds retry_after{0};  // what the server asks for, longest_retry_after at most; 0 = nothing

  [[nodiscard]] bool delivered() const { return status >= 200 && status < 300; }
};

// Owned by the loop thread. One request at a time. Connections are kept for the next request. Certificates are
// verified, redirects are not followed, and what a server answers is read and thrown away, 64 KiB at most.
class WebClient {
 public:
  explicit WebClient(loop::EventLoop& loop);
  ~WebClient();  // what is under way is given up at once: nobody is told
  WebClient(const WebClient&) = delete;
  WebClient& operator=(const WebClient&) = delete;

  // Not while one is under way. `on_done` is called once, in a later turn of the loop; it may post the next one, and
  // must not destroy the client. That no thread could be started is an outcome, too.
  void post(Post post, std::function<void(PostOutcome)> on_done);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

// What is wrong with a URL that could never be posted to, by libcurl's own words; "" = nothing. It holds nothing of the
// URL. Any thread.
[[nodiscard]] std::string url_problem(const std::string& url);

}  // namespace ipguard::transfer
