#include "whois/connection.h"

#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <utility>

#include "base/log.h"
#include "whois/answer.h"

namespace ipguard::whois {
namespace {

constexpr size_t chunk_bytes = 8U << 10;   // read at a time
constexpr size_t most_drained = 1U << 20;  // of what came behind a query, before the client is cut off
constexpr size_t turn_cost = 16;           // of reading and writing, in rows
// What the kernel holds for a client who does not read; without this it may be megabytes (tcp(7), tcp_wmem). Doubled by
// the kernel.
constexpr int kernel_bytes = 128 << 10;

}  // namespace

Received receive(std::string_view bytes, const Directory& directory, Counters& counters, std::string& output) {
  const auto line = first_line(bytes);
  if (line.state == Line::State::partial) {
    return {};
  }
  if (line.state == Line::State::too_long) {
    ++counters.too_long;
    output += error_line("a query is at most " + std::to_string(longest_line) + " bytes long");
    return {.state = Received::State::answered, .query = {}, .more_came = true};
  }
  Received received{.state = Received::State::answered,
                    .query = parse_query(line.text),
                    .taken = line.taken,
                    .more_came = line.taken < bytes.size()};
  if (received.query.kind == Query::Kind::bulk) {
    received.state = Received::State::bulk;
  } else if (takes_long(received.query)) {
    received.state = Received::State::queued;
  } else {
    append_answer(output, received.query, directory);
  }
  return received;
}

Connection::Connection(loop::EventLoop& loop, UniqueFd fd, net::Prefix client, std::chrono::milliseconds patience,
                       Shared& shared, Callbacks callbacks)
    : fd_(std::move(fd)),
      client_(client),
      patience_(patience),
      shared_(shared),
      callbacks_(std::move(callbacks)),
      io_(loop, [this](unsigned) { on_event(); }),
      timer_(loop, [this] {
        log_debug("whois: a client moved nothing for too long and was dropped");
        ++shared_.counters.timed_out;
        close();
      }) {
  timer_.start(patience_);
}

void Connection::start(std::string_view bytes) {
  take_query(bytes);
  wait();
}

void Connection::start_writing(std::string_view rest, bool drain) {
  drain_ = drain;
  phase_ = Phase::answer;
  put(rest);
  wait();
}

void Connection::resume() {
  if (std::exchange(waiting_, false)) {
    want_turn();
    wait();
  }
}

void Connection::close() {
  if (closed()) {
    return;
  }
  io_.stop();
  timer_.stop();
  fd_.reset();
  release_output();
  callbacks_.closed();
}

void Connection::on_event() {
  if (!output_.empty()) {
    write_some();
  } else if (phase_ == Phase::drain) {
    drain_some();
  } else if (phase_ == Phase::bulk) {
    want_turn();
  } else {
    read_query();
  }
  wait();
}

void Connection::wait() {
  if (closed()) {
    return;
  }
  if (output_.empty() && (queued_ || waiting_)) {
    io_.stop();
  } else {
    io_.start(fd_.get(), output_.empty() ? loop::IoWatcher::readable : loop::IoWatcher::writable);
  }
}

// While it is the server's turn, the client's patience is not at stake.
void Connection::want_turn() {
  if (!queued_) {
    queued_ = true;
    timer_.stop();
    callbacks_.wants_turn();
  }
}

size_t Connection::work(size_t rows) {
  queued_ = false;
  timer_.start(patience_);
  const size_t cost = phase_ == Phase::pending ? answer_query() : feed_some(rows);
  wait();
  return turn_cost + cost;
}

void Connection::read_query() {
  std::array<char, longest_line + 2> chunk;
  const ssize_t count = ::recv(fd_.get(), chunk.data(), chunk.size(), 0);
  if (count > 0) {
    take_query({chunk.data(), static_cast<size_t>(count)});
  } else if (count == 0 && !finished_ && !input_.empty()) {
    finished_ = true;
    take_query("\n");  // a client that has finished sending without ending its line: it still reads
  } else if (count == 0 || (errno != EAGAIN && errno != EINTR)) {
    close();
  }
}

void Connection::take_query(std::string_view bytes) {
  input_ += bytes;
  shared_.answer.clear();
  auto received = receive(input_, shared_.directory, shared_.counters, shared_.answer);
  if (received.state == Received::State::partial) {
    return;
  }
  if (received.state == Received::State::answered) {
    ++shared_.counters.queries;
    drain_ = received.more_came;
    phase_ = Phase::answer;
    put(shared_.answer);
    return;
  }
  static_cast<void>(::setsockopt(fd_.get(), SOL_SOCKET, SO_SNDBUF, &kernel_bytes, sizeof kernel_bytes));
  if (received.state == Received::State::queued) {
    drain_ = received.more_came;
    query_ = std::move(received.query);
    phase_ = Phase::pending;
    input_.clear();
    want_turn();
    return;
  }
  ++shared_.counters.queries;
  bulk_.emplace(shared_.directory, shared_.batch, received.query.verbose, !received.query.no_header);
  phase_ = Phase::bulk;
  input_.erase(0, received.taken);
  more_ = true;
  put(bulk_->greeting());
}

size_t Connection::answer_query() {
  if (query_.kind == Query::Kind::asn && !shared_.directory.systems_ready()) {
    waiting_ = true;
    return 0;
  }
  ++shared_.counters.queries;
  shared_.answer.clear();
  const size_t cost = append_answer(shared_.answer, query_, shared_.directory);
  phase_ = Phase::answer;
  put(shared_.answer);
  return cost;
}

// Reads lines of a bulk query behind what is left of it; false if there is nothing new.
bool Connection::read_lines() {
  std::array<char, chunk_bytes> chunk;
  const ssize_t count = ::recv(fd_.get(), chunk.data(), chunk.size(), MSG_DONTWAIT);
  if (count > 0) {
    input_.append(chunk.data(), static_cast<size_t>(count));
    more_ = static_cast<size_t>(count) == chunk.size();
    return true;
  }
  more_ = false;
  if (count == 0) {
    finished_ = true;
    input_ += '\n';  // the last line may lack its end
    return true;
  }
  if (errno != EAGAIN && errno != EINTR) {
    close();
  }
  return false;
}

size_t Connection::feed_some(size_t rows) {
  const bool whole_line = input_.find('\n') != std::string::npos;
  if (!whole_line && !finished_ && !read_lines()) {
    return 0;
  }
  shared_.answer.clear();
  const auto fed = bulk_->feed(input_, rows, shared_.answer);
  input_.erase(0, fed.taken);
  using State = BulkSession::Fed::State;
  waiting_ = fed.state == State::waiting;
  more_ |= fed.state == State::paused;
  bulk_over_ = fed.state == State::over || (fed.state == State::hungry && finished_);
  shared_.counters.rows += fed.rows;
  callbacks_.moved();
  put(shared_.answer);
  return fed.rows;
}

// Nothing else is left to be written.
void Connection::put(std::string_view text) {
  text.remove_prefix(send_some(text));
  if (closed()) {
    return;
  }
  if (text.empty()) {
    on_written();
    return;
  }
  output_ = text;
  shared_.kept_bytes += output_.size();
}

size_t Connection::send_some(std::string_view text) {
  for (size_t sent = 0; sent < text.size();) {
    const ssize_t count = ::send(fd_.get(), text.data() + sent, text.size() - sent, MSG_NOSIGNAL | MSG_DONTWAIT);
    if (count >= 0) {
      sent += static_cast<size_t>(count);
    } else if (errno != EINTR) {
      if (errno != EAGAIN) {
        close();
      }
      return sent;
    }
  }
  return text.size();
}

void Connection::write_some() {
  const size_t sent = send_some(std::string_view(output_).substr(written_));
  if (closed()) {
    return;
  }
  if (sent > 0) {
    written_ += sent;
    timer_.start(patience_);
    callbacks_.moved();
  }
  if (written_ == output_.size()) {
    release_output();
    on_written();
  }
}

void Connection::release_output() {
  shared_.kept_bytes -= output_.size();
  output_ = std::string();
  written_ = 0;
}

void Connection::on_written() {
  if (phase_ == Phase::answer || bulk_over_) {
    finish();
  } else if (more_ && !waiting_) {
    want_turn();
  }
}

// Closing a socket with bytes in it that nobody read resets the connection, and the client may lose the answer. So then
// only our half is closed, and the rest is read away until the client closes its own.
void Connection::finish() {
  if (!drain_ && phase_ == Phase::answer) {
    close();
    return;
  }
  static_cast<void>(::shutdown(fd_.get(), SHUT_WR));
  phase_ = Phase::drain;
  input_ = std::string();
  timer_.start(patience_);
  drain_some();
}

void Connection::drain_some() {
  std::array<char, chunk_bytes> chunk;
  const ssize_t count = ::recv(fd_.get(), chunk.data(), chunk.size(), MSG_DONTWAIT);
  if (count > 0) {
    drained_ += static_cast<size_t>(count);
    if (drained_ <= most_drained) {
      return;
    }
  }
  if (count < 0 && (errno == EAGAIN || errno == EINTR)) {
    return;
  }
  close();
}

}  // namespace ipguard::whois
