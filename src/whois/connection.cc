#include "whois/connection.h"

#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <utility>

#include "base/log.h"
#include "whois/answer.h"
#include "whois/query.h"

namespace ipguard::whois {
namespace {

constexpr size_t longest_query = 255;      // bytes without the line's end
constexpr size_t chunk_bytes = 64U << 10;  // read in a turn of the loop
constexpr size_t most_drained = 1U << 20;  // of what came behind a query, before the client is cut off

}  // namespace

Received receive(std::string_view bytes, const Directory& directory, std::string& output) {
  const size_t end = bytes.find('\n');
  if (end > longest_query && bytes.size() > longest_query) {
    output += error_line("a query is at most " + std::to_string(longest_query) + " bytes long");
    return {.state = Received::State::answered, .more_came = true};
  }
  if (end == std::string_view::npos) {
    return {};
  }
  const Query query = parse_query(bytes.substr(0, end));
  if (query.kind == Query::Kind::bulk) {
    return {.state = Received::State::bulk};
  }
  append_answer(output, query, directory);
  return {.state = Received::State::answered, .more_came = end + 1 < bytes.size()};
}

Connection::Connection(loop::EventLoop& loop, UniqueFd fd, net::Prefix client, std::chrono::milliseconds patience,
                       const Directory& directory, uint64_t& queries, Callbacks callbacks)
    : fd_(std::move(fd)),
      client_(client),
      patience_(patience),
      directory_(directory),
      queries_(queries),
      callbacks_(std::move(callbacks)),
      io_(loop, [this](unsigned interest) { on_event(interest); }),
      timer_(loop, [this] {
        log_debug("whois: a client moved nothing for too long and was dropped");
        close();
      }) {
  timer_.start(patience_);
}

void Connection::start(std::string_view bytes) {
  take(bytes);
  if (!closed()) {
    wait();
  }
}

void Connection::start_writing(std::string rest, bool drain) {
  output_ = std::move(rest);
  drain_ = drain;
  phase_ = Phase::answer;
  write_some();
  if (!closed()) {
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
  callbacks_.closed();
}

void Connection::on_event(unsigned interest) {
  if (written_ < output_.size()) {
    write_some();
  } else if ((interest & loop::IoWatcher::readable) != 0) {
    if (phase_ == Phase::drain) {
      drain_some();
    } else {
      read_some();
    }
  }
  if (!closed()) {
    wait();
  }
}

void Connection::wait() {
  io_.start(fd_.get(), written_ < output_.size() ? loop::IoWatcher::writable : loop::IoWatcher::readable);
}

void Connection::read_some() {
  std::array<char, chunk_bytes> chunk;
  const ssize_t count = ::recv(fd_.get(), chunk.data(), phase_ == Phase::query ? longest_query + 2 : chunk.size(), 0);
  if (count > 0) {
    take({chunk.data(), static_cast<size_t>(count)});
  } else if (count == 0 && !finished_ && (phase_ == Phase::bulk || !input_.empty())) {
    finished_ = true;
    take("\n");  // a client that has finished sending without ending its line: it still reads
    bulk_over_ = true;
    if (!closed() && written_ == output_.size()) {
      close();
    }
  } else if (count == 0 || (errno != EAGAIN && errno != EINTR)) {
    close();
  }
}

// New bytes of a query, or of a bulk query.
void Connection::take(std::string_view bytes) {
  if (phase_ == Phase::query) {
    input_ += bytes;
    const auto received = receive(input_, directory_, output_);
    if (received.state == Received::State::partial) {
      return;
    }
    ++queries_;
    if (received.state == Received::State::answered) {
      drain_ = received.more_came;
      phase_ = Phase::answer;
      write_some();
      return;
    }
    bulk_.emplace(directory_);
    phase_ = Phase::bulk;
    output_ = bulk_->greeting();
    const std::string rest = input_.substr(input_.find('\n') + 1);
    input_.clear();
    bulk_over_ = !bulk_->feed(rest, output_);
  } else {
    bulk_over_ = !bulk_->feed(bytes, output_);
  }
  callbacks_.moved();
  timer_.start(patience_);
  write_some();
}

void Connection::write_some() {
  while (written_ < output_.size()) {
    const ssize_t count =
        ::send(fd_.get(), output_.data() + written_, output_.size() - written_, MSG_NOSIGNAL | MSG_DONTWAIT);
    if (count >= 0) {
      written_ += static_cast<size_t>(count);
      timer_.start(patience_);
      callbacks_.moved();
    } else if (errno == EAGAIN) {
      return;
    } else if (errno != EINTR) {
      close();
      return;
    }
  }
  output_.clear();
  written_ = 0;
  if (phase_ == Phase::answer || (phase_ == Phase::bulk && bulk_over_)) {
    finish();
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
  timer_.start(patience_);
  drain_some();
}

void Connection::drain_some() {
  std::array<char, chunk_bytes> chunk;
  const ssize_t count = ::recv(fd_.get(), chunk.data(), chunk.size(), MSG_DONTWAIT);
  if (count > 0 && (drained_ += static_cast<size_t>(count)) <= most_drained) {
    return;
  }
  if (count < 0 && (errno == EAGAIN || errno == EINTR)) {
    return;
  }
  close();
}

}  // namespace ipguard::whois
