// One client of the control socket: reads a line, asks for its answer, writes it, reads the next.
#pragma once

#include <chrono>
#include <functional>
#include <string>

#include "base/result.h"
#include "base/unique_fd.h"
#include "control/protocol.h"
#include "control/server.h"
#include "loop/event_loop.h"

namespace ipguard::control {

// Owned by the loop thread. Reads and writes at most 1 MiB and answers at most one request a turn of the loop.
class Connection {
 public:
  using Ask = std::function<Answer(const Request& request, const Peer& peer)>;
  using Closed = std::function<void()>;  // must not destroy the connection before the loop's next turn

  Connection(loop::EventLoop& loop, UniqueFd fd, Peer peer, std::chrono::milliseconds patience, uint64_t& uses, Ask ask,
             Closed closed);
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  // Neither in the middle of a request nor of a reply.
  [[nodiscard]] bool idle() const { return input_.empty() && output_.empty() && !work_ && !items_; }
  [[nodiscard]] bool closed() const { return !fd_.valid(); }
  // Drawn from `uses` with each reply: the idle connection with the lowest number has been idle longest.
  [[nodiscard]] uint64_t last_use() const { return last_use_; }
  void close();

 private:
  void on_event(unsigned interest);
  void read_some();
  void answer_next();
  void work_some();
  void list_some();
  // Whether nobody will read the reply; a client that has only finished sending will.
  [[nodiscard]] bool client_gone() const;
  void write_some();
  void reply(const Result<Json>& result);
  void wait();
  // The position of the line feed that ends the next request; npos when it is not there yet.
  size_t find_line_end();

  UniqueFd fd_;
  Peer peer_;
  std::chrono::milliseconds patience_;
  uint64_t& uses_;  // the server's counter
  Ask ask_;
  Closed on_closed_;
  std::string input_;                  // received and not yet answered, from begin_ on
  size_t begin_ = 0;                   // of the next request in input_
  size_t searched_ = 0;                // no line feed in input_ from begin_ up to here
  Work work_;                          // leads to the reply
  std::chrono::milliseconds pause_{};  // between its steps
  Items items_;                        // of the reply, the beginning of which is written
  bool listed_ = false;                // one of them at least
  std::string output_;                 // the reply being written …
  size_t written_ = 0;                 // … and how much of it is
  bool closing_ = false;               // after this reply
  uint64_t last_use_;
  loop::IoWatcher io_;
  loop::Timer timer_;        // runs while not idle; each movement starts it again
  loop::Timer pause_timer_;  // runs while the work waits
};

}  // namespace ipguard::control
