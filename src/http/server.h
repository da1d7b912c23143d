// The HTTP server: one endpoint of this host, driven by the loop, without threads of its own (libmicrohttpd).
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/result.h"
#include "http/message.h"
#include "loop/event_loop.h"

namespace ipguard::http {

struct Limits {
  unsigned connections = 32;  // one more, and the one that is longest without a whole request is cut
  size_t body_bytes = 1U << 20;
  size_t header_bytes = 32U << 10;            // a connection's memory: request line, headers and what is written
  std::chrono::seconds idle{15};              // without a byte
  std::chrono::milliseconds request{10'000};  // from a connection's (or the last response's) begin to the whole request
  std::chrono::seconds response{600};
};

struct Counters {
  uint64_t requests = 0;       // that a handler answered
  uint64_t foreign_hosts = 0;  // turned away: for a name that is not ours
  uint64_t turned_away = 0;    // method, size or form
  uint64_t timed_out = 0;      // connections cut because request or response took too long, or for others
};

// Owned by the loop thread.
class Server {
 public:
  using Handler = std::function<Reply(const Request& request)>;

  // `hosts`: names that are ours (headers.h). The handler must not destroy the server; what it throws is answered with
  // 500.
  Server(loop::EventLoop& loop, std::vector<std::string> hosts, Handler handler, Limits limits = {});
  ~Server();  // ends all connections
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  // "127.0.0.1:9147" or "unix:PATH", whose file has `socket_mode`. Errc::busy if somebody else has it.
  [[nodiscard]] Result<> listen(const std::string& endpoint, unsigned socket_mode);
  // Whether the file of a Unix socket is there and still its own; true over TCP.
  [[nodiscard]] bool in_place() const;
  // Where it listens, over TCP; 0 otherwise.
  [[nodiscard]] uint16_t port() const;
  [[nodiscard]] const Counters& counters() const;
  [[nodiscard]] unsigned connections() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace ipguard::http
