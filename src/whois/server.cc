#include "whois/server.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <list>
#include <optional>
#include <utility>
#include <vector>

#include "base/log.h"
#include "base/text.h"
#include "base/unique_fd.h"
#include "whois/connection.h"

namespace ipguard::whois {
namespace {

constexpr size_t accepted_at_once = 64;
constexpr std::chrono::seconds pause_without_descriptors{1};
constexpr size_t first_read = 512;  // more than the longest query
constexpr int deferred_seconds = 1;

struct SocketAddress {
  sockaddr_storage storage{};
  socklen_t length = sizeof(sockaddr_storage);

  [[nodiscard]] const sockaddr* get() const { return reinterpret_cast<const sockaddr*>(&storage); }
  [[nodiscard]] sockaddr* get() { return reinterpret_cast<sockaddr*>(&storage); }
};

std::optional<SocketAddress> parse_listen(const std::string& text) {
  const auto colon = text.rfind(':');
  const auto port = parse_number(colon == std::string::npos ? "" : std::string_view(text).substr(colon + 1));
  if (!port || *port > 65535) {
    return std::nullopt;
  }
  std::string host = text.substr(0, colon);
  SocketAddress result;
  if (host.starts_with('[') && host.ends_with(']')) {
    auto* ipv6 = reinterpret_cast<sockaddr_in6*>(&result.storage);
    ipv6->sin6_family = AF_INET6;
    ipv6->sin6_port = htons(static_cast<uint16_t>(*port));
    result.length = sizeof(sockaddr_in6);
    host = host.substr(1, host.size() - 2);
    return ::inet_pton(AF_INET6, host.c_str(), &ipv6->sin6_addr) == 1 ? std::optional(result) : std::nullopt;
  }
  auto* ipv4 = reinterpret_cast<sockaddr_in*>(&result.storage);
  ipv4->sin_family = AF_INET;
  ipv4->sin_port = htons(static_cast<uint16_t>(*port));
  result.length = sizeof(sockaddr_in);
  return ::inet_pton(AF_INET, host.c_str(), &ipv4->sin_addr) == 1 ? std::optional(result) : std::nullopt;
}

// An IPv6 client has a whole /64 of addresses to come from.
net::Prefix client_of(const SocketAddress& peer) {
  if (peer.storage.ss_family == AF_INET) {
    const auto* ipv4 = reinterpret_cast<const sockaddr_in*>(&peer.storage);
    return net::Prefix(net::Address::from_ipv4(ntohl(ipv4->sin_addr.s_addr)));
  }
  const auto* ipv6 = reinterpret_cast<const sockaddr_in6*>(&peer.storage);
  std::array<uint8_t, 16> bytes{};
  std::memcpy(bytes.data(), &ipv6->sin6_addr, bytes.size());
  const auto address = net::Address::from_ipv6(bytes);
  return {address, address.is_ipv4() ? 32U : 64U};
}

}  // namespace

struct Server::Impl {
  Impl(loop::EventLoop& event_loop, Directory answers, Limits bounds)
      : loop(event_loop),
        directory(std::move(answers)),
        limits(bounds),
        accept_watcher(loop, [this](unsigned) { accept_some(); }),
        resume(loop, [this] { accept_watcher.start(listener.get(), loop::IoWatcher::readable); }),
        reaper(loop, [this] { std::erase_if(waiting, [](const auto& each) { return each->closed(); }); }) {}

  // The one that has moved nothing for longest comes first; closed ones stay until the reaper's turn.
  using Waiting = std::list<std::unique_ptr<Connection>>;

  void accept_some();
  void accept_pending();
  void admit(UniqueFd fd, const SocketAddress& peer);
  Connection& keep(UniqueFd fd, const SocketAddress& peer);
  void make_room(const net::Prefix& client);

  loop::EventLoop& loop;
  Directory directory;
  Limits limits;
  Counters counters;
  UniqueFd listener;
  std::vector<std::pair<UniqueFd, SocketAddress>> pending;  // accepted, not yet admitted; empty between turns
  std::string answer;                                       // scratch: of one admission
  Waiting waiting;
  size_t open = 0;
  loop::IoWatcher accept_watcher;
  loop::Timer resume;  // after the process ran out of descriptors
  loop::Timer reaper;
};

void Server::Impl::accept_some() {
  // All are accepted before the first one is read: until then, most have sent their query.
  accept_pending();
  for (auto& [fd, peer] : pending) {
    admit(std::move(fd), peer);
  }
  pending.clear();
}

void Server::Impl::accept_pending() {
  while (pending.size() < accepted_at_once) {
    SocketAddress peer;
    UniqueFd fd(::accept4(listener.get(), peer.get(), &peer.length, SOCK_NONBLOCK | SOCK_CLOEXEC));
    if (fd.valid()) {
      pending.emplace_back(std::move(fd), peer);
    } else if (errno == EAGAIN) {
      return;
    } else if (errno != EINTR && errno != ECONNABORTED) {
      // Out of descriptors or memory: the connection stays in the queue and would wake the loop again and again.
      log_warning("whois: cannot accept a connection: " + std::string(std::strerror(errno)));
      accept_watcher.stop();
      resume.start(pause_without_descriptors);
      return;
    }
  }
}

void Server::Impl::admit(UniqueFd fd, const SocketAddress& peer) {
  std::array<char, first_read> bytes;
  const ssize_t count = ::recv(fd.get(), bytes.data(), bytes.size(), 0);
  if (count == 0 || (count < 0 && errno != EAGAIN && errno != EINTR)) {
    return;
  }
  const std::string_view query(bytes.data(), count > 0 ? static_cast<size_t>(count) : 0);
  answer.clear();
  const auto received = receive(query, directory, answer);
  if (received.state != Received::State::answered) {
    keep(std::move(fd), peer).start(query);
    return;
  }
  ++counters.queries;
  const ssize_t sent = ::send(fd.get(), answer.data(), answer.size(), MSG_NOSIGNAL);
  if ((sent < 0 && errno != EAGAIN && errno != EINTR) ||
      (sent == static_cast<ssize_t>(answer.size()) && !received.more_came)) {
    return;
  }
  keep(std::move(fd), peer).start_writing(answer.substr(sent > 0 ? static_cast<size_t>(sent) : 0), received.more_came);
}

Connection& Server::Impl::keep(UniqueFd fd, const SocketAddress& peer) {
  const net::Prefix client = client_of(peer);
  make_room(client);
  const auto place = waiting.emplace(waiting.end());
  *place = std::make_unique<Connection>(
      loop, std::move(fd), client, limits.patience, directory, counters.queries,
      Connection::Callbacks{.moved = [this, place] { waiting.splice(waiting.end(), waiting, place); },
                            .closed =
                                [this] {
                                  --open;
                                  reaper.start(std::chrono::microseconds{0});
                                }});
  ++open;
  return **place;
}

void Server::Impl::make_room(const net::Prefix& client) {
  const auto of_client = [&](const auto& each) { return !each->closed() && each->client() == client; };
  if (open >= limits.client_connections &&
      static_cast<size_t>(std::ranges::count_if(waiting, of_client)) >= limits.client_connections) {
    ++counters.displaced;
    (*std::ranges::find_if(waiting, of_client))->close();
  } else if (open >= limits.connections) {
    ++counters.displaced;
    (*std::ranges::find_if(waiting, [](const auto& each) { return !each->closed(); }))->close();
  }
}

Server::Server(loop::EventLoop& loop, Directory directory, Limits limits)
    : impl_(std::make_unique<Impl>(loop, std::move(directory), limits)) {}

Server::~Server() = default;

Result<> Server::listen(const std::string& address) {
  const auto place = parse_listen(address);
  if (!place) {
    return fail(Errc::invalid, "'" + printable(address, 80) + "' is no address with a port, such as 127.0.0.1:8043");
  }
  UniqueFd fd(::socket(place->storage.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  const int on = 1;
  // The kernel hands a connection over when its query has come, or after this time without one (tcp(7)): then most are
  // answered as they are accepted. A kernel that does not know it hands over all at once, and is waited with.
  static_cast<void>(::setsockopt(fd.get(), IPPROTO_TCP, TCP_DEFER_ACCEPT, &deferred_seconds, sizeof deferred_seconds));
  if (!fd.valid() || ::setsockopt(fd.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) != 0 ||
      ::bind(fd.get(), place->get(), place->length) != 0 || ::listen(fd.get(), SOMAXCONN) != 0) {
    return fail_errno("whois: cannot listen on " + address, errno);
  }
  impl_->listener = std::move(fd);
  impl_->accept_watcher.start(impl_->listener.get(), loop::IoWatcher::readable);
  return {};
}

uint16_t Server::port() const {
  SocketAddress own;
  if (!impl_->listener.valid() || ::getsockname(impl_->listener.get(), own.get(), &own.length) != 0) {
    return 0;
  }
  // At the same place in both families' addresses (netinet/in.h).
  return ntohs(reinterpret_cast<const sockaddr_in*>(&own.storage)->sin_port);
}

size_t Server::connections() const { return impl_->open; }

const Counters& Server::counters() const { return impl_->counters; }

}  // namespace ipguard::whois
