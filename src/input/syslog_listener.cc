#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <string>
#include <utility>

#include "base/log.h"
#include "base/text.h"
#include "input/syslog_listener_impl.h"

namespace ipguard::input {
namespace {

constexpr size_t datagrams_at_once = 4096;   // these also when they are short
constexpr size_t block_bytes = 256UL << 10;  // handed out when so much has come together
constexpr size_t stream_read = 64UL << 10;
constexpr std::string_view local_sender = "localhost";

}  // namespace

bool is_readable(int fd) {
  pollfd wanted{.fd = fd, .events = POLLIN, .revents = 0};
  return ::poll(&wanted, 1, 0) > 0;
}

// Ports that are named again go on as they are.
void SyslogListener::set_ports() {
  auto before = std::exchange(ports_, {});
  const bool same_mode = socket_mode_ == config_->socket_mode;
  socket_mode_ = config_->socket_mode;
  senders_ = config_->senders;
  for (const auto& endpoint : config_->listen) {
    const auto same = std::ranges::find(before, endpoint, &Port::endpoint);
    if (same != before.end() && (same_mode || !endpoint.is_unix())) {
      ports_.splice(ports_.end(), before, same);
      continue;
    }
    auto& port = ports_.emplace_back();
    port.endpoint = endpoint;
    port.status.name = config_->name;
    port.status.path = endpoint.to_string();
    if (is_stream(endpoint)) {
      port.acceptor = std::make_unique<loop::Acceptor>(
          loop_, "source " + config_->name, [this, &port](auto& accepted) { take_connections(port, accepted); });
    } else {
      port.watcher = std::make_unique<loop::IoWatcher>(loop_, [this, &port](unsigned) { read_datagrams(port); });
    }
  }
  for (auto& port : before) {
    drain(port);
    cut_off(port);
    dropped_ += losses_of(status_of(port));
  }
  buffer_.resize(std::max(stream_read, static_cast<size_t>(config_->max_line) + 1));
}

bool SyslogListener::reconfigure(const config::SourceConfig& config) {
  config_ = &config;
  set_ports();
  if (started_) {
    open_all();
  }
  return true;
}

void SyslogListener::open_all() {
  bool any_failed = false;
  for (auto& port : ports_) {
    if (port.socket && port.socket->in_place()) {
      port.status.state = "following";  // also where its file was put back
      continue;
    }
    any_failed = !open(port) || any_failed;
  }
  if (any_failed) {
    retry_timer_.start(limits_.retry);
  }
}

// Also where it is open and its file is gone. Who is connected already goes on, and what he has sent is read.
bool SyslogListener::open(Port& port) {
  auto socket = ListenSocket::open(port.endpoint, socket_mode_);
  if (!socket) {
    auto state = "waiting: " + socket.error().message;
    if (state != port.status.state) {
      log_warning("source " + config_->name + ": " + printable(socket.error().message) +
                  "; tried again until it works");
    }
    port.status.state = std::move(state);
    return false;
  }
  if (port.socket) {
    log_warning("source " + config_->name + ": " + printable(port.status.path) + " was gone, and is there again");
    drain(port);
    close_socket(port);
  }
  port.socket.emplace(std::move(*socket));
  port.status.state = "following";
  watch(port);
  return true;
}

void SyslogListener::watch(Port& port) {
  if (port.acceptor != nullptr) {
    port.acceptor->start(port.socket->fd());
  } else {
    port.watcher->start(port.socket->fd(), loop::IoWatcher::readable);
  }
}

void SyslogListener::ignore(Port& port) {
  if (port.acceptor != nullptr) {
    port.acceptor->stop();
  } else {
    port.watcher->stop();
  }
}

bool SyslogListener::is_sender(const Port& port, const net::SocketAddress& peer) const {
  const auto endpoint = peer.endpoint();
  return port.endpoint.is_unix() || (endpoint && std::ranges::any_of(senders_, [&](const net::Prefix& prefix) {
                                       return prefix.contains(endpoint->address);
                                     }));
}

bool SyslogListener::may_send(Port& port, const net::SocketAddress& peer, std::string& sender) {
  const auto endpoint = peer.endpoint();
  if (is_sender(port, peer)) {
    sender = local_sender;
    if (!port.endpoint.is_unix()) {
      sender.clear();
      endpoint->address.append_to(sender);
    }
    return true;
  }
  ++port.status.refused_messages;
  if (!std::exchange(port.told_of_strangers, true)) {
    log_warning("source " + config_->name + ": " + (endpoint ? endpoint->address.to_string() : "somebody") +
                " is not among its senders; what it and others like it send to " + port.status.path + " is dropped");
  }
  return false;
}

void SyslogListener::read_datagrams(Port& port) {
  size_t left = line_input_budget;
  for (size_t count = 0; count < datagrams_at_once && left > 0; ++count) {
    net::SocketAddress peer;
    iovec room{.iov_base = buffer_.data(), .iov_len = buffer_.size()};
    msghdr header{};
    header.msg_name = &peer.storage;
    header.msg_namelen = peer.length;
    header.msg_iov = &room;
    header.msg_iovlen = 1;
    const ssize_t got = ::recvmsg(port.socket->fd(), &header, 0);
    if (got < 0 && errno == EINTR) {
      continue;
    }
    if (got < 0) {
      break;  // EAGAIN; an error that a datagram of ours could have caused does not concern a socket that only reads
    }
    const auto bytes = static_cast<size_t>(got);
    left -= std::min(left, std::max<size_t>(bytes, 1));
    if (may_send(port, peer, sender_)) {
      take(port, {buffer_.data(), bytes}, (header.msg_flags & MSG_TRUNC) != 0, sender_);
    }
  }
  flush(port);
}

void SyslogListener::take_connections(Port& port, std::vector<loop::Accepted>& accepted) {
  for (auto& each : accepted) {
    std::string sender;
    if (may_send(port, each.peer, sender)) {
      add_connection(port, std::move(each.fd), std::move(sender));
    }
  }
}

void SyslogListener::add_connection(Port& port, UniqueFd fd, std::string sender) {
  if (connections_.size() >= limits_.connections) {
    close(connections_.begin());
  }
  const int on = 1;  // senders are quiet for days; one that has gone without a word is found
  static_cast<void>(::setsockopt(fd.get(), SOL_SOCKET, SO_KEEPALIVE, &on, sizeof on));
  connections_.push_back({.port = &port,
                          .fd = std::move(fd),
                          .sender = std::move(sender),
                          .framer = SyslogFramer(config_->max_line),
                          .watcher = nullptr});
  const auto connection = std::prev(connections_.end());
  connection->watcher =
      std::make_unique<loop::IoWatcher>(loop_, [this, connection](unsigned) { read_stream(connection); });
  connection->watcher->start(connection->fd.get(), loop::IoWatcher::readable);
}

bool SyslogListener::read_stream(Connections::iterator connection) {
  Port& port = *connection->port;
  connections_.splice(connections_.end(), connections_, connection);
  const SyslogFramer::Emit emit = [&](std::string_view message, bool cut) {
    take(port, message, cut, connection->sender);
  };
  bool over = false;
  for (size_t left = line_input_budget; left > 0 && !over;) {
    const ssize_t got = ::recv(connection->fd.get(), buffer_.data(), stream_read, 0);
    if (got > 0) {
      left -= std::min(left, static_cast<size_t>(got));
      connection->framer.feed({buffer_.data(), static_cast<size_t>(got)}, emit);
    } else if (got == 0) {
      port.status.lost_bytes += connection->framer.finish(emit);
      over = true;
    } else if (errno != EINTR) {
      over = errno != EAGAIN;
      break;
    }
  }
  flush(port);
  if (over) {
    close(connection);
  }
  return !over;
}

void SyslogListener::take(Port& port, std::string_view message, bool cut, std::string_view sender) {
  message = without_trailer(message);
  if (message.empty()) {
    return;
  }
  if (cut || message.size() > config_->max_line) {
    flush(port);
    append_line(message.substr(0, config_->max_line), sender, lines_);
    lines_.pop_back();
    hand_out(port, std::string_view(lines_).substr(0, config_->max_line), true);
    lines_.clear();
    return;
  }
  append_line(message, sender, lines_);
  if (lines_.size() >= block_bytes) {
    flush(port);
  }
}

void SyslogListener::flush(Port& port) {
  if (!lines_.empty()) {
    hand_out(port, lines_, false);
    lines_.clear();
  }
}

void SyslogListener::hand_out(Port& port, std::string_view bytes, bool truncated) {
  auto& status = port.status;
  const auto consumed =
      on_block_({.bytes = bytes, .offset = status.bytes, .source = id_, .replay = false, .truncated = truncated});
  status.bytes += bytes.size();
  status.lines += consumed.lines;
  status.hits += consumed.hits;
  status.overlong_lines += truncated ? 1U : 0U;
}

bool SyslogListener::caught_up() const {
  return std::ranges::none_of(ports_, [](const Port& port) { return port.socket && is_readable(port.socket->fd()); }) &&
         std::ranges::none_of(connections_, [](const StreamConnection& each) { return is_readable(each.fd.get()); });
}

std::vector<model::SourceStatus> SyslogListener::status() const {
  std::vector<model::SourceStatus> all;
  for (const auto& port : ports_) {
    all.push_back(status_of(port));
  }
  return all;
}

model::Losses SyslogListener::losses() const {
  auto all = LineInput::losses();
  all += dropped_;
  return all;
}

model::SourceStatus SyslogListener::status_of(const Port& port) {
  auto status = port.status;
  status.lost_messages = port.cut_off + (port.socket && !is_stream(port.endpoint) ? port.socket->dropped() : 0);
  return status;
}

std::unique_ptr<LineInput> make_syslog_listener(loop::EventLoop& loop, const config::SourceConfig& config,
                                                model::SourceId id, Follower::BlockCallback on_block,
                                                ListenerLimits limits) {
  return std::make_unique<SyslogListener>(loop, config, id, std::move(on_block), limits);
}

}  // namespace ipguard::input
