// The process beside the daemon that alone may change nftables (writer/writer.h).
#pragma once

#include <sys/types.h>

#include <memory>
#include <string>

#include "base/result.h"
#include "enforce/writer_client.h"

namespace ipguard::daemon {

// The variable of the environment that names the socket of a service manager's (packaging/ipguard-writer.socket).
inline constexpr const char* writer_socket = "IPGUARD_WRITER_SOCKET";

// The process, if it is a child, is waited for at its end.
class WriterProcess {
 public:
  // Starts ipguard-writer: a program of its own, so that it has an address space and secrets of its own (a fork alone
  // would share the daemon's), and nothing that the daemon has open. Or, with `writer_socket` in the environment,
  // connects to it, and the service manager does so: then this process never had the writer's privileges. To be called
  // before there are threads, before anything foreign is read and before privileges are given up. The writer reads the
  // configuration by itself.
  [[nodiscard]] static Result<WriterProcess> start(const std::string& config_path);

  WriterProcess() = default;  // none
  WriterProcess(WriterProcess&& other) noexcept;
  WriterProcess& operator=(WriterProcess&&) = delete;
  WriterProcess(const WriterProcess&) = delete;
  WriterProcess& operator=(const WriterProcess&) = delete;
  ~WriterProcess();

  // For whoever asks it; null if there is none. The writer ends when the last of them has gone.
  [[nodiscard]] const std::shared_ptr<enforce::WriterClient>& client() const { return client_; }
  // Lets it go: nobody needs it (a dry run).
  void dismiss();

 private:
  pid_t process_ = -1;
  std::shared_ptr<enforce::WriterClient> client_;
};

}  // namespace ipguard::daemon
