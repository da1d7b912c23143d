#include "control/connection.h"

#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <utility>

#include "base/log.h"
#include "base/text.h"

namespace ipguard::control {
namespace {

constexpr size_t chunk_bytes = 64U << 10;
constexpr size_t turn_bytes = 1U << 20;
constexpr size_t kept_capacity = 1U << 20;  // buffers larger than this are given back

void clear(std::string& buffer) {
  buffer.clear();
  if (buffer.capacity() > kept_capacity) {
    buffer.shrink_to_fit();
  }
}

}  // namespace

Connection::Connection(loop::EventLoop& loop, UniqueFd fd, Peer peer, std::chrono::milliseconds patience,
                       uint64_t& uses, Ask ask, Closed closed)
    : fd_(std::move(fd)),
      peer_(peer),
      patience_(patience),
      uses_(uses),
      ask_(std::move(ask)),
      on_closed_(std::move(closed)),
      last_use_(++uses),
      io_(loop, [this](unsigned interest) { on_event(interest); }),
      timer_(loop,
             [this] {
               log_debug("control: a client moved nothing for too long and was dropped");
               close();
             }),
      pause_timer_(loop, [this] { on_event(0); }) {
  io_.start(fd_.get(), loop::IoWatcher::readable);
}

void Connection::close() {
  if (closed()) {
    return;
  }
  io_.stop();
  timer_.stop();
  pause_timer_.stop();
  fd_.reset();
  work_ = nullptr;
  items_ = nullptr;
  on_closed_();
}

void Connection::on_event(unsigned interest) {
  if (!output_.empty()) {
    write_some();
  } else if (work_) {
    work_some();
  } else if (items_) {
    list_some();
  } else if (find_line_end() != std::string::npos) {
    answer_next();
  } else if ((interest & loop::IoWatcher::readable) != 0) {
    read_some();
  }
  if (!closed()) {
    wait();
  }
}

// Decides what the next turn is for.
void Connection::wait() {
  if (idle()) {
    timer_.stop();
  } else {
    timer_.start(patience_);
  }
  if (work_ && pause_ > std::chrono::milliseconds::zero()) {
    io_.stop();
    pause_timer_.start(pause_);
    return;
  }
  // With a whole request at hand the next turn is wanted at once: a socket with room is writable.
  const bool more_to_do = !output_.empty() || work_ || items_ || find_line_end() != std::string::npos;
  io_.start(fd_.get(), more_to_do ? loop::IoWatcher::writable : loop::IoWatcher::readable);
}

size_t Connection::find_line_end() {
  const auto end = input_.find('\n', std::max(begin_, searched_));
  searched_ = end == std::string::npos ? input_.size() : end;
  return end;
}

void Connection::read_some() {
  // Only here, where no whole request is left, so that this copies at most the beginning of one.
  input_.erase(0, begin_);
  searched_ -= begin_;
  begin_ = 0;
  std::array<char, chunk_bytes> chunk;
  for (size_t total = 0; total < turn_bytes && find_line_end() == std::string::npos;) {
    const ssize_t count = ::recv(fd_.get(), chunk.data(), chunk.size(), 0);
    if (count > 0) {
      input_.append(chunk.data(), static_cast<size_t>(count));
      total += static_cast<size_t>(count);
      if (input_.size() > max_request_bytes && find_line_end() == std::string::npos) {
        closing_ = true;
        reply(fail(Errc::invalid, "the request is larger than " + format_size(max_request_bytes)));
        return;
      }
    } else if (count < 0 && errno == EINTR) {
      continue;
    } else if (count < 0 && errno == EAGAIN) {
      break;
    } else {
      close();
      return;
    }
  }
  if (find_line_end() != std::string::npos) {
    answer_next();
  }
}

void Connection::answer_next() {
  const size_t end = find_line_end();
  const auto request = parse_request(std::string_view(input_).substr(begin_, end - begin_));
  begin_ = searched_ = end + 1;
  if (begin_ == input_.size()) {
    clear(input_);
    begin_ = searched_ = 0;
  }
  if (!request) {
    reply(std::unexpected(request.error()));
    return;
  }
  try {
    auto answer = ask_(*request, peer_);
    if (answer.result) {
      reply(*answer.result);
    } else if (answer.items) {
      items_ = std::move(answer.items);
      listed_ = false;
      output_ = list_begin;
    } else {
      work_ = std::move(answer.work);
      pause_ = answer.pause;
    }
  } catch (const Json::exception& error) {
    // A command looked for something in the arguments that the client did not put there.
    reply(fail(Errc::invalid,
               "the arguments of '" + request->command + "' are not of its form: " + printable(words_of(error))));
  }
}

void Connection::work_some() {
  if (client_gone()) {
    log_info("control: a client went before its request was done; the rest of it is left undone");
    close();
    return;
  }
  if (const auto result = work_()) {
    work_ = nullptr;
    reply(*result);
  }
}

void Connection::list_some() {
  const auto portion = items_();
  if (!portion) {
    items_ = nullptr;
    last_use_ = ++uses_;
    output_ = list_end;
  } else {
    for (const auto& item : *portion) {
      output_ += listed_ ? "," : "";
      output_ += item;
      listed_ = true;
    }
  }
  if (!output_.empty()) {
    written_ = 0;
    write_some();
  }
}

bool Connection::client_gone() const {
  // unix(7) sockets hang up when the other end is closed, not when it has shut down its writing half.
  pollfd entry{.fd = fd_.get(), .events = 0, .revents = 0};
  return ::poll(&entry, 1, 0) > 0 && (entry.revents & (POLLHUP | POLLERR)) != 0;
}

void Connection::reply(const Result<Json>& result) {
  last_use_ = ++uses_;
  output_ = format_reply(result);
  written_ = 0;
  write_some();
}

void Connection::write_some() {
  const std::string_view all(output_);
  for (size_t total = 0; written_ < all.size() && total < turn_bytes;) {
    const ssize_t count =
        ::send(fd_.get(), all.data() + written_, std::min(all.size() - written_, turn_bytes), MSG_NOSIGNAL);
    if (count >= 0) {
      written_ += static_cast<size_t>(count);
      total += static_cast<size_t>(count);
    } else if (errno == EAGAIN) {
      return;
    } else if (errno != EINTR) {
      close();
      return;
    }
  }
  if (written_ < all.size()) {
    return;
  }
  clear(output_);
  written_ = 0;
  if (closing_) {
    close();
  }
}

}  // namespace ipguard::control
