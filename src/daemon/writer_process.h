// The process beside the daemon that alone may change nftables (writer/writer.h).
#pragma once

#include <sys/types.h>

#include <memory>
#include <string>

#include "base/result.h"
#include "base/unique_fd.h"
#include "enforce/writer_client.h"

namespace ipguard::daemon {

// The variable of the environment that names the socket of a service manager's (packaging/ipguard-writer.socket).
inline constexpr const char* writer_socket = "IPGUARD_WRITER_SOCKET";

// The process, if it is a child, is waited for at its end.
class WriterProcess {
 public:
  // Starts ipguard-writer: a program of its own, so that it has an address space and secrets of its own (a fork alone
  // would share the daemon's), and nothing that the daemon has open. To be called before there are threads, before
  // anything foreign is read and before privileges are given up. The writer reads the configuration by itself. Not so
  // with `writer_socket` in the environment: there the service manager starts it, and this process never had the
  // writer's privileges.
  [[nodiscard]] static Result<WriterProcess> start(const std::string& config_path);
  // Now it is known whether there is anything to write: in a dry run the writer is let go, and a service manager is
  // not asked for one.
  [[nodiscard]] Result<> settle(bool dry_run);

  WriterProcess() = default;  // none
  WriterProcess(WriterProcess&& other) noexcept;
  WriterProcess& operator=(WriterProcess&&) = delete;
  WriterProcess(const WriterProcess&) = delete;
  WriterProcess& operator=(const WriterProcess&) = delete;
  ~WriterProcess();

  // For whoever asks it; null if there is none. The writer ends when the last of them has gone.
  [[nodiscard]] const std::shared_ptr<enforce::WriterClient>& client() const { return client_; }

 private:
  [[nodiscard]] Result<> open_client(UniqueFd questions);
  void dismiss();

  pid_t process_ = -1;
  std::shared_ptr<enforce::WriterClient> client_;
};

}  // namespace ipguard::daemon
