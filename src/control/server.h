// The daemon's end of the control socket.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/result.h"
#include "control/protocol.h"
#include "loop/event_loop.h"

namespace ipguard::control {

// Who asks, from SO_PEERCRED.
struct Peer {
  pid_t pid = -1;
  uid_t uid = static_cast<uid_t>(-1);
  gid_t gid = static_cast<gid_t>(-1);
};

// The rest of a request that takes long: called once a turn of the loop, so that everything else goes on, until it
// gives the reply. Destroyed before that if the client has gone. Must not destroy the server.
using Work = std::function<std::optional<Result<Json>>()>;

// The items of a reply that is an array, each as JSON text on one line (format_item()), in portions: called once a turn
// of the loop, when the portion before has been written, until it gives nullopt. A portion may be empty. So a long list
// takes the memory of a portion. Destroyed before its end if the client has gone. Must not destroy the server.
using Items = std::function<std::optional<std::vector<std::string>>()>;

// A reply, or the work that leads to it, or the items that it is made of.
struct Answer {
  Answer(Result<Json> reply) : result(std::move(reply)) {}  // NOLINT(*-explicit-*): most handlers have the reply
  Answer(Work steps, std::chrono::milliseconds every = {})  // NOLINT(*-explicit-*)
      : work(std::move(steps)), pause(every) {}
  Answer(Items portions) : items(std::move(portions)) {}  // NOLINT(*-explicit-*)

  std::optional<Result<Json>> result;
  Work work;
  std::chrono::milliseconds pause{};  // from one call of `work` to the next, if it waits for somebody else's doing
  Items items;
};

// Owned by the loop thread. At most 64 connections, 16 of them of a user who may only read: one more takes the place of
// the one that has been idle longest, and is turned away (Errc::busy) when all are at work. Who may change something is
// turned away only when all the others may, too: else one of them has to go. A client that moves nothing for 30 s in
// the middle of a request or a reply is dropped. Requests of one connection are answered in order; the next one is read
// when the reply is written.
class Server {
 public:
  // `may_change` tells whether the peer may run commands that change something (Access::change). Who has no access at
  // all is told so and never gets here.
  using Handler = std::function<Answer(const Request& request, const Peer& peer, bool may_change)>;

  // `readers` is the group whose members may read; the process's own if there is none. `patience` is for tests. The
  // handler must not destroy the server.
  Server(loop::EventLoop& loop, std::string path, Handler handler, std::optional<gid_t> readers = {},
         std::chrono::milliseconds patience = std::chrono::seconds(30));
  ~Server();  // closes and unlinks the socket, if it is still ours
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  // Creates missing parent folders (0755), listens with mode 0660. A socket that somebody answers on is Errc::busy
  // ("another ipguardd answers on …"); a stale one is replaced.
  [[nodiscard]] Result<> listen();
  // If the socket's file was removed or replaced by somebody: makes it again, as listen() does, and tells so by true.
  // Connections stay.
  [[nodiscard]] Result<bool> restore();

  [[nodiscard]] size_t connections() const;
  // Connections turned away or closed for another because all places were taken.
  [[nodiscard]] uint64_t turned_away() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace ipguard::control
