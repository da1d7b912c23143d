#include "writer/writer.h"

#include <linux/capability.h>
#include <sys/stat.h>

#include <csignal>
#include <utility>

#include "base/log.h"
#include "base/memory.h"
#include "config/log_level.h"
#include "confine/privileges.h"
#include "confine/syscall_filter.h"
#include "enforce/writer_client.h"
#include "writer/writer_service.h"

namespace ipguard::writer {
namespace {

Result<WriterSettings> load_settings(const std::string& config_path) {
  config::Diagnostics diagnostics;
  auto config = config::load_config(config_path, diagnostics);
  if (config.path.empty() || diagnostics.has_errors()) {
    return fail(Errc::configuration, "the configuration was changed while it was read, and is none now");
  }
  set_log_level(config::log_level(config));
  return WriterSettings{
      .enforce = config.enforce, .protect = std::move(config.protect), .allowlist = std::move(config.allow.prefixes)};
}

bool is_socket(int fd) {
  struct stat status{};
  return ::fstat(fd, &status) == 0 && S_ISSOCK(status.st_mode);
}

// A terminal or a service manager tells all processes to stop; the daemon may want the table deleted after that. The
// writer ends when the daemon has.
void leave_signals_to_the_daemon() {
  for (const int number : {SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGPIPE}) {
    (void)std::signal(number, SIG_IGN);
  }
}

Result<> confine_writer() {
  constexpr confine::Capabilities kept = 1ULL << CAP_NET_ADMIN | 1ULL << CAP_SYS_PTRACE | 1ULL << CAP_DAC_READ_SEARCH;
  if (auto done = confine::end_with_parent(); !done) {
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
  if (!is_socket(enforce::question_fd)) {
    return fail(Errc::usage, "is started by ipguardd, and of no use without it");
  }
  leave_signals_to_the_daemon();
  keep_memory_small();
  if (auto confined = confine_writer(); !confined) {
    return confined;
  }
  enforce::Channel questions{UniqueFd(enforce::question_fd), enforce::wire::longest_message};
  const UniqueFd bell(enforce::bell_fd);
  WriterService service(writer_parts([&] { return load_settings(config_path); }));
  return serve(questions, bell.get(), service);
}

}  // namespace ipguard::writer
