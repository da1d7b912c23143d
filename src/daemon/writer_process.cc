#include "daemon/writer_process.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <filesystem>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>

#include "base/text.h"

namespace ipguard::daemon {
namespace {

// Beside this program, as a build leaves it, or where an installation puts what people do not call (hier(7)).
Result<std::string> find_writer() {
  std::error_code error;
  const std::filesystem::path own = std::filesystem::read_symlink("/proc/self/exe", error).parent_path();
  for (const std::filesystem::path& place : {own, own / "../libexec/ipguard"}) {
    std::string program = (place / enforce::writer_name).lexically_normal();
    if (::access(program.c_str(), X_OK) == 0) {
      return program;
    }
  }
  return fail(Errc::not_found, "there is no program " + std::string(enforce::writer_name) + " in " +
                                   printable(own.string()) + " or its ../libexec/ipguard: is the installation whole?");
}

// Between fork(2) and exec(3): system calls alone. The two may have each other's number, so they are moved up first.
void become_writer(const char* program, int questions, int bell, const char* config_path) {
  constexpr int out_of_the_way = 10;
  const int null = ::open("/dev/null", O_RDONLY | O_CLOEXEC);
  const int high_questions = ::fcntl(questions, F_DUPFD_CLOEXEC, out_of_the_way);
  const int high_bell = ::fcntl(bell, F_DUPFD_CLOEXEC, out_of_the_way);
  if (null < 0 || high_questions < 0 || high_bell < 0 || ::dup2(null, STDIN_FILENO) < 0 ||
      ::dup2(high_questions, enforce::question_fd) < 0 || ::dup2(high_bell, enforce::bell_fd) < 0) {
    return;
  }
  (void)::close_range(enforce::bell_fd + 1, UINT32_MAX, CLOSE_RANGE_CLOEXEC);
  std::array<char*, 3> arguments = {const_cast<char*>(program), const_cast<char*>(config_path), nullptr};
  ::execv(program, arguments.data());
}

}  // namespace

Result<WriterProcess> WriterProcess::start(const std::string& config_path) {
  const auto program = find_writer();
  if (!program) {
    return std::unexpected(program.error());
  }
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
    become_writer(program->c_str(), questions->second.get(), rung.get(), config_path.c_str());
    constexpr std::string_view words = "ipguardd: cannot start ipguard-writer\n";
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

}  // namespace ipguard::daemon
