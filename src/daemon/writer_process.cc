#include "daemon/writer_process.h"

#include <fcntl.h>
#include <linux/capability.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <string_view>
#include <utility>

#include "base/log.h"
#include "base/text.h"
#include "confine/privileges.h"
#include "confine/syscall_filter.h"
#include "daemon/load.h"
#include "daemon/memory.h"
#include "enforce/writer_service.h"

namespace ipguard::daemon {
namespace {

constexpr int question_fd = 3;
constexpr int bell_fd = 4;

// Between fork(2) and exec(3): system calls alone. The two may have each other's number, so they are moved up first.
void become_writer(int questions, int bell, const char* config_path) {
  constexpr int out_of_the_way = 10;
  const int null = ::open("/dev/null", O_RDONLY | O_CLOEXEC);
  const int high_questions = ::fcntl(questions, F_DUPFD_CLOEXEC, out_of_the_way);
  const int high_bell = ::fcntl(bell, F_DUPFD_CLOEXEC, out_of_the_way);
  if (null < 0 || high_questions < 0 || high_bell < 0 || ::dup2(null, STDIN_FILENO) < 0 ||
      ::dup2(high_questions, question_fd) < 0 || ::dup2(high_bell, bell_fd) < 0) {
    return;
  }
  (void)::close_range(bell_fd + 1, UINT32_MAX, CLOSE_RANGE_CLOEXEC);
  std::array<char*, 5> arguments = {const_cast<char*>("ipguardd"), const_cast<char*>("--writer"),
                                    const_cast<char*>("-c"), const_cast<char*>(config_path), nullptr};
  ::execv("/proc/self/exe", arguments.data());
}

Result<enforce::WriterSettings> load_settings(const std::string& config_path) {
  config::Diagnostics diagnostics;
  auto config = config::load_config(config_path, diagnostics);
  if (config.path.empty() || diagnostics.has_errors()) {
    return fail(Errc::configuration, "the configuration was changed while it was read, and is none now");
  }
  set_log_level(log_level(config));
  return enforce::WriterSettings{
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

Result<WriterProcess> WriterProcess::start(const std::string& config_path) {
  auto questions = enforce::Channel::pair();
  if (!questions) {
    return std::unexpected(std::move(questions.error()));
  }
  std::array<int, 2> pipe{};
  if (::pipe2(pipe.data(), O_CLOEXEC | O_NONBLOCK) != 0) {
    return fail_errno("cannot make a pipe", errno);
  }
  UniqueFd heard(pipe[0]);
  const UniqueFd rung(pipe[1]);
  WriterProcess writer;
  writer.process_ = ::fork();
  if (writer.process_ < 0) {
    return fail_errno("cannot start the process that writes to nftables", errno);
  }
  if (writer.process_ == 0) {
    become_writer(questions->second.get(), rung.get(), config_path.c_str());
    constexpr std::string_view words = "ipguardd: cannot start /proc/self/exe as the process that writes to nftables\n";
    (void)!::write(STDERR_FILENO, words.data(), words.size());
    ::_exit(1);
  }
  writer.client_ = std::make_shared<enforce::WriterClient>(std::move(questions->first), std::move(heard));
  return writer;
}

WriterProcess::WriterProcess(WriterProcess&& other) noexcept
    : process_(std::exchange(other.process_, -1)), client_(std::move(other.client_)) {}

WriterProcess::~WriterProcess() { dismiss(); }

void WriterProcess::dismiss() {
  client_.reset();  // it ends for want of questions
  if (process_ > 0) {
    while (::waitpid(process_, nullptr, 0) < 0 && errno == EINTR) {
    }
    process_ = -1;
  }
}

Result<> run_writer(const std::string& config_path) {
  if (!is_socket(question_fd)) {
    return fail(Errc::usage, "--writer is for ipguardd alone, which starts its second process with it");
  }
  (void)::prctl(PR_SET_NAME, enforce::writer_name.data(), 0, 0, 0);
  leave_signals_to_the_daemon();
  keep_memory_small();
  if (auto confined = confine_writer(); !confined) {
    return confined;
  }
  enforce::Channel questions{UniqueFd(question_fd), enforce::wire::longest_message};
  const UniqueFd bell(bell_fd);
  enforce::WriterService service(enforce::writer_parts([&] { return load_settings(config_path); }));
  return enforce::serve(questions, bell.get(), service);
}

}  // namespace ipguard::daemon
