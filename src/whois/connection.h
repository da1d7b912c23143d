// One client of the whois server, from the moment when it has to be waited for.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "base/unique_fd.h"
#include "loop/event_loop.h"
#include "net/prefix.h"
#include "whois/bulk.h"
#include "whois/directory.h"

namespace ipguard::whois {

// What came of the bytes of one recv(2).
struct Received {
  enum class State { partial, answered, bulk };
  State state = State::partial;
  bool more_came = false;  // bytes behind the query, which nobody will read
};

// Answers the query that `bytes` begin with, at the end of `output`, if its line is complete or already too long.
[[nodiscard]] Received receive(std::string_view bytes, const Directory& directory, std::string& output);

// Owned by the loop thread. Handles at most 64 KiB of input a turn of the loop, and reads nothing while the client has
// not taken the answer to what it sent. A query must be complete within the patience, counted from the beginning; in
// bulk mode the client has to move something within it.
class Connection {
 public:
  struct Callbacks {
    std::function<void()> moved;   // made progress
    std::function<void()> closed;  // must not destroy the connection before the loop's next turn
  };

  // `queries` is counted up with each query that is complete.
  Connection(loop::EventLoop& loop, UniqueFd fd, net::Prefix client, std::chrono::milliseconds patience,
             const Directory& directory, uint64_t& queries, Callbacks callbacks);
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  // Goes on from `bytes`, which are the beginning of a query.
  void start(std::string_view bytes);
  // Goes on with what of an answer is left to be written; `drain` if the client sent more than was read.
  void start_writing(std::string rest, bool drain);
  [[nodiscard]] bool closed() const { return !fd_.valid(); }
  [[nodiscard]] const net::Prefix& client() const { return client_; }
  void close();

 private:
  enum class Phase { query, answer, bulk, drain };
  void on_event(unsigned interest);
  void read_some();
  void take(std::string_view bytes);
  void write_some();
  void finish();
  void drain_some();
  void wait();

  UniqueFd fd_;
  net::Prefix client_;
  std::chrono::milliseconds patience_;
  const Directory& directory_;
  uint64_t& queries_;
  Callbacks callbacks_;
  Phase phase_ = Phase::query;
  std::string input_;   // of the query
  std::string output_;  // being written …
  size_t written_ = 0;  // … up to here
  bool drain_ = false;
  size_t drained_ = 0;
  std::optional<BulkSession> bulk_;
  bool bulk_over_ = false;
  bool finished_ = false;  // the client sends nothing more
  loop::IoWatcher io_;
  loop::Timer timer_;
};

}  // namespace ipguard::whois
