// One client of the whois server, from the moment when it has to be waited for.
#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "base/unique_fd.h"
#include "loop/event_loop.h"
#include "net/prefix.h"
#include "whois/bulk.h"
#include "whois/query.h"
#include "whois/shared.h"

namespace ipguard::whois {

// What came of the bytes of one recv(2).
struct Received {
  enum class State {
    partial,
    answered,
    queued,  // `query` takes long: it is answered when its turn comes
    bulk,
  };
  State state = State::partial;
  Query query;             // of bulk and queued
  size_t taken = 0;        // bytes of its line
  bool more_came = false;  // bytes behind the query, which nobody will read
};

// Answers the query that `bytes` begin with, at the end of `output`, if its line is complete or already too long.
[[nodiscard]] Received receive(std::string_view bytes, const Directory& directory, Counters& counters,
                               std::string& output);

// Owned by the loop thread. What takes long, prefixes, AS and bulk queries, is done in turns that the server gives. At
// most 8 KiB are read in a turn, and nothing while the client has not taken the answer to what it sent. A query must be
// complete within the patience, counted from the beginning; later the client has to move something within it.
class Connection {
 public:
  struct Callbacks {
    std::function<void()> moved;       // made progress
    std::function<void()> wants_turn;  // asks for one call of work()
    std::function<void()> closed;      // must not destroy the connection before the loop's next turn
  };

  // `shared` must outlive it.
  Connection(loop::EventLoop& loop, UniqueFd fd, net::Prefix client, std::chrono::milliseconds patience, Shared& shared,
             Callbacks callbacks);
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  // Goes on from `bytes`, which are the beginning of a query.
  void start(std::string_view bytes);
  // Goes on with what of an answer is left to be written; `drain` if the client sent more than was read.
  void start_writing(std::string_view rest, bool drain);
  // Its turn, to answer about `rows` lines. Returns what it cost, in rows.
  size_t work(size_t rows);
  // What AS have is known from now on.
  void resume();
  [[nodiscard]] bool closed() const { return !fd_.valid(); }
  [[nodiscard]] bool keeps_output() const { return !output_.empty(); }
  [[nodiscard]] const net::Prefix& client() const { return client_; }
  void close();

 private:
  enum class Phase { query, pending, bulk, answer, drain };
  void on_event();
  void read_query();
  void take_query(std::string_view bytes);
  size_t answer_query();
  size_t feed_some(size_t rows);
  bool read_lines();
  void want_turn();
  void put(std::string_view text);
  [[nodiscard]] size_t send_some(std::string_view text);
  void write_some();
  void release_output();
  void on_written();
  void finish();
  void drain_some();
  void wait();

  UniqueFd fd_;
  net::Prefix client_;
  std::chrono::milliseconds patience_;
  Shared& shared_;
  Callbacks callbacks_;
  Phase phase_ = Phase::query;
  std::string input_;   // not yet taken
  std::string output_;  // the client has not taken it …
  size_t written_ = 0;  // … but up to here
  Query query_;         // pending
  std::optional<BulkSession> bulk_;
  bool queued_ = false;     // a turn was asked for
  bool waiting_ = false;    // for what AS have
  bool more_ = false;       // lines are left, or were when the last read ended
  bool bulk_over_ = false;  // nothing more is wanted
  bool finished_ = false;   // the client sends nothing more
  bool drain_ = false;      // it sent more than was read
  size_t drained_ = 0;
  loop::IoWatcher io_;
  loop::Timer timer_;
};

}  // namespace ipguard::whois
