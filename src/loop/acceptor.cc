#include "loop/acceptor.h"

#include <sys/socket.h>

#include <cerrno>
#include <chrono>
#include <cstring>
#include <utility>

#include "base/log.h"

namespace ipguard::loop {
namespace {

constexpr size_t accepted_at_once = 64;
constexpr std::chrono::seconds pause_without_descriptors{1};

// accept(2): errors of the connection itself, which is gone.
bool is_of_connection(int error) {
  return error == EINTR || error == ECONNABORTED || error == EPROTO || error == ENETDOWN || error == EHOSTUNREACH ||
         error == ENETUNREACH || error == EHOSTDOWN || error == ENONET || error == ENOPROTOOPT || error == EOPNOTSUPP;
}

}  // namespace

Acceptor::Acceptor(EventLoop& loop, std::string what, Take take)
    : what_(std::move(what)),
      take_(std::move(take)),
      watcher_(loop, [this](unsigned) { accept_some(); }),
      resume_(loop, [this] { watcher_.start(listener_, IoWatcher::readable); }) {}

void Acceptor::start(int listener) {
  resume_.stop();
  listener_ = listener;
  watcher_.start(listener_, IoWatcher::readable);
}

void Acceptor::stop() {
  resume_.stop();
  watcher_.stop();
}

void Acceptor::accept_some() {
  while (accepted_.size() < accepted_at_once) {
    Accepted accepted;
    accepted.fd =
        UniqueFd(::accept4(listener_, accepted.peer.get(), &accepted.peer.length, SOCK_NONBLOCK | SOCK_CLOEXEC));
    if (accepted.fd.valid()) {
      accepted_.push_back(std::move(accepted));
    } else if (errno == EAGAIN) {
      break;
    } else if (!is_of_connection(errno)) {
      fail(errno);
      break;
    }
  }
  if (!accepted_.empty()) {
    take_(accepted_);
    accepted_.clear();
  }
}

void Acceptor::fail(int reason) {
  log_warning(what_ + ": cannot accept a connection: " + std::strerror(reason));
  watcher_.stop();
  resume_.start(pause_without_descriptors);
}

}  // namespace ipguard::loop
