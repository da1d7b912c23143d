#include "daemon/control_socket.h"

#include <utility>

#include "base/log.h"
#include "base/text.h"

namespace ipguard::daemon {

ControlSocket::ControlSocket(loop::EventLoop& loop, std::string path, control::Server::Handler handler,
                             std::optional<gid_t> readers)
    : path_(path), server_(loop, std::move(path), std::move(handler), readers) {}

void ControlSocket::restore() {
  const auto restored = server_.restore();
  const auto problem = restored ? std::string() : "the control socket is gone: " + restored.error().message;
  if (restored && *restored) {
    log_warning("the control socket was gone, and is there again: " + printable(path_));
  } else if (!problem.empty() && problem != problem_) {
    log_error(printable(problem));
  }
  problem_ = problem;
}

}  // namespace ipguard::daemon
