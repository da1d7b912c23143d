#include "writer/writer.h"

#include <linux/capability.h>
#include <sys/socket.h>
#include <unistd.h>

#include <csignal>
#include <string>
#include <utility>

#include "base/log.h"
#include "base/memory.h"
#include "confine/privileges.h"
#include "confine/syscall_filter.h"
#include "enforce/channel.h"
#include "writer/writer_service.h"

namespace ipguard::writer {
namespace {

Result<WriterSettings> load_settings(const std::string& config_path) {
  config::Diagnostics diagnostics;
  auto config = config::load_config(config_path, diagnostics);
  if (config.path.empty() || diagnostics.has_errors()) {
    return fail(Errc::configuration, "the configuration was changed while it was read, and is none now");
  }
  set_log_level(config.log_level);
  return WriterSettings{
      .enforce = config.enforce, .protect = std::move(config.protect), .allowlist = std::move(config.allow.prefixes)};
}

constexpr const char* no_daemon = "is started by ipguardd, or by a service manager for it, and of no use without it";

// Who asks: the process at the other end of standard input.
Result<ucred> find_daemon() {
  ucred daemon{};
  socklen_t size = sizeof daemon;
  if (::getsockopt(STDIN_FILENO, SOL_SOCKET, SO_PEERCRED, &daemon, &size) != 0 || daemon.pid == 0) {
    return fail(Errc::usage, no_daemon);
  }
  if (daemon.uid != 0 && daemon.uid != ::geteuid()) {
    return fail(Errc::permission, "takes no orders from user " + std::to_string(daemon.uid));
  }
  return daemon;
}

// A terminal or a service manager tells all processes to stop; the daemon may want the table deleted after that. The
// writer ends when the daemon has.
void leave_signals_to_the_daemon() {
  for (const int number : {SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGPIPE}) {
    (void)std::signal(number, SIG_IGN);
  }
}

// A child is killed with the daemon; whom a service manager has started reads the end of the stream.
Result<> confine_writer(pid_t daemon) {
  constexpr confine::Capabilities kept = 1ULL << CAP_NET_ADMIN | 1ULL << CAP_SYS_PTRACE | 1ULL << CAP_DAC_READ_SEARCH;
  if (auto done = ::getppid() == daemon ? confine::end_with_parent() : Result<>(); !done) {
    return done;
  }
  if (auto done = confine::keep_only(kept); !done) {
    return done;
  }
  // A sanitizer's look for leaks at the end needs to see the memory.
  if (auto done = confine::sanitized() ? Result<>() : confine::hide_memory(); !done) {
    return done;
  }
  return confine::install_filter(confine::Role::writer);
}

}  // namespace

Result<> run(const std::string& config_path) {
  const auto daemon = find_daemon();
  if (!daemon) {
    return std::unexpected(daemon.error());
  }
  init_log(LogLevel::info);  // from here on nobody reads what it says but in the log
  leave_signals_to_the_daemon();
  keep_memory_small();
  if (auto confined = confine_writer(daemon->pid); !confined) {
    return confined;
  }
  enforce::Channel questions{UniqueFd(STDIN_FILENO), enforce::wire::longest_message};
  const auto bell = questions.receive_descriptor();
  if (!bell) {
    return std::unexpected(bell.error());
  }
  WriterService service(writer_parts([&] { return load_settings(config_path); }));
  return serve(questions, bell->get(), service, release_idle_memory);
}

}  // namespace ipguard::writer
