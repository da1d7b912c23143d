#include "whois/server.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <deque>
#include <list>
#include <utility>
#include <vector>

#include "base/text.h"
#include "base/unique_fd.h"
#include "loop/acceptor.h"
#include "net/endpoint.h"
#include "net/listen.h"
#include "net/prefix.h"
#include "net/site.h"
#include "whois/connection.h"

namespace ipguard::whois {
namespace {

constexpr size_t first_read = 512;  // more than the longest query
constexpr int deferred_seconds = 1;

net::Prefix client_of(const net::SocketAddress& peer) {
  return net::host_unit(peer.endpoint().value_or(net::Endpoint{}).address);
}

}  // namespace

struct Server::Impl {
  Impl(loop::EventLoop& event_loop, Directory answers, Limits bounds)
      : loop(event_loop),
        directory(std::move(answers)),
        limits(bounds),
        // All are accepted before the first one is read: until then, most have sent their query.
        acceptor(loop, "whois",
                 [this](auto& accepted) {
                   for (auto& [fd, peer] : accepted) {
                     admit(std::move(fd), peer);
                   }
                 }),
        reaper(loop, [this] { reap(); }),
        turns(loop, [this] { turn(); }) {}

  // The one that has moved nothing for longest comes first; closed ones stay until the reaper's turn.
  using Waiting = std::list<std::unique_ptr<Connection>>;

  void admit(UniqueFd fd, const net::SocketAddress& peer);
  Connection& keep(UniqueFd fd, const net::SocketAddress& peer);
  void make_room(const net::Prefix& client);
  void turn();
  void bound_output();
  void reap();

  loop::EventLoop& loop;
  Directory directory;
  Limits limits;
  Shared shared{.directory = directory, .counters = {}, .batch = {}, .answer = {}};
  UniqueFd listener;
  Waiting waiting;
  std::deque<Connection*> queue;  // who wants a turn; among them closed ones
  size_t open = 0;
  loop::Acceptor acceptor;
  loop::Timer reaper;
  loop::IdleWork turns;  // after each turn's I/O, while somebody is in the queue
};

void Server::Impl::admit(UniqueFd fd, const net::SocketAddress& peer) {
  std::array<char, first_read> bytes;
  const ssize_t count = ::recv(fd.get(), bytes.data(), bytes.size(), 0);
  if (count == 0 || (count < 0 && errno != EAGAIN && errno != EINTR)) {
    return;
  }
  const std::string_view query(bytes.data(), count > 0 ? static_cast<size_t>(count) : 0);
  auto& answer = shared.answer;
  answer.clear();
  const auto received = receive(query, directory, shared.counters, answer);
  if (received.state != Received::State::answered) {
    keep(std::move(fd), peer).start(query);
    return;
  }
  ++shared.counters.queries;
  const ssize_t sent = ::send(fd.get(), answer.data(), answer.size(), MSG_NOSIGNAL);
  if ((sent < 0 && errno != EAGAIN && errno != EINTR) ||
      (sent == static_cast<ssize_t>(answer.size()) && !received.more_came)) {
    return;
  }
  keep(std::move(fd), peer)
      .start_writing(std::string_view(answer).substr(sent > 0 ? static_cast<size_t>(sent) : 0), received.more_came);
  bound_output();
}

Connection& Server::Impl::keep(UniqueFd fd, const net::SocketAddress& peer) {
  const net::Prefix client = client_of(peer);
  make_room(client);
  const auto place = waiting.emplace(waiting.end());
  *place = std::make_unique<Connection>(
      loop, std::move(fd), client, limits.patience, shared,
      Connection::Callbacks{.moved = [this, place] { waiting.splice(waiting.end(), waiting, place); },
                            .wants_turn =
                                [this, place] {
                                  queue.push_back(place->get());
                                  turns.start();
                                },
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
    ++shared.counters.displaced;
    (*std::ranges::find_if(waiting, of_client))->close();
  } else if (open >= limits.connections) {
    ++shared.counters.displaced;
    (*std::ranges::find_if(waiting, [](const auto& each) { return !each->closed(); }))->close();
  }
}

// One after the other; who wants another turn comes again behind all others.
void Server::Impl::turn() {
  for (size_t left = limits.rows_a_turn; left > 0 && !queue.empty();) {
    Connection& next = *queue.front();
    queue.pop_front();
    if (!next.closed()) {
      left -= std::min(left, next.work(left));
      bound_output();
    }
  }
  if (queue.empty()) {
    turns.stop();
  }
}

void Server::Impl::bound_output() {
  while (shared.kept_bytes > limits.kept_bytes) {
    ++shared.counters.displaced;
    (*std::ranges::find_if(waiting, [](const auto& each) { return each->keeps_output(); }))->close();
  }
}

void Server::Impl::reap() {
  std::erase_if(queue, [](const auto* each) { return each->closed(); });
  std::erase_if(waiting, [](const auto& each) { return each->closed(); });
}

Server::Server(loop::EventLoop& loop, Directory directory, Limits limits)
    : impl_(std::make_unique<Impl>(loop, std::move(directory), limits)) {}

Server::~Server() = default;

Result<> Server::listen(const std::string& address) {
  const auto endpoint = net::Endpoint::parse(address);
  if (!endpoint) {
    return fail(Errc::invalid, in_quotes(address) + " is no address with a port, such as 127.0.0.1:8043");
  }
  auto listener = net::listen_tcp(*endpoint);
  if (!listener) {
    return fail(listener.error().code, "whois: " + listener.error().message);
  }
  // The kernel hands a connection over when its query has come, or after this time without one (tcp(7)): then most are
  // answered as they are accepted. A kernel that does not know it hands over all at once, and is waited with.
  static_cast<void>(
      ::setsockopt(listener->get(), IPPROTO_TCP, TCP_DEFER_ACCEPT, &deferred_seconds, sizeof deferred_seconds));
  impl_->listener = std::move(*listener);
  impl_->acceptor.start(impl_->listener.get());
  return {};
}

uint16_t Server::port() const {
  net::SocketAddress own;
  if (!impl_->listener.valid() || ::getsockname(impl_->listener.get(), own.get(), &own.length) != 0) {
    return 0;
  }
  return own.endpoint().value_or(net::Endpoint{}).port;
}

size_t Server::connections() const { return impl_->open; }

void Server::resume() {
  for (const auto& each : impl_->waiting) {
    if (!each->closed()) {
      each->resume();
    }
  }
}

size_t Server::kept_bytes() const { return impl_->shared.kept_bytes; }

const Counters& Server::counters() const { return impl_->shared.counters; }

}  // namespace ipguard::whois
