#include "control/server.h"

#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <optional>
#include <utility>
#include <vector>

#include "control/access.h"
#include "control/connection.h"
#include "control/listener.h"
#include "loop/acceptor.h"

namespace ipguard::control {
namespace {

constexpr size_t max_connections = 64;
constexpr size_t most_of_a_reader = max_connections / 4;

// Who connected; nobody in particular (who may change nothing) when the kernel does not say.
Peer peer_of(int fd) {
  struct ucred credentials{};
  socklen_t length = sizeof(credentials);
  if (::getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &credentials, &length) != 0 || length != sizeof(credentials)) {
    return {};
  }
  return {.pid = credentials.pid, .uid = credentials.uid, .gid = credentials.gid};
}

}  // namespace

struct Server::Impl {
  struct Client {
    std::unique_ptr<Connection> connection;
    uid_t user;
    Access access;

    [[nodiscard]] bool closed() const { return connection->closed(); }
    [[nodiscard]] bool idle() const { return !closed() && connection->idle(); }
    [[nodiscard]] bool may_change() const { return access == Access::change; }
  };

  Impl(loop::EventLoop& event_loop, std::string socket_path, Handler request_handler,
       std::chrono::milliseconds client_patience, std::optional<gid_t> readers_gid)
      : loop(event_loop),
        path(std::move(socket_path)),
        handler(std::move(request_handler)),
        patience(client_patience),
        readers(readers_gid),
        acceptor(loop, "control",
                 [this](auto& accepted) {
                   for (auto& each : accepted) {
                     admit(std::move(each.fd));
                   }
                 }),
        reaper(loop, [this] { std::erase_if(clients, [](const Client& each) { return each.closed(); }); }) {}

  void admit(UniqueFd fd);
  Answer answer(const Request& request, const Peer& peer, Access access) const;
  bool make_room(uid_t user, Access access);
  template <typename Fits>
  bool close_oldest(const Fits& fits);
  template <typename Fits>
  [[nodiscard]] size_t open_connections(const Fits& fits) const {
    return static_cast<size_t>(
        std::ranges::count_if(clients, [&fits](const Client& each) { return !each.closed() && fits(each); }));
  }
  [[nodiscard]] size_t open_connections() const {
    return open_connections([](const Client&) { return true; });
  }

  loop::EventLoop& loop;
  std::string path;
  Handler handler;
  std::chrono::milliseconds patience;
  std::optional<gid_t> readers;
  std::optional<Listener> listener;
  std::vector<Client> clients;  // closed ones stay until the reaper's turn
  uint64_t uses = 0;
  uint64_t turned_away = 0;
  loop::Acceptor acceptor;
  loop::Timer reaper;
};

void Server::Impl::admit(UniqueFd fd) {
  const Peer peer = peer_of(fd.get());
  const Access access = access_of(fd.get(), peer.uid, peer.gid, readers.value_or(::getegid()));
  if (!make_room(peer.uid, access)) {
    ++turned_away;
    const auto text = format_reply(fail(Errc::busy, "ipguardd is answering too many clients; try again"));
    static_cast<void>(::send(fd.get(), text.data(), text.size(), MSG_NOSIGNAL));
    return;
  }
  auto connection = std::make_unique<Connection>(
      loop, std::move(fd), peer, patience, uses,
      [this, access](const Request& request, const Peer& who) { return answer(request, who, access); },
      [this] { reaper.start(std::chrono::microseconds{0}); });
  clients.push_back({.connection = std::move(connection), .user = peer.uid, .access = access});
}

Answer Server::Impl::answer(const Request& request, const Peer& peer, Access access) const {
  if (access == Access::none) {
    return Result<Json>(fail(Errc::permission, "ipguardd answers root, its own user and " +
                                                   (readers ? "members of the group " + std::string(readers_name)
                                                            : std::string("members of its group")) +
                                                   "; you are none of them"));
  }
  return handler(request, peer, access == Access::change);
}

// Closes a connection where that is needed to take one more. Whoever may change something goes before those who may
// not, even before what they are at: in an attack nobody keeps root out by asking.
bool Server::Impl::make_room(uid_t user, Access access) {
  const bool may_change = access == Access::change;
  const auto own = [user](const Client& each) { return each.user == user && !each.may_change(); };
  if (!may_change && open_connections(own) >= most_of_a_reader) {
    return close_oldest([&](const Client& each) { return own(each) && each.idle(); });
  }
  if (open_connections() < max_connections) {
    return true;
  }
  return close_oldest([](const Client& each) { return each.idle(); }) ||
         (may_change && close_oldest([](const Client& each) { return !each.may_change(); }));
}

// Of those that fit the one whose last reply lies back furthest; false when none fits.
template <typename Fits>
bool Server::Impl::close_oldest(const Fits& fits) {
  Connection* oldest = nullptr;
  for (const Client& each : clients) {
    if (!each.closed() && fits(each) && (oldest == nullptr || each.connection->last_use() < oldest->last_use())) {
      oldest = each.connection.get();
    }
  }
  if (oldest == nullptr) {
    return false;
  }
  ++turned_away;
  oldest->close();
  return true;
}

Server::Server(loop::EventLoop& loop, std::string path, Handler handler, std::optional<gid_t> readers,
               std::chrono::milliseconds patience)
    : impl_(std::make_unique<Impl>(loop, std::move(path), std::move(handler), patience, readers)) {}

Server::~Server() = default;

Result<> Server::listen() {
  auto listener = Listener::open(impl_->path, impl_->readers);
  if (!listener) {
    return std::unexpected(listener.error());
  }
  impl_->acceptor.stop();
  impl_->listener.emplace(std::move(*listener));
  impl_->acceptor.start(impl_->listener->fd());
  return {};
}

Result<bool> Server::restore() {
  if (!impl_->listener || impl_->listener->in_place()) {
    return false;
  }
  if (auto listening = listen(); !listening) {
    return std::unexpected(std::move(listening.error()));
  }
  return true;
}

size_t Server::connections() const { return impl_->open_connections(); }

uint64_t Server::turned_away() const { return impl_->turned_away; }

}  // namespace ipguard::control
