// What a syslog listener does when it, or a port of it, goes.
#include <sys/ioctl.h>
#include <sys/socket.h>

#include <cerrno>
#include <iterator>

#include "input/syslog_listener_impl.h"

namespace ipguard::input {
namespace {

// Of one socket at the end. Who sends more than 64 MiB meanwhile sends faster than anybody reads.
constexpr int turns_at_end = 64;
constexpr size_t datagrams_at_end = 1UL << 20;

// Bytes of a stream that nobody has read.
uint64_t unread_bytes(int fd) {
  int bytes = 0;
  return ::ioctl(fd, FIONREAD, &bytes) == 0 && bytes > 0 ? static_cast<uint64_t>(bytes) : 0;
}

}  // namespace

void SyslogListener::drain() {
  for (auto& port : ports_) {
    drain(port);
  }
}

// Of a stream its messages are read as far as they have ended.
void SyslogListener::drain(Port& port) {
  if (!port.socket) {
    return;
  }
  if (is_stream(port.endpoint)) {
    port.acceptor->accept_some();
  }
  for (int turn = 0; turn < turns_at_end && !is_stream(port.endpoint) && is_readable(port.socket->fd()); ++turn) {
    read_datagrams(port);
  }
  auto each = connections_.begin();
  for (size_t left = connections_.size(); left > 0; --left) {  // who was read goes to the end
    const auto connection = each++;
    if (connection->port != &port) {
      continue;
    }
    for (int turn = 0; turn < turns_at_end && is_readable(connection->fd.get()) && read_stream(connection); ++turn) {
    }
  }
}

void SyslogListener::cut_off(Port& port) {
  for (auto each = connections_.begin(); each != connections_.end();) {
    const auto connection = each++;
    if (connection->port == &port) {
      close(connection);
    }
  }
  close_socket(port);
}

// Whatever nobody has read is counted.
void SyslogListener::close_socket(Port& port) {
  ignore(port);
  if (!port.socket) {
    return;
  }
  for (size_t count = 0; !is_stream(port.endpoint) && count < datagrams_at_end; ++count) {
    net::SocketAddress peer;
    const ssize_t bytes = ::recvfrom(port.socket->fd(), nullptr, 0, MSG_DONTWAIT | MSG_TRUNC, peer.get(), &peer.length);
    if (bytes < 0 && errno != EINTR) {
      break;
    }
    port.cut_off += bytes > 0 && is_sender(port, peer) ? 1U : 0U;
  }
  port.cut_off += is_stream(port.endpoint) ? 0 : port.socket->dropped();
  port.socket.reset();
}

void SyslogListener::stop() {
  retry_timer_.stop();
  for (auto& port : ports_) {
    cut_off(port);
  }
}

void SyslogListener::close(Connections::iterator connection) {
  connection->port->status.lost_bytes += connection->framer.held() + unread_bytes(connection->fd.get());
  connections_.erase(connection);
}

}  // namespace ipguard::input
