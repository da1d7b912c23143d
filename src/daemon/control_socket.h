// ControlSocket: where the daemon is given commands, put back when somebody has removed its file.
#pragma once

#include <sys/types.h>

#include <optional>
#include <string>

#include "base/result.h"
#include "control/server.h"
#include "loop/event_loop.h"

namespace ipguard::daemon {

// Owned by the loop thread.
class ControlSocket {
 public:
  // As control::Server; the loop must outlive it.
  ControlSocket(loop::EventLoop& loop, std::string path, control::Server::Handler handler,
                std::optional<gid_t> readers);

  // As control::Server.
  [[nodiscard]] Result<> listen() { return server_.listen(); }
  // Makes a file that is gone again and says so in the log. To be called now and then: nobody who wants to give a
  // command can ask for it.
  void restore();
  // Why the last restore() failed, a sentence; "" if it did not.
  [[nodiscard]] const std::string& problem() const { return problem_; }

 private:
  std::string path_;
  control::Server server_;
  std::string problem_;
};

}  // namespace ipguard::daemon
