// The whois server (RFC 3912): listens, admits within bounds, answers.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

#include "base/result.h"
#include "loop/event_loop.h"
#include "whois/directory.h"
#include "whois/shared.h"

namespace ipguard::whois {

struct Limits {
  size_t connections = 1024;        // waited for at a time
  size_t client_connections = 512;  // … of one client: an IPv4 address or an IPv6 /64
  std::chrono::milliseconds patience{10'000};
  // In one turn of the loop, over all clients: rows of bulk mode, or what costs as much (answer.h), some two
  // milliseconds.
  size_t rows_a_turn = 2000;
  size_t kept_bytes = size_t{32} << 20;  // of answers that clients have not taken, over all clients
};

// Owned by the loop thread. A query that has arrived with its connection, as most have, is answered at once; others are
// waited for. What takes long (prefixes, AS, bulk queries) is done after a turn's plain queries, client by client in
// turns, within Limits::rows_a_turn. One connection more than a bound allows takes the place of the one that has moved
// nothing for longest: of the same client, if it is that client's bound.
class Server {
 public:
  Server(loop::EventLoop& loop, Directory directory, Limits limits);
  ~Server();  // closes everything
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  // "127.0.0.1:8043", "[::1]:8043"; "[::]:8043" is IPv6 alone; port 0 takes any. Errc::invalid for what is no address,
  // Errc::busy if it is taken.
  [[nodiscard]] Result<> listen(const std::string& address);
  // That it listens on; 0 before listen().
  [[nodiscard]] uint16_t port() const;
  // To be called when Directory::systems_ready() has become true after it was false.
  void resume();
  [[nodiscard]] size_t connections() const;
  [[nodiscard]] size_t kept_bytes() const;  // of answers that clients have not taken
  [[nodiscard]] const Counters& counters() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace ipguard::whois
